// A gRPC server with all that is behind it, over the in-memory store and the parties of
// config/demo, and clients that speak for those parties.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include "gateway/access/reader.h"
#include "gateway/access/sources.h"
#include "gateway/base/metrics.h"
#include "gateway/intake/intake.h"
#include "gateway/intake/pipeline.h"
#include "gateway/policy/views.h"
#include "gateway/rpc/server.h"
#include "gateway/security/token.h"
#include "gateway/store/store.h"
#include "handoff/v1/services.grpc.pb.h"
#include "tests/support/fake_clock.h"

namespace handoff::testing {

class RpcStack {
 public:
  RpcStack();
  ~RpcStack();

  // Starts the server; a second call replaces it by one on another port.
  void Start(const rpc::ServerOptions& options = {});
  // How a start with these options ends; the server in use stays.
  absl::Status TryStart(const rpc::ServerOptions& options);
  rpc::Server& server() { return *server_; }
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }
  template <class Service>
  std::unique_ptr<typename Service::Stub> Stub() const {
    return Service::NewStub(channel_);
  }

  // A call with a token of `party` and these scopes.
  std::unique_ptr<grpc::ClientContext> As(const std::string& party,
                                          std::vector<std::string> scopes = {
                                              "system/*.cruds"}) const;

  // Sends config/demo/messages/<name>.json as the hospital. Other `patient` numbers make the same
  // story of other people.
  v1::Receipt Submit(const std::string& name, int patient = 0);
  v1::Receipt SubmitContent(std::string fhir_json);

  // What the demo's hospital would send.
  static std::string Message(const std::string& name, int patient = 0);

  // The kinds of ledger entries of all deliveries to `party` of a message.
  std::vector<v1::LedgerEntry::Kind> LedgerOf(const std::string& message_id,
                                              const std::string& party);
  std::uint64_t Position(const std::string& stream);

  FakeClock clock;
  Metrics metrics;
  std::unique_ptr<store::Store> store;
  // Stands for policy: an empty reason lets a delivery leave. Set before Start().
  std::function<std::string(const v1::Delivery&)> withhold = [](const v1::Delivery&) {
    return std::string();
  };
  // Of the text that each notification carries. Set before Start().
  std::size_t narrative_bytes = 0;

 private:
  rpc::ServerParts Parts();
  absl::StatusOr<rpc::Rendered> Compose(const v1::Delivery& delivery) const;

  std::shared_ptr<const intake::Rules> rules_;
  std::shared_ptr<const policy::Views> views_;
  std::unique_ptr<intake::HeldPersons> held_persons_;
  std::unique_ptr<intake::Intake> intake_;
  std::unique_ptr<access::Reader> reader_;
  std::unique_ptr<delivery::DeadLetters> dead_letters_;
  std::unique_ptr<security::TokenSigner> signer_;
  std::unique_ptr<security::TokenVerifier> verifier_;
  std::unique_ptr<rpc::Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace handoff::testing
