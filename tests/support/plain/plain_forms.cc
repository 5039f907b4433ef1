#include "tests/support/plain/plain_forms.h"

#include <algorithm>
#include <chrono>
#include <regex>
#include <string>

namespace handoff::plain {
namespace {

using fhir::internal::Kind;

constexpr const char* kDate =
    "([0-9]([0-9]([0-9][1-9]|[1-9]0)|[1-9]00)|[1-9]000)(-(0[1-9]|1[0-2])(-(0[1-9]|[1-2][0-9]|3[0-1]"
    "))?)?";
constexpr const char* kDay =
    "([0-9]([0-9]([0-9][1-9]|[1-9]0)|[1-9]00)|[1-9]000)-(0[1-9]|1[0-2])-(0[1-9]|[1-2][0-9]|3[0-1])";
constexpr const char* kClock = "([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)";
constexpr const char* kZone = "(Z|(\\+|-)((0[0-9]|1[0-3]):[0-5][0-9]|14:00))";

// std::regex needs stack for each character: what is long has no such form.
bool Matches(std::string_view text, const std::string& form) {
  return text.size() <= 256 && std::regex_match(text.begin(), text.end(), std::regex(form));
}

// datatypes.html#string: no control character but tab, line feed and carriage return.
bool IsText(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) >= 0x20 || c == '\t' || c == '\r' || c == '\n';
  });
}

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

bool HasSpace(std::string_view text) { return std::any_of(text.begin(), text.end(), IsSpace); }

// [^\s]+(\s[^\s]+)*
bool IsCode(std::string_view text) {
  bool word = false;
  for (const char c : text) {
    if (IsSpace(c) && !word) return false;
    word = !IsSpace(c);
  }
  return word;
}

// (\s*([0-9a-zA-Z\+\/\=]){4}\s*)+
bool IsBase64(std::string_view text) {
  std::size_t n = 0;
  for (const char c : text) {
    const bool letter = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                        (c >= 'A' && c <= 'Z') || c == '+' || c == '/' || c == '=';
    if (!letter && !(IsSpace(c) && n % 4 == 0)) return false;
    n += letter ? 1 : 0;
  }
  return n != 0 && n % 4 == 0;
}

// Without the digits of a second's fraction, of which there may be any number.
std::string WithoutFraction(std::string_view text) {
  const std::size_t point = text.find('.');
  if (point == text.npos) return std::string(text);
  std::size_t end = point + 1;
  while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
  if (end == point + 1) return "a point without a digit";
  return std::string(text.substr(0, point)) + std::string(text.substr(end));
}

// Whether the day is in the calendar; `text` begins with a date.
bool IsInCalendar(std::string_view text) {
  if (text.size() < 10) return true;
  using namespace std::chrono;
  const auto number = [&](std::size_t at, std::size_t n) {
    return std::stoi(std::string(text.substr(at, n)));
  };
  return year_month_day(year(number(0, 4)),
                        month(static_cast<unsigned>(number(5, 2))),
                        day(static_cast<unsigned>(number(8, 2))))
      .ok();
}

bool IsString(Kind kind, const std::string& text) {
  if (text.empty() || !IsText(text)) return false;
  switch (kind) {
    case Kind::kUri:
    case Kind::kUrl:
    case Kind::kCanonical:
      return !HasSpace(text);
    case Kind::kOid:
      return text.starts_with("urn:oid:") && text.size() < 256
                 ? Matches(text, "urn:oid:[0-2](\\.(0|[1-9][0-9]*))+")
                 : false;
    case Kind::kUuid:
      return Matches(text, "urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");
    case Kind::kCode:
      return IsCode(text);
    case Kind::kId:
      return Matches(text, "[A-Za-z0-9\\-\\.]{1,64}");
    case Kind::kBase64Binary:
      return IsBase64(text);
    case Kind::kTime:
      return Matches(WithoutFraction(text), kClock) && !text.ends_with('.');
    case Kind::kDate:
      return Matches(text, kDate) && IsInCalendar(text);
    case Kind::kDateTime:
      if (Matches(text, kDate)) return IsInCalendar(text);
      [[fallthrough]];
    case Kind::kInstant: {
      const std::size_t seconds = text.size() > 19 ? 19 : text.size();
      return text.find('.') >= seconds && (text.find('.') == text.npos || text.find('.') == 19) &&
             Matches(WithoutFraction(text), std::string(kDay) + "T" + kClock + kZone) &&
             IsInCalendar(text);
    }
    default:
      return true;
  }
}

}  // namespace

bool HasForm(Kind kind, const Value& value) {
  switch (kind) {
    case Kind::kBoolean:
      return value.kind == Value::Kind::kTrue || value.kind == Value::Kind::kFalse;
    case Kind::kDecimal:
      return value.kind == Value::Kind::kNumber;
    case Kind::kInteger:
    case Kind::kPositiveInt:
    case Kind::kUnsignedInt: {
      if (value.kind != Value::Kind::kNumber || value.text.size() > 11 || value.text == "-0" ||
          !Matches(value.text, "-?[0-9]+")) {
        return false;
      }
      const long long number = std::stoll(value.text);
      const long long least = kind == Kind::kInteger       ? -2'147'483'648LL
                              : kind == Kind::kPositiveInt ? 1
                                                           : 0;
      return number >= least && number <= 2'147'483'647LL;
    }
    default:
      return value.IsString() && IsString(kind, value.text);
  }
}

}  // namespace handoff::plain
