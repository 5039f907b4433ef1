// The HTTP/1.1 server under every HTTP surface: FHIR and operations.
//
// Each thread has its own io_context and its own listener on the shared port (SO_REUSEPORT); a
// connection stays on the thread that accepted it. Requests of one connection are answered in the
// order sent, one at a time: the next is read only when the answer is on its way, so a peer that
// pipelines cannot fill memory, and a handler that is slow slows its peer alone.
//
// What a peer sends wrongly never reaches the handler: the server answers 400, 408, 413, 417, 431
// or 501 through `error_response` and closes. Peers beyond `max_connections` get 503.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"

#include "gateway/http/message.h"

struct ssl_ctx_st;

namespace handoff::http {

// Answers one request. May be called from any thread, also after the peer has gone or the server
// has stopped; then nothing happens. Call it at most once; destroyed without a call, it answers
// 500.
using Respond = absl::AnyInvocable<void(Response)>;

// Runs on: the connection's thread, which also serves other connections: it must not block. What
// it throws is logged and answered with 500.
using Handler = std::function<void(Request, Respond)>;

// Whether the body of a request is worth reading: an answer, if it is not, after which the
// connection is closed. Asked when the fields are read and the body is still on its way: it keeps
// those out who could fill the memory with bodies for nothing. Runs on: as Handler.
using Admit = std::function<std::optional<Response>(const Request& head)>;

struct HttpServerOptions {
  std::string address = "127.0.0.1";  // an IPv4 or IPv6 literal
  std::uint16_t port = 0;             // 0: the system picks one, see port()
  unsigned threads = 1;               // 1..64
  // TLS when set (security::ServerTls::context()); the context must not change afterwards.
  std::shared_ptr<ssl_ctx_st> tls{};

  // Request line and fields together; more is answered 431. 1 KiB..1 MiB.
  std::size_t max_header_bytes = 64 << 10;
  // More is answered 413, before the body is read where Content-Length tells.
  std::size_t max_body_bytes = 16 << 20;
  // Open connections of all threads. Beyond it a peer is answered 503 (plain) or closed (TLS).
  std::size_t max_connections = 10'000;

  // From the first byte of a request (of a new connection: from its start, TLS handshake included)
  // to the end of its fields.
  std::chrono::milliseconds header_timeout = std::chrono::seconds(10);
  // From there to the end of the body; and the longest wait for a peer to take more of an answer.
  std::chrono::milliseconds body_timeout = std::chrono::seconds(60);
  // Between two requests of a connection.
  std::chrono::milliseconds idle_timeout = std::chrono::seconds(75);

  // Writes the body of the server's own answers (status 400..503), e.g. as an OperationOutcome;
  // `reason` is a fixed English text without detail of the request. Runs on: the connection's
  // thread. Empty: plain text.
  std::function<Response(int status, std::string_view reason)> error_response{};
  Admit admit{};  // empty: every body is read
};

// Thread safety: all methods may be called concurrently.
class HttpServer {
 public:
  // Listens before it returns.
  //
  // Errors:
  //   kInvalidArgument   an option is outside its range, or `address` is no address
  //   kAlreadyExists     another socket listens there
  //   kPermissionDenied  the port is reserved
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(HttpServerOptions options,
                                                           Handler handler);

  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  // Stops with no time to drain.
  ~HttpServer();

  std::uint16_t port() const;

  // Right now; for a gauge.
  std::size_t open_connections() const;

  // New connections use `tls` from now on; open ones keep theirs. REQUIRES: started with TLS.
  void ReplaceTls(std::shared_ptr<ssl_ctx_st> tls);

  // Stops listening, closes idle connections, and gives the others `drain` to be answered; what is
  // then left is cut off. Returns when no handler runs any more and all threads have ended. Must
  // not be called from a handler.
  void Stop(std::chrono::milliseconds drain);

 private:
  class Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);

  const std::unique_ptr<Impl> impl_;
};

}  // namespace handoff::http
