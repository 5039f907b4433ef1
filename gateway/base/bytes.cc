#include "gateway/base/bytes.h"

#include <memory>

#include "absl/strings/escaping.h"
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <zstd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "gateway/base/status_macros.h"

namespace handoff {
namespace {

// Level 1 makes what we store a fifth smaller and takes a third longer.
constexpr int kFastLevel = -1;
// What a thread keeps to compress into: what comes of it is a small part.
constexpr std::size_t kKeptBytes = std::size_t{256} << 10;

struct FreeContext {
  void operator()(ZSTD_CCtx* c) const { ZSTD_freeCCtx(c); }
  void operator()(ZSTD_DCtx* c) const { ZSTD_freeDCtx(c); }
};

// A context is some 100 KiB to set up: one per thread, reused.
ZSTD_CCtx* Compressor() {
  thread_local const std::unique_ptr<ZSTD_CCtx, FreeContext> context = [] {
    std::unique_ptr<ZSTD_CCtx, FreeContext> c(ZSTD_createCCtx());
    HANDOFF_CHECK(c != nullptr);
    HANDOFF_CHECK(
        !ZSTD_isError(ZSTD_CCtx_setParameter(c.get(), ZSTD_c_compressionLevel, kFastLevel)));
    HANDOFF_CHECK(!ZSTD_isError(ZSTD_CCtx_setParameter(c.get(), ZSTD_c_checksumFlag, 1)));
    return c;
  }();
  return context.get();
}

void AppendVarint(std::uint64_t value, std::string* out) {
  std::array<char, 10> bytes;
  std::size_t n = 0;
  for (; value >= 0x80; value >>= 7) bytes[n++] = static_cast<char>(value | 0x80);
  bytes[n++] = static_cast<char>(value);
  out->append(bytes.data(), n);
}

ZSTD_DCtx* Decompressor() {
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
  HANDOFF_CHECK(context != nullptr);
  return context.get();
}

}  // namespace

Sha256Digest Sha256(std::string_view data) {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  Sha256Digest digest;
  HANDOFF_CHECK(EVP_Digest(data.data(), data.size(), digest.data(), nullptr, algorithm, nullptr) ==
                1);
  return digest;
}

std::string Sha256Hex(std::string_view data) {
  const Sha256Digest digest = Sha256(data);
  return HexEncode({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

struct Fingerprint::State {
  XXH3_state_t xxh3;
};

Fingerprint::Fingerprint() : state_(std::make_unique<State>()) {
  XXH3_128bits_reset(&state_->xxh3);
}
Fingerprint::~Fingerprint() = default;

void Fingerprint::Add(std::string_view part) {
  const std::uint64_t size = part.size();
  XXH3_128bits_update(&state_->xxh3, &size, sizeof size);
  XXH3_128bits_update(&state_->xxh3, part.data(), part.size());
}

std::string Fingerprint::Finish() const {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(&state_->xxh3));
  return std::string(std::begin(canonical.digest), std::end(canonical.digest));
}

std::string Compress(std::string_view data) {
  thread_local std::string kept(kKeptBytes, '\0');
  const std::size_t bound = ZSTD_compressBound(data.size());
  std::string large;
  if (bound > kKeptBytes) large.resize(bound);
  std::string& out = bound > kKeptBytes ? large : kept;
  const std::size_t size =
      ZSTD_compress2(Compressor(), out.data(), out.size(), data.data(), data.size());
  HANDOFF_CHECK(!ZSTD_isError(size));
  return out.substr(0, size);
}

absl::StatusOr<std::string> Decompress(std::string_view data, std::size_t max_bytes) {
  const unsigned long long size = ZSTD_getFrameContentSize(data.data(), data.size());
  // Compress() always states the size, so a frame without one is not ours.
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN) {
    return absl::DataLossError("compressed data is damaged");
  }
  if (size > max_bytes) return absl::ResourceExhaustedError("compressed data holds too many bytes");
  std::string out(size, '\0');
  if (ZSTD_decompressDCtx(Decompressor(), out.data(), out.size(), data.data(), data.size()) !=
      size) {
    return absl::DataLossError("compressed data is damaged");
  }
  return out;
}

void AppendFieldHead(int number, std::size_t size, std::string* encoded) {
  AppendVarint(static_cast<std::uint64_t>(number) << 3 | 2, encoded);
  AppendVarint(size, encoded);
}

void AppendField(int number, std::string_view value, std::string* encoded) {
  AppendFieldHead(number, value.size(), encoded);
  encoded->append(value);
}

void AppendField(int number, std::uint64_t value, std::string* encoded) {
  AppendVarint(static_cast<std::uint64_t>(number) << 3, encoded);
  AppendVarint(value, encoded);
}

std::string HexEncode(std::string_view data) {
  return absl::BytesToHexString({data.data(), data.size()});
}

std::string Base64UrlEncode(std::string_view data) {
  return absl::WebSafeBase64Escape({data.data(), data.size()});
}

bool ConstantTimeEqual(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string RandomBytes(std::size_t n) {
  std::string bytes(n, '\0');
  HANDOFF_CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(n)) ==
                1);
  return bytes;
}

}  // namespace handoff
