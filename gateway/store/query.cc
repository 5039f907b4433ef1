#include "gateway/store/query.h"

#include <algorithm>

#include "absl/strings/escaping.h"

#include "gateway/base/bytes.h"
#include "gateway/store/keys.h"

namespace handoff::store {

bool Matches(const ResourceVersion& resource, const Query& query) {
  if (resource.deleted() || resource.type() != query.type) return false;
  if (query.id && resource.id() != *query.id) return false;
  if (query.updated_from && resource.updated_us() < ToMicros(*query.updated_from)) return false;
  if (query.updated_until && resource.updated_us() >= ToMicros(*query.updated_until)) return false;
  if (query.tokens.empty()) return true;
  const std::vector<std::string_view> tokens = resource.tokens();
  return std::all_of(query.tokens.begin(), query.tokens.end(), [&](const auto& group) {
    return std::any_of(group.begin(), group.end(), [&](const std::string& token) {
      return std::find(tokens.begin(), tokens.end(), token) != tokens.end();
    });
  });
}

std::string EncodeResume(const PagePosition& position) {
  std::string packed;
  key::AppendNumber(packed, position.person);
  packed.append(position.id);
  return Base64UrlEncode(packed);
}

absl::StatusOr<std::optional<PagePosition>> DecodeResume(std::string_view resume) {
  if (resume.empty()) return std::nullopt;
  std::string packed;
  if (absl::WebSafeBase64Unescape({resume.data(), resume.size()}, &packed)) {
    std::string_view rest = packed;
    if (const auto person = key::TakeNumber(rest)) {
      PagePosition position{*person, std::string(rest)};
      // The decoder is lenient: it takes spaces, for example.
      if (EncodeResume(position) == resume) return position;
    }
  }
  return absl::InvalidArgumentError("the page token is not one of ours");
}

}  // namespace handoff::store
