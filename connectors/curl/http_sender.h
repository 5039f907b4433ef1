// POST over HTTP/1.1 to many peers at once, by libcurl on one thread.
//
// TLS certificates are always verified, redirects are not followed, no proxy is taken from the
// environment, and only http and https are spoken. Connections are kept and used again. The body of
// an answer is read (64 KiB at most, so that the connection stays usable) and thrown away: only
// its status counts.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"

#include "connectors/api/connector.h"

namespace handoff::connectors {

struct HttpPost {
  std::string url;
  std::vector<std::string> headers;  // "Name: value"; a control character in one fails the attempt
  std::string body;
};

struct HttpSenderOptions {
  // Attempts on the wire. Range 1..10'000.
  std::size_t max_in_flight = 256;
  // Attempts that wait for their turn; a further one fails at once. Range 0..1'000'000.
  std::size_t max_queued = 4096;
};

// Thread safety: all methods may be called concurrently, Stop() not from a callback.
class HttpSender {
 public:
  // Errors: kInvalidArgument an option is outside its range; kInternal libcurl cannot start.
  static absl::StatusOr<std::unique_ptr<HttpSender>> Create(const HttpSenderOptions& options);
  ~HttpSender();

  // Adds User-Agent and the target's headers and bearer token. Never blocks. The target's timeout
  // runs from when the attempt leaves the queue. `done` is as Connector::Send promises it.
  void Post(const Target& target, HttpPost post, absl::AnyInvocable<void(Outcome)> done);

  // Ends what is queued and in flight with "stopped"; returns when no callback runs any more.
  void Stop();

 private:
  class Worker;
  explicit HttpSender(std::unique_ptr<Worker> worker);

  const std::unique_ptr<Worker> worker_;
};

}  // namespace handoff::connectors
