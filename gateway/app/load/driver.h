// Sends the messages of a run over one protocol.
#pragma once

#include <memory>

#include "absl/status/statusor.h"

#include "gateway/app/load/measure.h"
#include "gateway/app/load/options.h"
#include "gateway/app/load/synthetic.h"

namespace handoff::load {

// What drivers work with. All outlive them.
struct DriverParts {
  const LoadOptions& options;
  const Discharges& discharges;
  Pace& pace;
  Tally& tally;
};

// Opens its connections, and begins when they all stand.
//
// Runs on: threads of its own, which are as few as can be: it shares the machine with the server.
class Driver {
 public:
  virtual ~Driver() = default;
  // Does not wait for the other connections any longer. Called again, it has no effect.
  virtual void Begin() = 0;
  // True once the pace is done and every message sent was answered or failed.
  virtual bool Done() const = 0;
  // Cuts off what is under way, counts it as failed, and returns when nothing runs any more.
  virtual void Stop() = 0;
};

// Errors: kInvalidArgument, kUnavailable: nothing was started.
absl::StatusOr<std::unique_ptr<Driver>> StartFhirDriver(DriverParts parts);
absl::StatusOr<std::unique_ptr<Driver>> StartGrpcDriver(DriverParts parts);

}  // namespace handoff::load
