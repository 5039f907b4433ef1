// A FHIR search, understood: what `GET [base]/[type]?...` asks for.
//
// Served are `_id`, `_lastUpdated`, `_count` and every token and reference parameter that the map
// of the type declares. A comma means or, a repeated parameter means and. Modifiers, chains and
// other parameters are refused by name, or left out under lenient handling (FHIR R4
// search.html#errors).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

#include "fhir-mappings/runtime/search_tokens.h"
#include "gateway/base/clock.h"

namespace handoff::access {

// One value of a token or reference parameter.
struct SearchValue {
  enum class Kind {
    kExact,   // the whole token: "system|code", "|code", "Type/id", a uri
    kCode,    // this code of any system: the part after the bar
    kSystem,  // any code of this system: the part before the bar
    kId,      // a reference to this id, of any type
  } kind = Kind::kExact;
  std::string text;
};

// One parameter: matches if any of its values does.
struct SearchGroup {
  std::string name;
  std::vector<SearchValue> values;

  // `tokens` as fhir::AppendTokens gives them.
  bool Matches(const fhir::SearchTokens& tokens) const;
};

struct SearchRequest {
  std::string type;
  std::vector<SearchGroup> groups;              // every one must match
  std::optional<std::vector<std::string>> ids;  // `_id`
  std::optional<Timestamp> updated_from;        // inclusive
  std::optional<Timestamp> updated_until;       // exclusive
  std::size_t count = 50;
  std::string page;  // SearchPage::next of the page before
  // The parameters that were understood, as given: for the self link. `_page` is not among them.
  std::vector<std::pair<std::string, std::string>> understood;
};

enum class Handling { kStrict, kLenient };

struct SearchOptions {
  Handling handling = Handling::kStrict;
  // Our own URL ("https://host/fhir", no slash at the end): a reference below it is relative.
  std::string base;
};

// Parses decoded parameters, in order.
//
// Errors:
//   kNotFound         no map knows `type`
//   kInvalidArgument  names the parameter that is unknown (strict), has a modifier or a chain, or
//                     a value that cannot be
//   kInvalidArgument  (kTooLarge) more than 64 parameters, or 512 values in all
absl::StatusOr<SearchRequest> ParseSearch(
    std::string_view type,
    const std::vector<std::pair<std::string, std::string>>& parameters,
    const SearchOptions& options);

}  // namespace handoff::access
