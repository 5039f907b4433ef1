#include "gateway/security/signing_key.h"

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include <cjose/jwk.h>
#include <fcntl.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <unistd.h>

#include "gateway/base/bytes.h"
#include "gateway/base/status_macros.h"
#include "gateway/security/pem.h"

namespace handoff::security {

namespace {

constexpr int kP256Bytes = 32;
constexpr int kMinRsaBits = 2048;
constexpr int kMaxRsaBits = 8192;

// Big-endian, of `width` bytes or as many as it needs; empty if the key has no such number.
std::string Number(const EVP_PKEY* key, const char* name, int width = 0) {
  BIGNUM* raw = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &raw) != 1) return {};
  const std::unique_ptr<BIGNUM, FreeWith<&BN_clear_free>> number(raw);
  const int size = width > 0 ? width : BN_num_bytes(number.get());
  std::string bytes(static_cast<std::size_t>(size), '\0');
  auto* const out = reinterpret_cast<unsigned char*>(bytes.data());
  if (BN_bn2binpad(number.get(), out, size) != size) return {};
  return bytes;
}

std::uint8_t* Octets(std::string& bytes) { return reinterpret_cast<std::uint8_t*>(bytes.data()); }

bool IsP256(const EVP_PKEY* key) {
  char name[32] = {};
  return EVP_PKEY_get_group_name(key, name, sizeof name, nullptr) == 1 &&
         std::string_view(name) == "prime256v1";
}

struct Described {
  cjose_jwk_t* jwk = nullptr;
  const char* algorithm = "";
  std::string members;  // of the public JWK, as RFC 7638 orders them
};

Described DescribeEc(const EVP_PKEY* key) {
  std::string d = Number(key, OSSL_PKEY_PARAM_PRIV_KEY, kP256Bytes);
  std::string x = Number(key, OSSL_PKEY_PARAM_EC_PUB_X, kP256Bytes);
  std::string y = Number(key, OSSL_PKEY_PARAM_EC_PUB_Y, kP256Bytes);
  if (d.empty() || x.empty() || y.empty()) return {};
  const cjose_jwk_ec_keyspec spec{
      CJOSE_JWK_EC_P_256, Octets(d), d.size(), Octets(x), x.size(), Octets(y), y.size()};
  cjose_err error{};
  return {cjose_jwk_create_EC_spec(&spec, &error),
          "ES256",
          R"("crv":"P-256","kty":"EC","x":")" + Base64UrlEncode(x) + R"(","y":")" +
              Base64UrlEncode(y) + "\""};
}

Described DescribeRsa(const EVP_PKEY* key) {
  std::string n = Number(key, OSSL_PKEY_PARAM_RSA_N);
  std::string e = Number(key, OSSL_PKEY_PARAM_RSA_E);
  std::string d = Number(key, OSSL_PKEY_PARAM_RSA_D);
  std::string p = Number(key, OSSL_PKEY_PARAM_RSA_FACTOR1);
  std::string q = Number(key, OSSL_PKEY_PARAM_RSA_FACTOR2);
  std::string dp = Number(key, OSSL_PKEY_PARAM_RSA_EXPONENT1);
  std::string dq = Number(key, OSSL_PKEY_PARAM_RSA_EXPONENT2);
  std::string qi = Number(key, OSSL_PKEY_PARAM_RSA_COEFFICIENT1);
  if (n.empty() || e.empty() || d.empty()) return {};
  cjose_jwk_rsa_keyspec spec{};
  const auto set = [](std::uint8_t*& to, size_t& size, std::string& from) {
    to = from.empty() ? nullptr : Octets(from);
    size = from.size();
  };
  set(spec.n, spec.nlen, n);
  set(spec.e, spec.elen, e);
  set(spec.d, spec.dlen, d);
  set(spec.p, spec.plen, p);
  set(spec.q, spec.qlen, q);
  set(spec.dp, spec.dplen, dp);
  set(spec.dq, spec.dqlen, dq);
  set(spec.qi, spec.qilen, qi);
  cjose_err error{};
  return {cjose_jwk_create_RSA_spec(&spec, &error),
          "RS256",
          R"("e":")" + Base64UrlEncode(e) + R"(","kty":"RSA","n":")" + Base64UrlEncode(n) + "\""};
}

Described Describe(const EVP_PKEY* key) {
  if (EVP_PKEY_is_a(key, "EC") && IsP256(key)) return DescribeEc(key);
  const int bits = EVP_PKEY_get_bits(key);
  if (EVP_PKEY_is_a(key, "RSA") && bits >= kMinRsaBits && bits <= kMaxRsaBits) {
    return DescribeRsa(key);
  }
  return {};
}

std::string NewKeyPem() {
  const KeyPtr key(EVP_EC_gen("P-256"));
  const BioPtr memory(BIO_new(BIO_s_mem()));
  if (key == nullptr || memory == nullptr ||
      PEM_write_bio_PKCS8PrivateKey(
          memory.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return {};
  }
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

bool WriteAndSync(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return ::fsync(fd) == 0;
}

void SyncFolder(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  ::fsync(fd);
  ::close(fd);
}

// Puts `text` at `path` in one step, unless something is there: then that stays, and this is OK.
absl::Status PlaceNewFile(const std::string& path, std::string_view text) {
  const std::string draft = path + "." + HexEncode(RandomBytes(8)) + ".new";
  const int fd = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return absl::PermissionDeniedError(path + ": " + std::strerror(errno));
  int error = WriteAndSync(fd, text) ? 0 : errno;
  ::close(fd);
  if (error == 0 && ::link(draft.c_str(), path.c_str()) != 0 && errno != EEXIST) error = errno;
  ::unlink(draft.c_str());
  if (error != 0) return absl::PermissionDeniedError(path + ": " + std::strerror(error));
  const std::string folder = std::filesystem::path(path).parent_path().string();
  SyncFolder(folder.empty() ? "." : folder);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::shared_ptr<const SigningKey>> SigningKey::FromPem(std::string_view pem) {
  const KeyPtr key = ReadPrivateKey(pem);
  if (key == nullptr) return absl::InvalidArgumentError("not an unencrypted PEM private key");
  const Described described = Describe(key.get());
  if (described.jwk == nullptr) {
    return absl::InvalidArgumentError("the key is neither EC P-256 nor RSA of 2048..8192 bits");
  }
  std::shared_ptr<SigningKey> made(new SigningKey);
  made->jwk_ = described.jwk;
  made->algorithm_ = described.algorithm;
  const Sha256Digest thumbprint = Sha256("{" + described.members + "}");
  made->kid_ = Base64UrlEncode(
      std::string_view(reinterpret_cast<const char*>(thumbprint.data()), thumbprint.size()));
  made->public_jwk_ = "{" + described.members + R"(,"alg":")" + made->algorithm_ +
                      R"(","use":"sig","kid":")" + made->kid_ + "\"}";
  return std::shared_ptr<const SigningKey>(std::move(made));
}

absl::StatusOr<std::shared_ptr<const SigningKey>> SigningKey::Load(const std::string& path) {
  HANDOFF_ASSIGN_OR_RETURN(const std::string pem, ReadPemFile(path, FileAccess::kPrivate));
  auto key = FromPem(pem);
  if (key.ok()) return key;
  return absl::InvalidArgumentError(path + ": " + std::string(key.status().message()));
}

absl::StatusOr<std::shared_ptr<const SigningKey>> SigningKey::LoadOrCreate(
    const std::string& path) {
  auto key = Load(path);
  if (!absl::IsNotFound(key.status())) return key;
  const std::string pem = NewKeyPem();
  if (pem.empty()) return absl::InternalError("OpenSSL cannot make an EC key");
  HANDOFF_RETURN_IF_ERROR(PlaceNewFile(path, pem));
  return Load(path);
}

SigningKey::~SigningKey() {
  if (jwk_ != nullptr) cjose_jwk_release(jwk_);
}

}  // namespace handoff::security
