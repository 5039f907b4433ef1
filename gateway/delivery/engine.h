// Takes what is due from the store, asks what may leave, sends it, and records what became of it.
//
// At least once, and in order within a lane: exactly one attempt of a lane is under way, and the
// next delivery of the lane starts only when the one before is settled or dead on disk. A crash
// between the peer's answer and the commit repeats the delivery under the same id. Lanes never wait
// for each other; a recipient that is down is left alone by its breaker and never takes more than
// its cap.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <random>
#include <string>

#include "connectors/api/connector.h"
#include "gateway/base/clock.h"
#include "gateway/base/metrics.h"
#include "gateway/delivery/backoff.h"
#include "gateway/delivery/breaker.h"
#include "gateway/delivery/renderer.h"
#include "gateway/store/store.h"

namespace handoff::delivery {

struct EngineOptions {
  BackoffOptions backoff{};
  BreakerOptions breaker{};
  // A delivery older than this is dead when an attempt fails, or when it would wait on an open
  // breaker.
  std::chrono::milliseconds give_up = std::chrono::hours(7 * 24);
  // Must exceed the longest attempt and its commit. It only matters while this process lives:
  // leases are void after a crash.
  std::chrono::milliseconds lease = std::chrono::minutes(5);
  // Attempts under way, their commits included.
  std::size_t max_in_flight = 512;
};

// What the engine works with. All outlive it.
struct EngineParts {
  store::Store& store;
  const Clock& clock;
  Renderer& renderer;
  Metrics& metrics;
  std::map<std::string, connectors::Connector*> connectors;  // by Ready::connector
};

// Thread safety: all methods may be called concurrently.
class Engine {
 public:
  // Starts at once. `random` drives the jitter.
  Engine(EngineParts parts, const EngineOptions& options, std::mt19937_64 random);
  ~Engine();  // Stop() without grace, if it was not called

  // Looks for due deliveries now: for the store's listener (Notice::deliveries), and for a test
  // that moved its clock. Never blocks.
  void Wake();

  // Claims nothing more, waits up to `grace` for attempts under way, stops the connectors, and
  // gives what they cut off back to its lane, uncounted. Afterwards nothing of the engine runs.
  void Stop(std::chrono::milliseconds grace);

 private:
  class Core;
  const std::unique_ptr<Core> core_;
};

}  // namespace handoff::delivery
