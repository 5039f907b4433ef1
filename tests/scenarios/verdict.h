// Compares what was acknowledged with what became of it.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include <grpcpp/channel.h>

#include "handoff/v1/model.pb.h"
#include "tests/scenarios/arrivals.h"
#include "tests/scenarios/hospital.h"
#include "tests/scenarios/recipients.h"

namespace handoff::scenario {

struct Tally {
  std::size_t lost = 0;          // acknowledged and not delivered
  std::size_t foreign = 0;       // delivered to whom it is not meant for, or never sent
  std::size_t out_of_order = 0;  // patients
  std::size_t doubled = 0;       // two deliveries, two versions or two steps for one message
  std::vector<std::string> examples;

  bool good() const { return lost + foreign + out_of_order + doubled == 0; }
};

// Which patients a recipient is to be told of.
enum class Audience { kAll, kSecondPractice };

// Every patient's messages arrived in the order of acknowledgement, each under one delivery id, and
// each made one version of its Encounter.
void CheckArrivals(const std::vector<SentPatient>& patients,
                   const Arrivals& arrivals,
                   Audience audience,
                   const std::string& who,
                   Tally* tally);

// What the gateway keeps: one stay for the four messages of one, with one step for each.
absl::Status CheckTransitions(const std::vector<SentPatient>& patients,
                              const Payer& payer,
                              const Stays& stays,
                              const std::shared_ptr<grpc::Channel>& channel,
                              const std::string& token,
                              Tally* tally);

// Deliveries of one recipient that are in this state.
absl::StatusOr<std::size_t> CountDeliveries(const std::shared_ptr<grpc::Channel>& channel,
                                            const std::string& token,
                                            v1::DeliveryState state,
                                            const std::string& recipient);

// From acknowledgement to first arrival, ascending; zero where the delivery was faster than the
// answer.
std::vector<std::chrono::milliseconds> DeliveryTimes(const std::vector<SentPatient>& patients,
                                                     const Arrivals& arrivals,
                                                     Audience audience);

}  // namespace handoff::scenario
