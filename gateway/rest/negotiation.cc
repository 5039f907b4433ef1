#include "gateway/rest/negotiation.h"

#include <algorithm>
#include <array>
#include <string>

#include "gateway/base/error.h"
#include "gateway/rest/trim.h"

namespace handoff::rest {
namespace {

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

// Cuts the next part off `*rest`, which ends up empty after the last.
std::string_view NextPart(std::string_view* rest, char separator) {
  const std::size_t end = std::min(rest->find(separator), rest->size());
  const std::string_view part = Trim(rest->substr(0, end));
  rest->remove_prefix(std::min(end + 1, rest->size()));
  return part;
}

template <std::size_t N>
bool IsOneOf(std::string_view text, const std::array<std::string_view, N>& list) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

std::string_view Unquote(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    return text.substr(1, text.size() - 2);
  }
  return text;
}

struct MediaType {
  std::string name;      // "application/fhir+json"
  bool refused = false;  // q=0, another FHIR version, another charset
};

// RFC 9110 8.3.1, in lower case. Parameters that do not matter here are passed over.
MediaType ParseMediaType(std::string_view text) {
  const std::string lower = Lower(text);
  std::string_view rest = lower;
  MediaType type{std::string(NextPart(&rest, ';')), false};
  while (!rest.empty()) {
    std::string_view value = NextPart(&rest, ';');
    const std::string_view name = NextPart(&value, '=');
    value = Unquote(value);
    if (name == "q") {
      type.refused |= !value.empty() && value.find_first_not_of("0.") == std::string_view::npos;
    } else if (name == "fhirversion") {
      type.refused |= value != "4.0";
    } else if (name == "charset") {
      type.refused |= value != "utf-8";
    }
  }
  return type;
}

constexpr std::array<std::string_view, 3> kJson{
    "application/fhir+json", "application/json", "text/json"};
constexpr std::array<std::string_view, 3> kAnything{"*/*", "application/*", "text/*"};
// A '+' that was not escaped in the URL arrives as a space.
constexpr std::array<std::string_view, 2> kJsonFormats{"json", "application/fhir json"};

Failure NotAcceptable() {
  return {
      MakeError(ErrorId::kUnsupported, "answers are FHIR R4 JSON: application/fhir+json"), 406, {}};
}

}  // namespace

Preferences ReadPreferences(const http::Headers& headers, const http::QueryParams& query) {
  Preferences preferences;
  preferences.pretty = query.Get("_pretty") == "true";
  for (const std::string_view header : headers.All("Prefer")) {
    std::string text = Lower(header);
    std::replace(text.begin(), text.end(), ',', ';');
    std::string_view rest = text;
    while (!rest.empty()) {
      const std::string_view preference = NextPart(&rest, ';');
      if (preference == "return=minimal") {
        preferences.what = Preferences::Return::kMinimal;
      } else if (preference == "return=representation") {
        preferences.what = Preferences::Return::kRepresentation;
      } else if (preference == "return=operationoutcome") {
        preferences.what = Preferences::Return::kOutcome;
      } else if (preference == "handling=lenient") {
        preferences.handling = access::Handling::kLenient;
      }
    }
  }
  return preferences;
}

std::optional<Failure> CheckAccept(const http::Headers& headers, const http::QueryParams& query) {
  if (query.Has("_format")) {
    const MediaType format = ParseMediaType(query.Get("_format"));
    const bool json = IsOneOf(format.name, kJson) || IsOneOf(format.name, kJsonFormats);
    if (json && !format.refused) return std::nullopt;
    return NotAcceptable();
  }
  if (!headers.Has("Accept")) return std::nullopt;
  for (std::string_view rest : headers.All("Accept")) {
    while (!rest.empty()) {
      const MediaType type = ParseMediaType(NextPart(&rest, ','));
      const bool json = IsOneOf(type.name, kJson) || IsOneOf(type.name, kAnything);
      if (json && !type.refused) return std::nullopt;
    }
  }
  return NotAcceptable();
}

std::optional<Failure> CheckContentType(const http::Headers& headers, Content wanted) {
  const std::string coding = Lower(headers.Get("Content-Encoding"));
  if (!coding.empty() && coding != "identity") {
    return Failure{
        MakeError(ErrorId::kUnsupported, "content is taken without a content coding"), 415, {}};
  }
  const MediaType type = ParseMediaType(headers.Get("Content-Type"));
  const bool fits = wanted == Content::kForm ? type.name == "application/x-www-form-urlencoded"
                                             : IsOneOf(type.name, kJson);
  if (fits && !type.refused) return std::nullopt;
  return Failure{MakeError(ErrorId::kUnsupported,
                           wanted == Content::kForm
                               ? "a search is posted as application/x-www-form-urlencoded"
                               : "content is FHIR R4 JSON in UTF-8: application/fhir+json"),
                 415,
                 {}};
}

}  // namespace handoff::rest
