#include "gateway/rpc/server.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include <arpa/inet.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include "gateway/base/error.h"
#include "gateway/base/log.h"
#include "gateway/base/status_macros.h"
#include "gateway/rpc/admin_service.h"
#include "gateway/rpc/care_plans_service.h"
#include "gateway/rpc/context.h"
#include "gateway/rpc/intake_service.h"
#include "gateway/rpc/ledger_service.h"
#include "gateway/rpc/referrals_service.h"
#include "gateway/rpc/transitions_service.h"

namespace handoff::rpc {
namespace {

// The address as gRPC wants it, and whether only this machine reaches it.
struct Address {
  std::string text;
  bool loopback = false;
};

absl::StatusOr<Address> ParseAddress(const std::string& address, std::uint16_t port) {
  const std::string suffix = ":" + std::to_string(port);
  in_addr v4{};
  if (inet_pton(AF_INET, address.c_str(), &v4) == 1) {
    return Address{address + suffix, (ntohl(v4.s_addr) >> 24) == 127};
  }
  in6_addr v6{};
  if (inet_pton(AF_INET6, address.c_str(), &v6) == 1) {
    return Address{"[" + address + "]" + suffix, IN6_IS_ADDR_LOOPBACK(&v6) != 0};
  }
  return absl::InvalidArgumentError("gRPC: not an IPv4 or IPv6 address: " + address);
}

absl::Status CheckOptions(const ServerOptions& options) {
  const auto in = [](std::size_t value, std::size_t least, std::size_t most) {
    return least <= value && value <= most;
  };
  if (!in(options.max_message_bytes, 1 << 10, 1 << 30)) {
    return absl::InvalidArgumentError("gRPC: max_message_bytes is out of its range");
  }
  if (!in(options.workers.threads, 1, 256) || !in(options.workers.max_queued, 1, 1'000'000) ||
      !in(options.hub.max_streams_per_party, 1, 10'000) || !in(options.pump.window, 1, 1'000) ||
      !in(options.pump.burst_bytes, 1, 48 << 10)) {
    return absl::InvalidArgumentError("gRPC: an option is out of its range");
  }
  return absl::OkStatus();
}

grpc_ssl_client_certificate_request_type Request(security::ClientCertificate kind) {
  switch (kind) {
    case security::ClientCertificate::kRequired:
      return GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY;
    case security::ClientCertificate::kOptional:
      return GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY;
    case security::ClientCertificate::kNone:
      break;
  }
  return GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE;
}

std::shared_ptr<grpc::ServerCredentials> Credentials(
    const std::optional<security::ServerTls>& tls) {
  if (!tls) return grpc::InsecureServerCredentials();
  grpc::SslServerCredentialsOptions options(Request(tls->client_certificate()));
  options.pem_key_cert_pairs.push_back({tls->key_pem(), tls->certificate_pem()});
  options.pem_root_certs = tls->client_ca_pem();
  return grpc::SslServerCredentials(options);
}

void SetTransport(const ServerOptions& options, grpc::ServerBuilder* builder) {
  builder->SetMaxReceiveMessageSize(static_cast<int>(options.max_message_bytes));
  builder->SetMaxSendMessageSize(static_cast<int>(options.max_message_bytes));
  const auto set = [&](const char* name, std::chrono::milliseconds value) {
    builder->AddChannelArgument(name, static_cast<int>(value.count()));
  };
  set(GRPC_ARG_KEEPALIVE_TIME_MS, options.keepalive_interval);
  set(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, options.keepalive_timeout);
  set(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, options.min_client_ping_interval);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder->AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // Two servers on one port would share its connections; a second one is to fail instead.
  builder->AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
}

}  // namespace

class Server::Impl {
 public:
  Impl(const ServerOptions& options, ServerParts parts) : context_(options, std::move(parts)) {
    services_.push_back(MakeIntakeService(context_));
    services_.push_back(MakeCarePlansService(context_));
    services_.push_back(MakeReferralsService(context_));
    services_.push_back(MakeTransitionsService(context_));
    services_.push_back(MakeLedgerService(context_));
    services_.push_back(MakeAdminService(context_));
  }

  absl::Status Listen(const ServerOptions& options) {
    HANDOFF_RETURN_IF_ERROR(CheckOptions(options));
    HANDOFF_ASSIGN_OR_RETURN(const Address address, ParseAddress(options.address, options.port));
    if (!options.tls && !address.loopback) {
      return absl::InvalidArgumentError(
          "gRPC: plain text is served on a loopback address only; configure TLS for " +
          options.address);
    }
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    grpc::ServerBuilder builder;
    SetTransport(options, &builder);
    builder.AddListeningPort(address.text, Credentials(options.tls), &port_);
    for (const auto& service : services_) builder.RegisterService(service.get());
    server_ = builder.BuildAndStart();
    if (server_ == nullptr || port_ == 0) {
      return absl::UnavailableError("gRPC: cannot listen on " + address.text);
    }
    return absl::OkStatus();
  }

  void SetServing(bool serving) { server_->GetHealthCheckService()->SetServingStatus(serving); }

  void Shutdown(std::chrono::milliseconds grace) {
    absl::MutexLock lock(&shutdown_mutex_);
    if (std::exchange(shut_down_, true)) return;
    if (server_ != nullptr) {
      SetServing(false);
      context_.hub().Close();
      // Returns when the last call is done: those left after the grace are cancelled.
      server_->Shutdown(std::chrono::system_clock::now() + grace);
    }
    context_.acknowledger().WaitUntilIdle();
    context_.pool().Stop();
  }

  Context& context() { return context_; }
  std::uint16_t port() const { return static_cast<std::uint16_t>(port_); }

 private:
  Context context_;
  std::vector<std::unique_ptr<grpc::Service>> services_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;

  absl::Mutex shutdown_mutex_;
  bool shut_down_ ABSL_GUARDED_BY(shutdown_mutex_) = false;
};

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const ServerOptions& options,
                                                      ServerParts parts) {
  auto impl = std::make_unique<Impl>(options, std::move(parts));
  HANDOFF_RETURN_IF_ERROR(impl->Listen(options));
  log::Info("rpc_listening", {{"port", unsigned{impl->port()}}, {"tls", options.tls.has_value()}});
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() { impl_->Shutdown(std::chrono::milliseconds(0)); }

std::uint16_t Server::port() const { return impl_->port(); }
void Server::Notify(const store::Store::Notice& notice) {
  impl_->context().hub().Notify(notice.streams);
}
void Server::SetServing(bool serving) { impl_->SetServing(serving); }
void Server::Shutdown(std::chrono::milliseconds grace) { impl_->Shutdown(grace); }

}  // namespace handoff::rpc
