// Strong ids: constructed on purpose, never converted back by accident.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace handoff {

template <class Tag>
class StringId {
 public:
  StringId() = default;
  explicit StringId(std::string value) : value_(std::move(value)) {}
  explicit StringId(std::string_view value) : value_(value) {}
  explicit StringId(const char* value) : value_(value) {}

  const std::string& value() const { return value_; }
  bool empty() const { return value_.empty(); }
  auto operator<=>(const StringId&) const = default;

  template <class H>
  friend H AbslHashValue(H h, const StringId& id) {
    return H::combine(std::move(h), id.value_);
  }

 private:
  std::string value_;
};

// The key of a party in config/parties, e.g. "mrmc". Safe to log.
using PartyKey = StringId<struct PartyKeyTag>;
// Our id of an accepted message, e.g. "m0dq3k2t9fzfr". Sorts by time of receipt. Safe to log.
using MessageId = StringId<struct MessageIdTag>;
// "Type/id" of a stored resource. The id may be the sender's: never log it.
struct ResourceKey {
  std::string type;
  std::string id;
  auto operator<=>(const ResourceKey&) const = default;
  template <class H>
  friend H AbslHashValue(H h, const ResourceKey& k) {
    return H::combine(std::move(h), k.type, k.id);
  }
};
// Whether `text` has the form of a resource's id (FHIR R4 datatypes.html#id).
bool IsResourceId(std::string_view text);

// A person across parties. 0 is no one. Safe to log.
enum class PersonId : std::uint64_t { kNone = 0 };

// Mints message, delivery, referral and transition ids: a letter and 13 base32 digits of
// (milliseconds, node-local counter). Thread safety: may be called concurrently.
std::string MintId(char kind, std::int64_t now_us);

// When an id was minted, to the millisecond; nullopt for what MintId() did not make.
std::optional<std::int64_t> MintedUs(std::string_view id);

}  // namespace handoff
