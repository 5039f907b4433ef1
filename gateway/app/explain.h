// `handoff explain` and `handoff deliveries`: what a running gateway knows, for people to read.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>

#include "gateway/app/client.h"

namespace handoff::app {

// Each returns the exit status and says what is wrong on `err`.
int Explain(const Connection& connection,
            const std::string& message_id,
            std::ostream& out,
            std::ostream& err);

struct ListOptions {
  bool dead = false;      // dead letters instead of pending deliveries
  std::string recipient;  // empty: any
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

}  // namespace handoff::app
