// The operator's listener, apart from the surfaces that parties use: /healthz, /readyz, /metrics.
//
// It needs no credentials and tells nothing about persons or parties' content; it is meant for
// loopback or a management network.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

#include "gateway/base/metrics.h"
#include "gateway/http/http_server.h"

namespace handoff::ops {

struct ReadinessCheck {
  std::string name;  // "store"; shown to whoever asks
  // Runs on: the ops thread at each /readyz; must not block for long. Thread-safe.
  std::function<bool()> ready;
};

struct OpsServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  std::vector<ReadinessCheck> checks{};  // /readyz is 200 when all are ready, else 503
  // Called before each answer to /metrics: brings gauges up to date that are counted elsewhere.
  // Runs on: the ops thread; must not block for long. Empty: nothing to do.
  std::function<void()> refresh{};
};

// Thread safety: all methods may be called concurrently.
class OpsServer {
 public:
  // `metrics` must outlive the server. Errors: as HttpServer::Start.
  static absl::StatusOr<std::unique_ptr<OpsServer>> Start(OpsServerOptions options,
                                                          const Metrics& metrics);

  std::uint16_t port() const { return server_->port(); }

  // The last to stop at shutdown: until then /healthz answers, and /readyz tells that we drain.
  void Stop();

 private:
  explicit OpsServer(std::unique_ptr<http::HttpServer> server) : server_(std::move(server)) {}

  const std::unique_ptr<http::HttpServer> server_;
};

}  // namespace handoff::ops
