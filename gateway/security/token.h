// Access tokens: JWTs (RFC 9068, `typ` at+jwt) that the gateway signs for the clients of its
// parties and verifies at every surface.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

#include "gateway/base/bytes.h"
#include "gateway/base/clock.h"
#include "gateway/base/ids.h"
#include "gateway/security/signing_key.h"

namespace handoff::security {

// Who calls, proven.
struct Principal {
  std::string client_id;
  PartyKey party;
  std::vector<std::string> scopes;  // SMART v2, e.g. "system/CarePlan.rs"
  Timestamp expiry;
};

// Thread safety: all methods may be called concurrently.
class TokenSigner {
 public:
  TokenSigner(std::shared_ptr<const SigningKey> key, std::string issuer, std::string audience);

  // A token for `client_id` of `party`, valid from `now` for `lifetime`.
  //
  // Errors: kInvalidArgument for an empty client or party, text that is not UTF-8, or a lifetime
  // that is not positive.
  absl::StatusOr<std::string> Sign(std::string_view client_id,
                                   const PartyKey& party,
                                   const std::vector<std::string>& scopes,
                                   std::chrono::seconds lifetime,
                                   Timestamp now) const;

 private:
  const std::shared_ptr<const SigningKey> key_;
  const std::string issuer_;
  const std::string audience_;
};

// The party that the configuration gives a client, or none for a client it does not know.
using ClientLookup = std::function<std::optional<PartyKey>(std::string_view client_id)>;

struct TokenVerifierOptions {
  std::string issuer{};
  std::string audience{};
  // How far the clocks of two nodes may be apart.
  std::chrono::seconds skew{60};
  // A longer token is refused unread.
  std::size_t max_token_bytes = 8 << 10;
  // Verified tokens kept until they expire, so that a signature is checked once (80 us), not at
  // each request. When full, the one used longest ago goes.
  std::size_t max_cached = 10'000;
};

// Thread safety: all methods may be called concurrently.
class TokenVerifier {
 public:
  // `keys`: the signing key, and older ones whose tokens are still about.
  TokenVerifier(TokenVerifierOptions options,
                std::vector<std::shared_ptr<const SigningKey>> keys,
                ClientLookup clients);
  ~TokenVerifier();

  // Errors: kUnauthenticated, always with the same text. The reason is in the internal detail and
  // in the log: once a second at most, with a count, so that nobody can fill it.
  absl::StatusOr<Principal> Verify(std::string_view token, Timestamp now);

  // The same for the value of an Authorization header ("Bearer <token>").
  absl::StatusOr<Principal> VerifyAuthorization(std::string_view header, Timestamp now);

  // Forgets what was verified: call it when the directory of clients has changed.
  void Flush();

  std::size_t cached() const;

 private:
  struct Entry;
  using Recent = std::list<Entry>;

  absl::StatusOr<Principal> CachedOrChecked(std::string_view token, Timestamp now);
  absl::StatusOr<Principal> Check(std::string_view token, Timestamp now) const;
  absl::Status Logged(absl::Status refused, Timestamp now);
  std::optional<Principal> Cached(const Sha256Digest& digest,
                                  Timestamp now,
                                  std::uint64_t& generation);
  void Remember(const Sha256Digest& digest, const Principal& principal, std::uint64_t generation);

  const TokenVerifierOptions options_;
  const std::vector<std::shared_ptr<const SigningKey>> keys_;
  const ClientLookup clients_;

  mutable absl::Mutex mutex_;
  Recent recent_ ABSL_GUARDED_BY(mutex_);  // most recently used first
  absl::flat_hash_map<Sha256Digest, Recent::iterator> by_digest_ ABSL_GUARDED_BY(mutex_);
  // Counts Flush(): what was checked before one is not remembered after it.
  std::uint64_t generation_ ABSL_GUARDED_BY(mutex_) = 0;
  Timestamp logged_ ABSL_GUARDED_BY(mutex_){};         // when a refusal was, last
  std::int64_t unlogged_ ABSL_GUARDED_BY(mutex_) = 0;  // refusals since
};

}  // namespace handoff::security
