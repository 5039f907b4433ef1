#include "gateway/http/http_server.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "gateway/base/status_macros.h"
#include "gateway/http/worker.h"

namespace handoff::http {

namespace {

using boost::asio::ip::tcp;

absl::Status CheckOptions(const HttpServerOptions& options) {
  if (options.threads < 1 || options.threads > 64) {
    return absl::InvalidArgumentError("threads must be in 1..64");
  }
  if (options.max_header_bytes < 1024 || options.max_header_bytes > (1 << 20)) {
    return absl::InvalidArgumentError("max_header_bytes must be in 1 KiB..1 MiB");
  }
  if (options.max_connections < 1) {
    return absl::InvalidArgumentError("max_connections must be at least 1");
  }
  const std::chrono::milliseconds zero(0);
  if (options.header_timeout <= zero || options.body_timeout <= zero ||
      options.idle_timeout <= zero) {
    return absl::InvalidArgumentError("a timeout must be positive");
  }
  return absl::OkStatus();
}

// Listeners that share a port do not notice another process on it: connections would silently go
// to either. A socket that shares with nobody does.
absl::Status CheckPortIsFree(const tcp::endpoint& endpoint) {
  boost::asio::io_context io;
  tcp::acceptor probe(io);
  boost::system::error_code error;
  probe.open(endpoint.protocol(), error);
  probe.set_option(tcp::acceptor::reuse_address(true), error);
  probe.bind(endpoint, error);
  if (error == boost::asio::error::address_in_use) {
    return absl::AlreadyExistsError("another process listens on port " +
                                    std::to_string(endpoint.port()));
  }
  return absl::OkStatus();
}

}  // namespace

class HttpServer::Impl {
 public:
  Impl(HttpServerOptions options, Handler handler)
      : state_(std::move(options), std::move(handler)) {}

  absl::Status Start() {
    boost::system::error_code error;
    const auto address = boost::asio::ip::make_address(state_.options.address, error);
    if (error) return absl::InvalidArgumentError("not an IP address: " + state_.options.address);
    tcp::endpoint endpoint(address, state_.options.port);
    if (endpoint.port() != 0) HANDOFF_RETURN_IF_ERROR(CheckPortIsFree(endpoint));
    for (unsigned i = 0; i < state_.options.threads; ++i) {
      workers_.push_back(std::make_unique<Worker>(state_));
      HANDOFF_RETURN_IF_ERROR(workers_.back()->Listen(endpoint));
    }
    port_ = endpoint.port();
    for (const auto& worker : workers_) worker->Start();
    const absl::MutexLock lock(&stopping_);
    started_ = true;
    return absl::OkStatus();
  }

  std::uint16_t port() const { return port_; }

  std::size_t open_connections() const { return state_.open(); }

  void ReplaceTls(const std::shared_ptr<ssl_ctx_st>& tls) {
    for (const auto& worker : workers_) {
      worker->Post([tls](Worker& there) { there.SetTls(tls); });
    }
  }

  void Stop(std::chrono::milliseconds drain) {
    const absl::MutexLock lock(&stopping_);
    if (!std::exchange(started_, false)) return;
    for (const auto& worker : workers_) worker->Post([](Worker& there) { there.Drain(); });
    state_.AwaitEmpty(drain);
    for (const auto& worker : workers_) worker->Post([](Worker& there) { there.Abort(); });
    for (const auto& worker : workers_) worker->Join();
  }

 private:
  ServerState state_;
  std::uint16_t port_ = 0;
  std::vector<std::unique_ptr<Worker>> workers_;

  absl::Mutex stopping_;
  bool started_ ABSL_GUARDED_BY(stopping_) = false;
};

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(HttpServerOptions options,
                                                              Handler handler) {
  HANDOFF_RETURN_IF_ERROR(CheckOptions(options));
  auto impl = std::make_unique<Impl>(std::move(options), std::move(handler));
  HANDOFF_RETURN_IF_ERROR(impl->Start());
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpServer::~HttpServer() { Stop(std::chrono::milliseconds(0)); }

std::uint16_t HttpServer::port() const { return impl_->port(); }

std::size_t HttpServer::open_connections() const { return impl_->open_connections(); }

void HttpServer::ReplaceTls(std::shared_ptr<ssl_ctx_st> tls) { impl_->ReplaceTls(tls); }

void HttpServer::Stop(std::chrono::milliseconds drain) { impl_->Stop(drain); }

}  // namespace handoff::http
