// Counts and times what recipients get while a run goes on.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

#include "gateway/app/load/measure.h"
#include "gateway/app/load/options.h"
#include "gateway/app/load/synthetic.h"

namespace handoff::load {

// Thread safety: all methods may be called concurrently.
class Watcher {
 public:
  virtual ~Watcher() = default;
  // Acknowledges what came, and ends.
  virtual void Stop() = 0;
};

// Opens Transitions.Watch as the party of `token`, and acknowledges what comes.
absl::StatusOr<std::unique_ptr<Watcher>> WatchTransitions(const LoadOptions& options,
                                                          std::string token,
                                                          const Discharges& discharges,
                                                          Tally& tally);

// Takes deliveries over plain HTTP on 127.0.0.1 and answers each with 200.
absl::StatusOr<std::unique_ptr<Watcher>> ReceiveOverHttp(std::uint16_t port,
                                                         const Discharges& discharges,
                                                         Tally& tally);

}  // namespace handoff::load
