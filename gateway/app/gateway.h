// The composition root: one running gateway, from a configuration to listeners.
//
// Order of life: store, rules, reader and intake, delivery, surfaces; it stops in the opposite
// order, so that what was acknowledged is on disk and what is under way is finished or returned to
// its lane.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "gateway/app/configuration.h"

namespace handoff::app {

struct Listening {
  std::string fhir;  // "127.0.0.1:8080"
  std::string grpc;
  std::string ops;
};

// Thread safety: one thread at a time.
class Gateway {
 public:
  // Opens the store and listens. Errors: those of the store, of TLS files and of the ports, naming
  // which.
  static absl::StatusOr<std::unique_ptr<Gateway>> Start(const Configuration& configuration);

  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;
  ~Gateway();

  Listening listening() const;

  // Takes over what may change while we run: parties, routes, views, terminology, log level. Calls
  // that have begun end with the rules they began with.
  void Reload(const Configuration& configuration);

  // Refuses new work, finishes what is under way within `drain`, and closes the store. Idempotent.
  void Stop(std::chrono::milliseconds drain);

 private:
  class Impl;
  explicit Gateway(std::unique_ptr<Impl> impl);

  const std::unique_ptr<Impl> impl_;
};

}  // namespace handoff::app
