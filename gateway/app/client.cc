#include "gateway/app/client.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "gateway/base/clock.h"
#include "gateway/base/status_macros.h"
#include "gateway/security/token.h"

namespace handoff::app {

void Connection::Prepare(grpc::ClientContext* context) const {
  context->AddMetadata("authorization", "Bearer " + token);
  context->set_deadline(
      std::chrono::time_point_cast<std::chrono::system_clock::duration>(SystemClock().Now()) +
      std::chrono::seconds(30));
}

absl::StatusOr<std::string> SignToken(const Configuration& configuration,
                                      const std::string& client_id,
                                      std::chrono::seconds lifetime) {
  const directory::Party* party = configuration.rules->directory->FindByClient(client_id);
  if (party == nullptr) return absl::NotFoundError("no party has a client " + client_id);
  const auto client = std::find_if(party->clients.begin(),
                                   party->clients.end(),
                                   [&](const directory::Client& c) { return c.id == client_id; });
  const TokenSettings& tokens = configuration.settings.tokens;
  auto key = security::SigningKey::Load(tokens.signing_key_file);
  if (absl::IsNotFound(key.status())) {
    return absl::NotFoundError("tokens.signing_key_file: there is no " + tokens.signing_key_file +
                               "; the gateway makes it when it starts");
  }
  if (!key.ok()) {
    return absl::Status(key.status().code(),
                        "tokens.signing_key_file: " + std::string(key.status().message()));
  }
  return security::TokenSigner(*std::move(key), tokens.issuer, tokens.audience)
      .Sign(client_id, party->key, client->scopes, lifetime, SystemClock().Now());
}

absl::StatusOr<Connection> Connect(const ClientOptions& options,
                                   const Configuration& configuration) {
  const ListenSettings& listen = configuration.settings.grpc;
  Connection connection;
  connection.token = options.token;
  if (connection.token.empty()) {
    const auto lifetime =
        std::chrono::duration_cast<std::chrono::seconds>(configuration.settings.tokens.lifetime);
    HANDOFF_ASSIGN_OR_RETURN(connection.token,
                             SignToken(configuration, options.client_id, lifetime));
  }
  std::string address = options.address;
  if (address.empty()) {
    if (listen.port == 0)
      return absl::InvalidArgumentError(
          "listen.grpc.port is 0: say where it is with --grpc HOST:PORT");
    address = listen.host + ":" + std::to_string(listen.port);
  }
  if (options.plain || (!listen.tls.enabled() && options.ca_file.empty())) {
    connection.channel = grpc::CreateChannel(address, grpc::InsecureChannelCredentials());
    return connection;
  }
  grpc::SslCredentialsOptions tls;
  if (!options.ca_file.empty()) {
    std::ifstream in(options.ca_file, std::ios::binary);
    if (!in) return absl::InvalidArgumentError(options.ca_file + " cannot be read");
    tls.pem_root_certs.assign(std::istreambuf_iterator<char>(in), {});
  }
  connection.channel = grpc::CreateChannel(address, grpc::SslCredentials(tls));
  return connection;
}

}  // namespace handoff::app
