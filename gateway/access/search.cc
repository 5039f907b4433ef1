#include "gateway/access/search.h"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "fhir-mappings/runtime/resource.h"
#include "gateway/access/instant_range.h"
#include "gateway/base/error.h"
#include "gateway/base/ids.h"
#include "gateway/base/status_macros.h"

namespace handoff::access {
namespace {

constexpr std::size_t kMaxParameters = 64;
constexpr std::size_t kMaxValues = 512;
constexpr std::size_t kMaxCount = 200;
constexpr std::size_t kMaxNameLength = 64;

// A name is quoted back only if it is one that FHIR could have: it begins in lower case and has no
// digits. What else stands there may be anything, a name or number of a patient included.
bool IsQuotable(std::string_view name) {
  const bool begins = !name.empty() && ((name[0] >= 'a' && name[0] <= 'z') || name[0] == '_');
  return begins && name.size() <= kMaxNameLength &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '_' ||
                  c == ':' || c == '.';
         });
}

absl::Status Refuse(std::string_view name, std::string_view why) {
  std::string text = "parameter '";
  text += IsQuotable(name) ? name : "?";
  text += "': ";
  text += why;
  return MakeError(ErrorId::kInvalidRequest, text);
}

// Cuts `text` at each `separator` that no backslash stands before; escapes stay.
std::vector<std::string_view> SplitUnescaped(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == separator) {
      parts.push_back(text.substr(start, i - start));
      start = i + 1;
    }
  }
  parts.push_back(text.substr(start));
  return parts;
}

std::string Unescape(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    plain += text[i];
  }
  return plain;
}

absl::StatusOr<SearchValue> ParseToken(std::string_view name, std::string_view text) {
  const std::vector<std::string_view> parts = SplitUnescaped(text, '|');
  if (parts.size() == 1) return SearchValue{SearchValue::Kind::kCode, Unescape(text)};
  const std::string system = Unescape(parts[0]);
  const std::string code = Unescape(text.substr(parts[0].size() + 1));
  if (code.empty()) {
    if (system.empty()) return Refuse(name, "a value without system and code");
    return SearchValue{SearchValue::Kind::kSystem, system};
  }
  return SearchValue{SearchValue::Kind::kExact, system + "|" + code};
}

// "Type/id" of one with or without a version, below our base or relative.
std::optional<std::string> RelativeReference(std::string_view text, std::string_view base) {
  const fhir::ReferenceView reference = fhir::ReadReference(text, base);
  if (!reference.IsRelative()) return std::nullopt;
  return std::string(reference.type).append(1, '/').append(reference.id);
}

SearchValue ParseReference(std::string_view name, std::string_view text, std::string_view base) {
  const std::string plain = Unescape(text);
  if (auto relative = RelativeReference(plain, base)) {
    return {SearchValue::Kind::kExact, *std::move(relative)};
  }
  if (!IsResourceId(plain)) return {SearchValue::Kind::kExact, plain};
  // Of everything that can be a subject, a bare id means the patient.
  if (name == "patient" || name == "subject") {
    return {SearchValue::Kind::kExact, "Patient/" + plain};
  }
  return {SearchValue::Kind::kId, plain};
}

// Narrows the window of `request` by one `_lastUpdated` value.
absl::Status ParseLastUpdated(std::string_view value, SearchRequest* request) {
  std::string_view prefix = "eq";
  if (value.size() > 2 && value[0] >= 'a' && value[0] <= 'z') {
    prefix = value.substr(0, 2);
    value.remove_prefix(2);
  }
  const auto range = ParseInstantRange(value);
  if (!range) return Refuse("_lastUpdated", "not a date or time");
  std::optional<Timestamp> from;
  std::optional<Timestamp> until;
  if (prefix == "eq") {
    from = range->from;
    until = range->until;
  } else if (prefix == "ge") {
    from = range->from;
  } else if (prefix == "gt") {
    from = range->until;
  } else if (prefix == "le") {
    until = range->until;
  } else if (prefix == "lt") {
    until = range->from;
  } else {
    return Refuse("_lastUpdated", "only the prefixes eq, ge, gt, le and lt are supported");
  }
  if (from && (!request->updated_from || *request->updated_from < *from)) {
    request->updated_from = from;
  }
  if (until && (!request->updated_until || *until < *request->updated_until)) {
    request->updated_until = until;
  }
  return absl::OkStatus();
}

absl::Status ParseIds(std::string_view value, SearchRequest* request) {
  std::vector<std::string> ids;
  for (const std::string_view part : SplitUnescaped(value, ',')) {
    if (!IsResourceId(part)) return Refuse("_id", "not an id");
    ids.emplace_back(part);
  }
  if (ids.size() > kMaxCount) return MakeError(ErrorId::kTooLarge, "more than 200 ids");
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  if (request->ids) {
    std::vector<std::string> both;
    std::set_intersection(ids.begin(),
                          ids.end(),
                          request->ids->begin(),
                          request->ids->end(),
                          std::back_inserter(both));
    ids = std::move(both);
  }
  request->ids = std::move(ids);
  return absl::OkStatus();
}

absl::Status ParseCount(std::string_view value, SearchRequest* request) {
  std::size_t count = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), count);
  const bool whole = end == value.data() + value.size();
  if (error == std::errc::result_out_of_range && whole) {
    count = kMaxCount;
  } else if (error != std::errc() || !whole || count == 0) {
    return Refuse("_count", "not a number from 1 on");
  }
  request->count = std::min(count, kMaxCount);
  return absl::OkStatus();
}

std::string_view TypeOfParameter(std::string_view type, std::string_view name) {
  for (const auto& [parameter, kind] : fhir::SearchParameters(type)) {
    if (parameter == name) return kind;
  }
  return {};
}

class SearchParser {
 public:
  SearchParser(std::string_view type, const SearchOptions& options) : options_(options) {
    request_.type = type;
  }

  absl::Status Add(const std::string& name, const std::string& value) {
    if (value.empty()) return absl::OkStatus();
    if (name == "_page") {
      request_.page = value;
      return absl::OkStatus();
    }
    if (name == "_count") {
      HANDOFF_RETURN_IF_ERROR(ParseCount(value, &request_));
      request_.understood.emplace_back(name, std::to_string(request_.count));
      return absl::OkStatus();
    }
    if (name == "_id") {
      HANDOFF_RETURN_IF_ERROR(ParseIds(value, &request_));
    } else if (name == "_lastUpdated") {
      HANDOFF_RETURN_IF_ERROR(ParseLastUpdated(value, &request_));
    } else if (fhir::IsSearchable(request_.type, name)) {
      HANDOFF_RETURN_IF_ERROR(AddGroup(name, value));
    } else {
      return Unsupported(name);
    }
    request_.understood.emplace_back(name, value);
    return absl::OkStatus();
  }

  SearchRequest Take() && { return std::move(request_); }

 private:
  // FHIR R4 search.html#errors: a modifier is never ignored, for without it the result is another.
  absl::Status Unsupported(std::string_view name) const {
    if (name.find(':') != std::string_view::npos) {
      return Refuse(name, "modifiers are not supported");
    }
    if (name.find('.') != std::string_view::npos) {
      return Refuse(name, "chained parameters are not supported");
    }
    if (options_.handling == Handling::kLenient) return absl::OkStatus();
    return Refuse(name, "not supported for " + request_.type);
  }

  absl::Status AddGroup(const std::string& name, std::string_view value) {
    SearchGroup group{name, {}};
    const bool is_reference = TypeOfParameter(request_.type, name) == "reference";
    for (const std::string_view part : SplitUnescaped(value, ',')) {
      if (++values_ > kMaxValues) {
        return MakeError(ErrorId::kTooLarge, "more than 512 search values");
      }
      if (part.empty()) return Refuse(name, "an empty value");
      if (is_reference) {
        group.values.push_back(ParseReference(name, part, options_.base));
      } else {
        HANDOFF_ASSIGN_OR_RETURN(SearchValue token, ParseToken(name, part));
        group.values.push_back(std::move(token));
      }
    }
    request_.groups.push_back(std::move(group));
    return absl::OkStatus();
  }

  const SearchOptions& options_;
  SearchRequest request_;
  std::size_t values_ = 0;
};

bool ValueMatches(const SearchValue& value, std::string_view token) {
  switch (value.kind) {
    case SearchValue::Kind::kExact:
      return token == value.text;
    case SearchValue::Kind::kCode: {
      const std::size_t bar = token.find('|');
      return bar != std::string_view::npos && token.substr(bar + 1) == value.text;
    }
    case SearchValue::Kind::kSystem: {
      const std::size_t bar = token.find('|');
      return bar != std::string_view::npos && token.substr(0, bar) == value.text;
    }
    case SearchValue::Kind::kId: {
      const std::size_t slash = token.find('/');
      return slash != std::string_view::npos && token.find(':') == std::string_view::npos &&
             token.substr(slash + 1) == value.text;
    }
  }
  return false;
}

}  // namespace

bool SearchGroup::Matches(const fhir::SearchTokens& tokens) const {
  return std::any_of(tokens.begin(), tokens.end(), [this](std::string_view token) {
    if (!token.starts_with(name) || token.size() <= name.size() || token[name.size()] != '=') {
      return false;
    }
    token.remove_prefix(name.size() + 1);
    return std::any_of(values.begin(), values.end(), [token](const SearchValue& value) {
      return ValueMatches(value, token);
    });
  });
}

absl::StatusOr<SearchRequest> ParseSearch(
    std::string_view type,
    const std::vector<std::pair<std::string, std::string>>& parameters,
    const SearchOptions& options) {
  const std::vector<std::string_view> types = fhir::MappedTypes();
  if (std::find(types.begin(), types.end(), type) == types.end()) {
    return MakeError(ErrorId::kNotFound, "no such resource type");
  }
  if (parameters.size() > kMaxParameters) {
    return MakeError(ErrorId::kTooLarge, "more than 64 search parameters");
  }
  SearchParser parser(type, options);
  for (const auto& [name, value] : parameters) {
    HANDOFF_RETURN_IF_ERROR(parser.Add(name, value));
  }
  return std::move(parser).Take();
}

}  // namespace handoff::access
