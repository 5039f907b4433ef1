// The gateway's TLS identity: certificate chain, key and the authorities that vouch for clients.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "gateway/base/clock.h"

struct ssl_ctx_st;

namespace handoff::security {

enum class ClientCertificate {
  kNone,      // not asked for
  kOptional,  // asked for; one that does not verify is refused, none is not
  kRequired,
};

struct ServerTlsOptions {
  std::string certificate_file{};  // PEM, leaf first, then intermediates
  std::string key_file{};          // PEM, unencrypted
  std::string client_ca_file{};    // PEM; needed unless `client_certificate` is kNone
  ClientCertificate client_certificate = ClientCertificate::kNone;
};

// What was read, checked and found consistent; immutable. TLS 1.2 with forward secrecy and AEAD, or
// 1.3. The files are read once: HTTP takes context(), gRPC the PEM texts.
class ServerTls {
 public:
  // Errors (each names the file):
  //   kNotFound, kPermissionDenied  a file is not there or cannot be read
  //   kInvalidArgument              no certificate or key in it; the key does not match the
  //                                 certificate; a client CA is needed and not named
  static absl::StatusOr<ServerTls> Load(const ServerTlsOptions& options, Timestamp now);

  // For HttpServerOptions::tls.
  const std::shared_ptr<ssl_ctx_st>& context() const { return context_; }

  const std::string& certificate_pem() const { return certificate_pem_; }
  const std::string& key_pem() const { return key_pem_; }
  const std::string& client_ca_pem() const { return client_ca_pem_; }
  ClientCertificate client_certificate() const { return client_certificate_; }

  Timestamp not_after() const { return not_after_; }
  // For the operator, e.g. "tls/server.pem: the certificate expired on 2026-07-01". Peers will
  // refuse such a certificate; the gateway still starts, for the others it serves.
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  ServerTls() = default;

  std::shared_ptr<ssl_ctx_st> context_;
  std::string certificate_pem_;
  std::string key_pem_;
  std::string client_ca_pem_;
  ClientCertificate client_certificate_ = ClientCertificate::kNone;
  Timestamp not_after_;
  std::vector<std::string> warnings_;
};

}  // namespace handoff::security
