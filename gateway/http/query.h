// The parts of a request target, percent-decoded.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace handoff::http {

// Decodes %XX. Errors: kInvalidArgument for a broken escape, a NUL, or what is not UTF-8 then.
absl::StatusOr<std::string> PercentDecode(std::string_view text);

// Escapes everything but RFC 3986 "unreserved", so the result fits a path segment or a query value.
std::string PercentEncode(std::string_view text);

// The decoded segments of "/a/b": {"a", "b"}; "/" has none, a trailing slash adds none. An escaped
// slash stays inside its segment. Errors: as PercentDecode, and kInvalidArgument for an empty, "."
// or ".." segment.
absl::StatusOr<std::vector<std::string>> PathSegments(std::string_view path);

// Name and value pairs of a query or of an application/x-www-form-urlencoded body, in the order
// sent; a name may repeat (FHIR search: repeats mean "and").
class QueryParams {
 public:
  static constexpr std::size_t kMaxParams = 1000;

  // Errors: as PercentDecode; more than kMaxParams are too large (ErrorId::kTooLarge).
  static absl::StatusOr<QueryParams> Parse(std::string_view query);

  const std::vector<std::pair<std::string, std::string>>& all() const { return params_; }
  // The first value of `name`, or empty.
  std::string_view Get(std::string_view name) const;
  bool Has(std::string_view name) const;
  std::vector<std::string_view> All(std::string_view name) const;

 private:
  std::vector<std::pair<std::string, std::string>> params_;
};

}  // namespace handoff::http
