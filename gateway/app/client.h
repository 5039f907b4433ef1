// Commands that ask a running gateway: a gRPC channel and the caller's token.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include <grpcpp/grpcpp.h>

#include "gateway/app/configuration.h"
#include "gateway/security/signing_key.h"

namespace handoff::app {

struct ClientOptions {
  std::string address;  // host:port; empty: listen.grpc of the configuration
  std::string ca_file;  // PEM; empty: the system's
  bool plain = false;   // no TLS; the default when the configuration has none
  std::string token;    // empty: signed with the gateway's key for `client_id`
  std::string client_id;
};

struct Connection {
  std::shared_ptr<grpc::Channel> channel;
  std::string token;

  void Prepare(grpc::ClientContext* context) const;
};

// Errors: kInvalidArgument for an address, client or key that is missing or wrong.
absl::StatusOr<Connection> Connect(const ClientOptions& options,
                                   const Configuration& configuration);

// A token for a client of the configuration, signed with the gateway's key.
// Errors: kNotFound for a client or key that is not there (`serve` makes the key, as the user that
// must read it), and those of SigningKey::Load.
absl::StatusOr<std::string> SignToken(const Configuration& configuration,
                                      const std::string& client_id,
                                      std::chrono::seconds lifetime);

}  // namespace handoff::app
