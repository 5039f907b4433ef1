// `handoff status`, `handoff explain`, `handoff deliveries` and `handoff persons`: what a running
// gateway knows, for people to read, and what they decide.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>

#include "gateway/app/client.h"
#include "handoff/v1/model.pb.h"

namespace handoff::app {

// Each returns the exit status and says what is wrong on `err`.

// 1 also if the gateway is not ready.
int ShowStatus(const Connection& connection, std::ostream& out, std::ostream& err);

int Explain(const Connection& connection,
            const std::string& message_id,
            std::ostream& out,
            std::ostream& err);

struct ListOptions {
  v1::DeliveryState state = v1::DELIVERY_STATE_PENDING;  // or DEAD, HELD
  std::string recipient;                                 // empty: any
};
int ListDeliveries(const Connection& connection,
                   const ListOptions& options,
                   std::ostream& out,
                   std::ostream& err);
int Replay(const Connection& connection,
           const std::string& delivery_id,
           std::ostream& out,
           std::ostream& err);
int Discard(const Connection& connection,
            const std::string& delivery_id,
            const std::string& reason,
            std::ostream& out,
            std::ostream& err);

struct ReleaseOptions {
  std::uint64_t person = 0;
  std::uint64_t merge_into = 0;  // 0: somebody of its own
  std::string reason;
};
int ReleasePerson(const Connection& connection,
                  const ReleaseOptions& options,
                  std::ostream& out,
                  std::ostream& err);

}  // namespace handoff::app
