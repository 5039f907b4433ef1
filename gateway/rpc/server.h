// The gRPC surface: the services of proto/handoff/v1/services.proto on one port, with health and
// reflection.
//
// Authentication, policy and code path are those of FHIR over HTTP: a bearer token names the party,
// intake takes messages in, the reader projects what goes out. Streams resume from a token and end
// with UNAVAILABLE when the server shuts down, so that clients come back.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"

#include "gateway/access/reader.h"
#include "gateway/base/clock.h"
#include "gateway/base/metrics.h"
#include "gateway/base/worker_pool.h"
#include "gateway/delivery/dead_letters.h"
#include "gateway/delivery/renderer.h"
#include "gateway/directory/directory.h"
#include "gateway/intake/held_persons.h"
#include "gateway/intake/intake.h"
#include "gateway/rpc/stream_hub.h"
#include "gateway/rpc/stream_pump.h"
#include "gateway/security/tls.h"
#include "gateway/security/token.h"
#include "gateway/store/store.h"

namespace handoff::rpc {

struct ServerOptions {
  std::string address = "127.0.0.1";  // an IPv4 or IPv6 literal
  std::uint16_t port = 0;             // 0: the system picks one, see port()
  // Absent: plain text, which is served on a loopback address only.
  std::optional<security::ServerTls> tls;

  // Of one message, either way. 1 KiB..1 GiB.
  std::size_t max_message_bytes = std::size_t{16} << 20;
  // How often a silent connection is pinged, how long for an answer, and how often a client may
  // ping us before it is told to calm down.
  std::chrono::milliseconds keepalive_interval = std::chrono::minutes(1);
  std::chrono::milliseconds keepalive_timeout = std::chrono::seconds(20);
  std::chrono::milliseconds min_client_ping_interval = std::chrono::seconds(10);

  WorkerPoolOptions workers = {.name = "rpc"};
  StreamHubOptions hub;
  StreamPumpOptions pump;
  std::string version;  // for Admin.GetGatewayStatus
  // Hides stream positions in resume tokens; the same on all gateways of one store. May be empty.
  std::string resume_secret;
};

// What the server works with. All outlive it.
struct ServerParts {
  store::Store& store;
  intake::Intake& intake;
  const access::Reader& reader;
  // Decides again, at each sending, what of a delivery its recipient may see, as of a snapshot of
  // this moment: an encoded resource, a Bundle. Any thread; may block. Errors: whatever stands in
  // the way now; the stream ends and its client resumes.
  std::function<absl::StatusOr<Rendered>(const v1::Delivery&, store::Snapshot&)> compose;
  delivery::DeadLetters& dead_letters;
  intake::HeldPersons& held_persons;
  security::TokenVerifier& verifier;
  // The current one, never null; any thread.
  std::function<std::shared_ptr<const directory::Directory>()> directory;
  const Clock& clock;
  Metrics& metrics;
};

// Thread safety: all methods may be called concurrently.
class Server {
 public:
  // Listens before it returns.
  //
  // Errors:
  //   kInvalidArgument  an option is outside its range; plain text was asked for on an address that
  //                     others can reach
  //   kUnavailable      the port cannot be had, or the certificate is refused
  static absl::StatusOr<std::unique_ptr<Server>> Start(const ServerOptions& options,
                                                       ServerParts parts);

  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  // Shuts down without grace.
  ~Server();

  std::uint16_t port() const;

  // Wakes open streams. The store's listener calls this, on the committer's thread; it must not do
  // so any more when the server is destroyed.
  void Notify(const store::Store::Notice& notice);

  // What the health service answers. Initially serving.
  void SetServing(bool serving);

  // Refuses new calls, ends streams with UNAVAILABLE, gives calls `grace` to finish, and cancels
  // what is then left. Returns when no call runs any more. Idempotent.
  void Shutdown(std::chrono::milliseconds grace);

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);

  const std::unique_ptr<Impl> impl_;
};

}  // namespace handoff::rpc
