// The key with which the gateway signs its access tokens: EC P-256 (ES256) or RSA of at least 2048
// bits (RS256), as a PEM file.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

struct _cjose_jwk_int;

namespace handoff::security {

// Immutable. Thread safety: all methods may be called concurrently.
class SigningKey {
 public:
  // Errors:
  //   kNotFound            there is no such file
  //   kPermissionDenied    the file cannot be read, or others than its owner and group may
  //   kInvalidArgument     not an unencrypted PEM private key of a kind named above
  static absl::StatusOr<std::shared_ptr<const SigningKey>> Load(const std::string& path);

  // As Load, but makes a P-256 key (file mode 0600, on disk before this returns) where there is no
  // file. Two processes that start at once end up with the same key.
  static absl::StatusOr<std::shared_ptr<const SigningKey>> LoadOrCreate(const std::string& path);

  static absl::StatusOr<std::shared_ptr<const SigningKey>> FromPem(std::string_view pem);

  SigningKey(const SigningKey&) = delete;
  SigningKey& operator=(const SigningKey&) = delete;
  ~SigningKey();

  // RFC 7638 thumbprint: the same key has the same id on every node.
  const std::string& kid() const { return kid_; }
  // "ES256" or "RS256".
  const std::string& algorithm() const { return algorithm_; }
  // The public half as a JWK object, for a JWKS document.
  const std::string& public_jwk() const { return public_jwk_; }

  // For the token classes.
  _cjose_jwk_int* jwk() const { return jwk_; }

 private:
  SigningKey() = default;

  _cjose_jwk_int* jwk_ = nullptr;
  std::string kid_;
  std::string algorithm_;
  std::string public_jwk_;
};

}  // namespace handoff::security
