#include "gateway/security/token.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include <cjose/error.h>
#include <cjose/header.h>
#include <cjose/jws.h>
#include <jansson.h>

#include "gateway/base/bytes.h"
#include "gateway/base/error.h"
#include "gateway/base/log.h"
#include "gateway/base/status_macros.h"
#include "gateway/security/pem.h"

namespace handoff::security {

namespace {

using JsonPtr = std::unique_ptr<json_t, FreeWith<&json_decref>>;
using JwsPtr = std::unique_ptr<cjose_jws_t, FreeWith<&cjose_jws_release>>;
using HeaderPtr = std::unique_ptr<cjose_header_t, FreeWith<&cjose_header_release>>;
using CharsPtr = std::unique_ptr<char, FreeWith<&std::free>>;

constexpr const char* kTokenType = "at+jwt";
// 2100-01-01: keeps arithmetic on times far from overflow.
constexpr std::int64_t kLatestSeconds = 4'102'444'800;

// One text for every cause: who probes learns nothing.
absl::Status Refused(std::string_view why) {
  return MakeError(ErrorId::kUnauthenticated,
                   "a valid access token is required",
                   std::string("token: ").append(why));
}

std::int64_t Seconds(Timestamp t) {
  return std::chrono::floor<std::chrono::seconds>(t).time_since_epoch().count();
}

// Null for what is not UTF-8.
json_t* JsonText(std::string_view text) { return json_stringn(text.data(), text.size()); }

// Empty if there is none, or it is no string.
std::string_view Text(const json_t* claims, const char* name) {
  const json_t* const value = json_object_get(claims, name);
  if (!json_is_string(value)) return {};
  return {json_string_value(value), json_string_length(value)};
}

std::optional<std::int64_t> Time(const json_t* claims, const char* name) {
  const json_t* const value = json_object_get(claims, name);
  if (!json_is_integer(value)) return std::nullopt;
  const std::int64_t seconds = json_integer_value(value);
  if (seconds < 0 || seconds > kLatestSeconds) return std::nullopt;
  return seconds;
}

bool IsFor(const json_t* claims, std::string_view audience) {
  const json_t* const aud = json_object_get(claims, "aud");
  if (!json_is_array(aud)) return Text(claims, "aud") == audience;
  for (std::size_t i = 0; i < json_array_size(aud); ++i) {
    const json_t* const one = json_array_get(aud, i);
    if (json_is_string(one) && json_string_value(one) == audience) return true;
  }
  return false;
}

std::vector<std::string> Split(std::string_view scopes) {
  std::vector<std::string> out;
  while (!scopes.empty()) {
    const std::size_t end = std::min(scopes.find(' '), scopes.size());
    if (end > 0) out.emplace_back(scopes.substr(0, end));
    scopes.remove_prefix(std::min(end + 1, scopes.size()));
  }
  return out;
}

// base64url '.' base64url '.' base64url, nothing else: cjose is more lenient.
bool LooksLikeJws(std::string_view token) {
  int dots = 0;
  for (const char c : token) {
    const bool base64url = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                           (c >= '0' && c <= '9') || c == '-' || c == '_';
    if (c == '.') {
      ++dots;
    } else if (!base64url) {
      return false;
    }
  }
  return dots == 2;
}

std::string_view HeaderText(cjose_header_t* header, const char* name) {
  cjose_err error{};
  const char* const value = cjose_header_get(header, name, &error);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

bool HasCritical(cjose_header_t* header) {
  cjose_err error{};
  return CharsPtr(cjose_header_get_raw(header, "crit", &error)) != nullptr;
}

bool SetHeader(cjose_header_t* header, const char* name, const std::string& value) {
  cjose_err error{};
  return cjose_header_set(header, name, value.c_str(), &error);
}

// Serialised claims of a JWS that one of `keys` signed.
absl::StatusOr<JsonPtr> SignedClaims(std::string_view token,
                                     const std::vector<std::shared_ptr<const SigningKey>>& keys) {
  cjose_err error{};
  const JwsPtr jws(cjose_jws_import(token.data(), token.size(), &error));
  if (jws == nullptr) return Refused("not a JWS");
  cjose_header_t* const header = cjose_jws_get_protected(jws.get());
  if (HeaderText(header, "typ") != kTokenType) return Refused("typ");
  if (HasCritical(header)) return Refused("crit");
  const std::string_view kid = HeaderText(header, "kid");
  const auto key =
      std::find_if(keys.begin(), keys.end(), [kid](const auto& k) { return k->kid() == kid; });
  if (key == keys.end()) return Refused("kid");
  // The key decides the algorithm, the token only confirms it.
  if (HeaderText(header, "alg") != (*key)->algorithm()) return Refused("alg");
  if (!cjose_jws_verify(jws.get(), (*key)->jwk(), &error)) return Refused("signature");
  std::uint8_t* text = nullptr;
  size_t size = 0;
  if (!cjose_jws_get_plaintext(jws.get(), &text, &size, &error)) return Refused("payload");
  JsonPtr claims(
      json_loadb(reinterpret_cast<const char*>(text), size, JSON_REJECT_DUPLICATES, nullptr));
  if (!json_is_object(claims.get())) return Refused("payload");
  return claims;
}

}  // namespace

TokenSigner::TokenSigner(std::shared_ptr<const SigningKey> key,
                         std::string issuer,
                         std::string audience)
    : key_(std::move(key)), issuer_(std::move(issuer)), audience_(std::move(audience)) {}

absl::StatusOr<std::string> TokenSigner::Sign(std::string_view client_id,
                                              const PartyKey& party,
                                              const std::vector<std::string>& scopes,
                                              std::chrono::seconds lifetime,
                                              Timestamp now) const {
  if (client_id.empty() || party.empty()) {
    return absl::InvalidArgumentError("a token needs a client and a party");
  }
  if (lifetime <= std::chrono::seconds(0) || Seconds(now) + lifetime.count() > kLatestSeconds) {
    return absl::InvalidArgumentError("the lifetime of a token must be positive, and end by 2100");
  }
  std::string scope;
  for (const std::string& one : scopes) scope.append(scope.empty() ? "" : " ").append(one);

  const JsonPtr claims(json_object());
  bool complete = true;
  const auto set = [&](const char* name, json_t* value) {
    complete &= json_object_set_new(claims.get(), name, value) == 0;
  };
  set("iss", JsonText(issuer_));
  set("aud", JsonText(audience_));
  set("sub", JsonText(client_id));
  set("client_id", JsonText(client_id));
  set("party", JsonText(party.value()));
  set("scope", JsonText(scope));
  set("iat", json_integer(Seconds(now)));
  set("nbf", json_integer(Seconds(now)));
  set("exp", json_integer(Seconds(now) + lifetime.count()));
  set("jti", JsonText(Base64UrlEncode(RandomBytes(16))));
  const CharsPtr text(json_dumps(claims.get(), JSON_COMPACT));
  if (!complete || text == nullptr) {
    return absl::InvalidArgumentError("a client, party or scope is not UTF-8");
  }

  cjose_err error{};
  const HeaderPtr header(cjose_header_new(&error));
  if (header == nullptr || !SetHeader(header.get(), "alg", key_->algorithm()) ||
      !SetHeader(header.get(), "kid", key_->kid()) || !SetHeader(header.get(), "typ", kTokenType)) {
    return absl::InternalError("cjose cannot make a header");
  }
  const std::string_view payload(text.get());
  const JwsPtr jws(cjose_jws_sign(key_->jwk(),
                                  header.get(),
                                  reinterpret_cast<const std::uint8_t*>(payload.data()),
                                  payload.size(),
                                  &error));
  const char* compact = nullptr;
  if (jws == nullptr || !cjose_jws_export(jws.get(), &compact, &error)) {
    return absl::InternalError("cjose cannot sign");
  }
  return std::string(compact);
}

struct TokenVerifier::Entry {
  Sha256Digest digest;
  Principal principal;
};

TokenVerifier::TokenVerifier(TokenVerifierOptions options,
                             std::vector<std::shared_ptr<const SigningKey>> keys,
                             ClientLookup clients)
    : options_(std::move(options)), keys_(std::move(keys)), clients_(std::move(clients)) {}

TokenVerifier::~TokenVerifier() = default;

absl::StatusOr<Principal> TokenVerifier::Verify(std::string_view token, Timestamp now) {
  absl::StatusOr<Principal> principal = CachedOrChecked(token, now);
  if (!principal.ok()) return Logged(principal.status(), now);
  return principal;
}

absl::Status TokenVerifier::Logged(absl::Status refused, Timestamp now) {
  const absl::MutexLock lock(&mutex_);
  ++unlogged_;
  if (now >= logged_ && now < logged_ + std::chrono::seconds(1)) return refused;
  logged_ = now;
  log::Warning(
      "token_refused",
      {{"reason", log::Safe(InternalDetail(refused))}, {"refused", std::exchange(unlogged_, 0)}});
  return refused;
}

absl::StatusOr<Principal> TokenVerifier::CachedOrChecked(std::string_view token, Timestamp now) {
  if (token.empty()) return Refused("none");
  if (token.size() > options_.max_token_bytes) return Refused("too long");
  if (!LooksLikeJws(token)) return Refused("not a JWS");
  const Sha256Digest digest = Sha256(token);
  std::uint64_t generation = 0;
  if (auto known = Cached(digest, now, generation)) return *std::move(known);
  HANDOFF_ASSIGN_OR_RETURN(Principal principal, Check(token, now));
  Remember(digest, principal, generation);
  return principal;
}

absl::StatusOr<Principal> TokenVerifier::VerifyAuthorization(std::string_view header,
                                                             Timestamp now) {
  static constexpr std::string_view kScheme = "Bearer ";
  const std::string_view scheme = header.substr(0, kScheme.size());
  if (!absl::EqualsIgnoreCase(absl::string_view(scheme.data(), scheme.size()),
                              absl::string_view(kScheme.data(), kScheme.size()))) {
    return Logged(Refused("no bearer token"), now);
  }
  std::string_view token = header.substr(kScheme.size());
  while (token.starts_with(' ')) token.remove_prefix(1);
  return Verify(token, now);
}

absl::StatusOr<Principal> TokenVerifier::Check(std::string_view token, Timestamp now) const {
  HANDOFF_ASSIGN_OR_RETURN(const JsonPtr claims, SignedClaims(token, keys_));
  if (Text(claims.get(), "iss") != options_.issuer) return Refused("iss");
  if (!IsFor(claims.get(), options_.audience)) return Refused("aud");
  const std::int64_t skew = options_.skew.count();
  const auto expiry = Time(claims.get(), "exp");
  if (!expiry.has_value() || Seconds(now) >= *expiry + skew) return Refused("exp");
  const auto not_before = Time(claims.get(), "nbf");
  if (!not_before.has_value() || Seconds(now) + skew < *not_before) return Refused("nbf");

  Principal principal;
  principal.client_id = Text(claims.get(), "client_id");
  principal.party = PartyKey(Text(claims.get(), "party"));
  if (principal.client_id.empty() || principal.client_id != Text(claims.get(), "sub")) {
    return Refused("client_id");
  }
  // The configuration decides; a client that moved to another party needs a new token.
  const std::optional<PartyKey> party = clients_(principal.client_id);
  if (!party.has_value() || *party != principal.party) return Refused("client is not known");
  principal.scopes = Split(Text(claims.get(), "scope"));
  principal.expiry = Timestamp(std::chrono::seconds(*expiry));
  return principal;
}

std::optional<Principal> TokenVerifier::Cached(const Sha256Digest& digest,
                                               Timestamp now,
                                               std::uint64_t& generation) {
  const absl::MutexLock lock(&mutex_);
  generation = generation_;
  const auto found = by_digest_.find(digest);
  if (found == by_digest_.end()) return std::nullopt;
  if (now >= found->second->principal.expiry + options_.skew) {
    recent_.erase(found->second);
    by_digest_.erase(found);
    return std::nullopt;
  }
  recent_.splice(recent_.begin(), recent_, found->second);
  return found->second->principal;
}

void TokenVerifier::Remember(const Sha256Digest& digest,
                             const Principal& principal,
                             std::uint64_t generation) {
  const absl::MutexLock lock(&mutex_);
  if (generation != generation_ || options_.max_cached == 0 || by_digest_.contains(digest)) return;
  if (by_digest_.size() >= options_.max_cached) {
    by_digest_.erase(recent_.back().digest);
    recent_.pop_back();
  }
  recent_.push_front({digest, principal});
  by_digest_.emplace(digest, recent_.begin());
}

void TokenVerifier::Flush() {
  const absl::MutexLock lock(&mutex_);
  ++generation_;
  by_digest_.clear();
  recent_.clear();
}

std::size_t TokenVerifier::cached() const {
  const absl::MutexLock lock(&mutex_);
  return by_digest_.size();
}

}  // namespace handoff::security
