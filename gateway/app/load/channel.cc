#include "gateway/app/load/channel.h"

#include <atomic>
#include <chrono>
#include <fstream>
#include <iterator>

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include "gateway/base/status_macros.h"

namespace handoff::load {
namespace {

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> Credentials(const std::string& ca_file) {
  if (ca_file.empty()) return grpc::InsecureChannelCredentials();
  std::ifstream file(ca_file, std::ios::binary);
  grpc::SslCredentialsOptions options;
  options.pem_root_certs.assign(std::istreambuf_iterator<char>(file), {});
  if (options.pem_root_certs.empty()) {
    return absl::InvalidArgumentError("--ca: cannot read " + ca_file);
  }
  return grpc::SslCredentials(options);
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::Channel>> OpenChannel(const LoadOptions& options) {
  // Channels with equal arguments share one connection.
  static std::atomic<int> next_channel{0};
  HANDOFF_ASSIGN_OR_RETURN(const auto credentials, Credentials(options.ca_file));
  grpc::ChannelArguments arguments;
  arguments.SetInt("handoff.load.channel", next_channel++);
  arguments.SetMaxReceiveMessageSize(64 << 20);
  auto channel = grpc::CreateCustomChannel(options.grpc, credentials, arguments);
  if (!channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(10))) {
    return absl::UnavailableError("--grpc: nobody answers at " + options.grpc);
  }
  return channel;
}

void Authorize(const std::string& token, grpc::ClientContext* call) {
  if (!token.empty()) call->AddMetadata("authorization", "Bearer " + token);
}

std::string TextOf(const grpc::Status& status) {
  return "gRPC " + std::to_string(static_cast<int>(status.error_code())) + ": " +
         status.error_message();
}

}  // namespace handoff::load
