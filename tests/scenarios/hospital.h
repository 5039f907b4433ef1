// A hospital that sends its notifications over several connections and does not let go: what is not
// answered it sends again, under the same ids and before anything newer of the same patient.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/scenarios/arrivals.h"
#include "tests/scenarios/stays.h"

namespace handoff::scenario {

struct HospitalOptions {
  std::string url;  // of $process-message
  std::string token;
  std::size_t connections = 8;
  std::size_t patients_per_connection = 12;  // at a time
  std::uint64_t seed = 1;
};

struct Acknowledged {
  MessageNumber number = 0;
  Steady::time_point at;
};

struct SentPatient {
  PatientNumber number = 0;
  bool has_second_practice = false;
  std::vector<Acknowledged> acknowledged;  // in that order
};

class Hospital {
 public:
  // Sends from now on.
  Hospital(HospitalOptions options, const Stays& stays);
  // Leaves unanswered what is unanswered, if Stop() was not called.
  ~Hospital();

  // Begins no new message, repeats what is not answered until it is, and ends the connections.
  void Stop();

  std::size_t acknowledged() const { return acknowledged_; }
  // Requests on an open connection that were not answered: the gateway may have taken them.
  std::size_t unanswered() const { return unanswered_; }
  // Repeats of messages that had been acknowledged.
  std::size_t sent_again() const { return sent_again_; }
  // Answers that no sender can do anything about. REQUIRES: stopped.
  const std::vector<std::string>& refusals() const { return refusals_; }
  // REQUIRES: stopped.
  const std::vector<SentPatient>& patients() const { return patients_; }

 private:
  class Connection;

  const HospitalOptions options_;
  const Stays& stays_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> abandoned_{false};
  std::atomic<MessageNumber> next_message_{0};
  std::atomic<PatientNumber> next_patient_{0};
  std::atomic<std::size_t> acknowledged_{0};
  std::atomic<std::size_t> unanswered_{0};
  std::atomic<std::size_t> sent_again_{0};
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<std::string> refusals_;
  std::vector<SentPatient> patients_;
};

}  // namespace handoff::scenario
