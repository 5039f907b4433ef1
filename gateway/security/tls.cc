#include "gateway/security/tls.h"

#include <chrono>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "gateway/base/status_macros.h"
#include "gateway/security/pem.h"

namespace handoff::security {

namespace {

using ContextPtr = std::shared_ptr<SSL_CTX>;

// Forward secrecy and authenticated encryption only. TLS 1.3 has no others.
constexpr const char* kTls12Ciphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

constexpr std::chrono::days kExpiresSoon{30};

absl::Status Bad(const std::string& path, std::string_view why) {
  return absl::InvalidArgumentError(std::string(path).append(": ").append(why));
}

std::vector<CertificatePtr> ReadCertificates(std::string_view pem) {
  std::vector<CertificatePtr> list;
  const BioPtr bio = OpenPem(pem);
  while (bio != nullptr) {
    CertificatePtr one(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (one == nullptr) break;
    list.push_back(std::move(one));
  }
  ERR_clear_error();  // the end of the file is one
  return list;
}

Timestamp ToTimestamp(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return Timestamp();
  return Timestamp(std::chrono::seconds(::timegm(&parts)));
}

std::string Day(Timestamp t) {
  return absl::FormatTime("%Y-%m-%d", absl::FromUnixMicros(ToMicros(t)), absl::UTCTimeZone());
}

// HTTP/1.1 is what is spoken; a client that offers only others goes on without ALPN.
int SelectProtocol(SSL*,
                   const unsigned char** out,
                   unsigned char* out_size,
                   const unsigned char* offered,
                   unsigned offered_size,
                   void*) {
  static constexpr unsigned char kOurs[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, kOurs, sizeof kOurs - 1, offered, offered_size) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_NOACK;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

ContextPtr NewContext() {
  ContextPtr context(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free);
  if (context == nullptr) return context;
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_alpn_select_cb(context.get(), &SelectProtocol, nullptr);
  if (SSL_CTX_set_cipher_list(context.get(), kTls12Ciphers) != 1 ||
      SSL_CTX_set1_groups_list(context.get(), "X25519:P-256:P-384") != 1) {
    return nullptr;
  }
  return context;
}

absl::Status UseIdentity(SSL_CTX* context,
                         const ServerTlsOptions& options,
                         const std::vector<CertificatePtr>& chain,
                         std::string_view key_pem) {
  const KeyPtr key = ReadPrivateKey(key_pem);
  if (key == nullptr) return Bad(options.key_file, "not an unencrypted PEM private key");
  if (X509_check_private_key(chain.front().get(), key.get()) != 1) {
    return Bad(options.key_file,
               "this key does not match the certificate in " + options.certificate_file);
  }
  if (SSL_CTX_use_certificate(context, chain.front().get()) != 1 ||
      SSL_CTX_use_PrivateKey(context, key.get()) != 1) {
    return Bad(options.certificate_file, "OpenSSL refuses this certificate or its key as too weak");
  }
  for (std::size_t i = 1; i < chain.size(); ++i) {
    if (SSL_CTX_add1_chain_cert(context, chain[i].get()) != 1) {
      return Bad(options.certificate_file, "an intermediate certificate is not usable");
    }
  }
  return absl::OkStatus();
}

absl::Status UseClientAuthorities(SSL_CTX* context,
                                  const ServerTlsOptions& options,
                                  std::string_view pem) {
  const std::vector<CertificatePtr> authorities = ReadCertificates(pem);
  if (authorities.empty()) return Bad(options.client_ca_file, "no PEM certificate in it");
  X509_STORE* const store = SSL_CTX_get_cert_store(context);
  for (const CertificatePtr& one : authorities) {
    if (X509_STORE_add_cert(store, one.get()) != 1 ||
        SSL_CTX_add_client_CA(context, one.get()) != 1) {
      return Bad(options.client_ca_file, "a certificate is not usable");
    }
  }
  int mode = SSL_VERIFY_PEER;
  if (options.client_certificate == ClientCertificate::kRequired) {
    mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  }
  SSL_CTX_set_verify(context, mode, nullptr);
  // A resumed session would carry on with a certificate that has expired since: each connection
  // proves its own.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(context, 0);
  return absl::OkStatus();
}

std::vector<std::string> ValidityWarnings(const std::string& path,
                                          const X509* certificate,
                                          Timestamp now) {
  const Timestamp from = ToTimestamp(X509_get0_notBefore(certificate));
  const Timestamp to = ToTimestamp(X509_get0_notAfter(certificate));
  if (now > to) return {path + ": the certificate expired on " + Day(to)};
  if (now < from) return {path + ": the certificate is not valid before " + Day(from)};
  if (now + kExpiresSoon > to) return {path + ": the certificate expires on " + Day(to)};
  return {};
}

}  // namespace

absl::StatusOr<ServerTls> ServerTls::Load(const ServerTlsOptions& options, Timestamp now) {
  ServerTls tls;
  tls.client_certificate_ = options.client_certificate;
  HANDOFF_ASSIGN_OR_RETURN(tls.certificate_pem_,
                           ReadPemFile(options.certificate_file, FileAccess::kAny));
  HANDOFF_ASSIGN_OR_RETURN(tls.key_pem_, ReadPemFile(options.key_file, FileAccess::kPrivate));
  const std::vector<CertificatePtr> chain = ReadCertificates(tls.certificate_pem_);
  if (chain.empty()) return Bad(options.certificate_file, "no PEM certificate in it");

  tls.context_ = NewContext();
  if (tls.context_ == nullptr) return absl::InternalError("OpenSSL cannot make a TLS context");
  HANDOFF_RETURN_IF_ERROR(UseIdentity(tls.context_.get(), options, chain, tls.key_pem_));
  if (options.client_certificate != ClientCertificate::kNone) {
    if (options.client_ca_file.empty()) {
      return absl::InvalidArgumentError("client certificates need a client CA file");
    }
    HANDOFF_ASSIGN_OR_RETURN(tls.client_ca_pem_,
                             ReadPemFile(options.client_ca_file, FileAccess::kAny));
    HANDOFF_RETURN_IF_ERROR(UseClientAuthorities(tls.context_.get(), options, tls.client_ca_pem_));
  }
  tls.not_after_ = ToTimestamp(X509_get0_notAfter(chain.front().get()));
  tls.warnings_ = ValidityWarnings(options.certificate_file, chain.front().get(), now);
  return tls;
}

}  // namespace handoff::security
