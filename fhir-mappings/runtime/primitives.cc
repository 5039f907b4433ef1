#include "fhir-mappings/runtime/primitives.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "fhir-mappings/runtime/json_text.h"

namespace handoff::fhir::internal {
namespace {

constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }
constexpr bool IsAlpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
// White space that a string may hold (FHIR R4 datatypes.html#string).
constexpr bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// The first byte that is not above `limit`, from `i` on; npos if there is none.
std::size_t FindLow(std::string_view s, unsigned char limit, std::size_t i = 0) {
#ifdef __SSE2__
  const __m128i limits = _mm_set1_epi8(static_cast<char>(limit));
  const auto low_bytes = [&](std::size_t at) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(s.data() + at));
    return static_cast<unsigned>(
        _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(block, limits), block)));
  };
  for (; i + 16 <= s.size(); i += 16) {
    if (const unsigned low = low_bytes(i))
      return i + static_cast<std::size_t>(std::countr_zero(low));
  }
  // The rest, with bytes before it that are known to be high, or are looked at once more.
  if (s.size() >= 16 && i < s.size()) {
    const std::size_t at = s.size() - 16;
    const unsigned low = low_bytes(at) >> (i - at);
    return low == 0 ? s.npos : i + static_cast<std::size_t>(std::countr_zero(low));
  }
#endif
  for (; i < s.size(); ++i) {
    if (static_cast<unsigned char>(s[i]) <= limit) return i;
  }
  return s.npos;
}

// FHIR R4 datatypes.html#string: no character below U+0020 but tab, line feed and carriage return.
bool IsFhirString(std::string_view s) {
  for (std::size_t i = FindLow(s, 0x1f); i != s.npos; i = FindLow(s, 0x1f, i + 1)) {
    if (s[i] != '\t' && s[i] != '\n' && s[i] != '\r') return false;
  }
  return true;
}

// No white space, no control character.
bool IsUri(std::string_view s) { return FindLow(s, ' ') == s.npos; }

// [^\s]+(\s[^\s]+)*
bool IsCode(std::string_view s) {
  std::size_t begin = 0;  // of the word
  for (std::size_t i = FindLow(s, ' '); i != s.npos; i = FindLow(s, ' ', begin)) {
    if (!IsSpace(s[i]) || i == begin) return false;
    begin = i + 1;
  }
  return begin != s.size();
}

bool IsId(std::string_view s) {
  if (s.size() > 64) return false;
  for (const char c : s) {
    if (!IsAlpha(c) && !IsDigit(c) && c != '-' && c != '.') return false;
  }
  return true;
}

// urn:oid:[0-2](\.(0|[1-9][0-9]*))+
bool IsOid(std::string_view s) {
  constexpr std::string_view kPrefix = "urn:oid:";
  if (!s.starts_with(kPrefix)) return false;
  s.remove_prefix(kPrefix.size());
  if (s.size() < 3 || s[0] < '0' || s[0] > '2') return false;
  std::size_t i = 1;
  while (i < s.size()) {
    if (s[i++] != '.' || i == s.size() || !IsDigit(s[i])) return false;
    if (s[i++] == '0') continue;
    while (i < s.size() && IsDigit(s[i])) ++i;
  }
  return true;
}

bool IsUuid(std::string_view s) {
  constexpr std::string_view kScheme = "urn:uuid:";
  constexpr std::string_view kForm = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  if (s.size() != kScheme.size() + kForm.size() || !s.starts_with(kScheme)) return false;
  bool good = true;  // without a branch a character
  for (std::size_t i = 0; i < kForm.size(); ++i) {
    const char c = s[kScheme.size() + i];
    const bool hex =
        (static_cast<unsigned char>(c - '0') <= 9) | (static_cast<unsigned char>(c - 'a') <= 5);
    good &= kForm[i] == 'x' ? hex : c == '-';
  }
  return good;
}

// (\s*([0-9a-zA-Z\+/=]){4}\s*)+
bool IsBase64(std::string_view s) {
  std::size_t group = 0;
  bool any = false;
  for (const char c : s) {
    if (IsSpace(c)) {
      if (group != 0) return false;
    } else if (IsAlpha(c) || IsDigit(c) || c == '+' || c == '/' || c == '=') {
      group = (group + 1) % 4;
      any = true;
    } else {
      return false;
    }
  }
  return any && group == 0;
}

// Two digits at `i`, or -1.
int TwoDigits(std::string_view s, std::size_t i) {
  if (i + 2 > s.size() || !IsDigit(s[i]) || !IsDigit(s[i + 1])) return -1;
  return (s[i] - '0') * 10 + (s[i + 1] - '0');
}

struct ClockTime {
  int seconds;  // of the day; a leap second counts as the next one
  bool leap;
  std::size_t end;  // behind the seconds
};

std::optional<ClockTime> ParseClock(std::string_view s) {
  const int hour = TwoDigits(s, 0);
  const int minute = TwoDigits(s, 3);
  const int second = TwoDigits(s, 6);
  if (s.size() < 8 || s[2] != ':' || s[5] != ':' || hour < 0 || hour > 23 || minute < 0 ||
      minute > 59 || second < 0 || second > 60) {
    return std::nullopt;
  }
  return ClockTime{hour * 3600 + minute * 60 + second, second == 60, 8};
}

// Behind the digits of `.ddd` that may begin at `i`; npos if the point has no digit.
std::size_t SkipFraction(std::string_view s, std::size_t i) {
  if (i == s.size() || s[i] != '.') return i;
  const std::size_t begin = ++i;
  while (i < s.size() && IsDigit(s[i])) ++i;
  return i == begin ? s.npos : i;
}

bool IsTime(std::string_view s) {
  const auto clock = ParseClock(s);
  return clock && SkipFraction(s, clock->end) == s.size();
}

int DaysInMonth(int year, unsigned month) {
  constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month == 2 && leap ? 29 : kDays[month - 1];
}

// Days since 1970-01-01 in the proleptic Gregorian calendar, and back (H. Hinnant,
// chrono-Compatible Low-Level Date Algorithms).
std::int64_t DaysFromCivil(int year, unsigned month, unsigned day) {
  const std::int64_t y = year - (month <= 2 ? 1 : 0);
  const std::int64_t era = (y >= 0 ? y : y - 399) / 400;
  const std::int64_t yoe = y - era * 400;
  const std::int64_t doy =
      (153 * (static_cast<std::int64_t>(month) + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

DateParts CivilFromDays(std::int64_t days) {
  days += 719468;
  const std::int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const std::int64_t doe = days - era * 146097;
  const std::int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const std::int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const std::int64_t mp = (5 * doy + 2) / 153;
  const auto month = static_cast<std::uint32_t>(mp < 10 ? mp + 3 : mp - 9);
  const auto day = static_cast<std::uint32_t>(doy - (153 * mp + 2) / 5 + 1);
  return {static_cast<std::int32_t>(yoe + era * 400 + (month <= 2 ? 1 : 0)), month, day};
}

void PutDigits(char*& p, std::uint32_t value, int width) {
  for (int i = width - 1; i >= 0; --i) {
    p[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
  p += width;
}

// The fraction and the zone of a dateTime with a time, from `i` on.
bool ParseTail(std::string_view s, std::size_t i, DateTimeParts& parts) {
  const std::size_t end = SkipFraction(s, i);
  if (end == s.npos) return false;
  const std::size_t digits = end > i ? end - i - 1 : 0;
  if (digits > 9) parts.reproducible = false;
  std::uint32_t nanos = 0;
  for (std::size_t d = 0; d < 9; ++d) {
    nanos = nanos * 10 + (d < digits ? static_cast<std::uint32_t>(s[i + 1 + d] - '0') : 0);
  }
  parts.nanos = nanos;
  parts.fraction_digits = static_cast<std::uint32_t>(digits);
  const std::string_view zone = s.substr(end);
  if (zone == "Z") {
    parts.zulu = true;
    return true;
  }
  const int hours = TwoDigits(zone, 1);
  const int minutes = TwoDigits(zone, 4);
  if (zone.size() != 6 || (zone[0] != '+' && zone[0] != '-') || zone[3] != ':' || hours < 0 ||
      minutes < 0 || minutes > 59 || hours > 14 || (hours == 14 && minutes != 0)) {
    return false;
  }
  parts.offset_minutes = (hours * 60 + minutes) * (zone[0] == '-' ? -1 : 1);
  if (zone[0] == '-' && parts.offset_minutes == 0) parts.reproducible = false;
  return true;
}

bool IsTypeName(std::string_view s) {
  if (s.size() < 2 || s[0] < 'A' || s[0] > 'Z') return false;
  for (const char c : s) {
    if (!IsAlpha(c)) return false;
  }
  return true;
}

}  // namespace

bool HasForm(Kind kind, std::string_view text) {
  if (text.empty()) return false;
  switch (kind) {
    case Kind::kUri:
    case Kind::kUrl:
    case Kind::kCanonical:
      return IsUri(text);
    case Kind::kCode:
      return IsCode(text);
    case Kind::kId:
      return IsId(text);
    case Kind::kOid:
      return IsOid(text);
    case Kind::kUuid:
      return IsUuid(text);
    case Kind::kBase64Binary:
      return IsBase64(text);
    case Kind::kTime:
      return IsTime(text);
    default:
      return IsFhirString(text);
  }
}

std::string_view Description(Kind kind) {
  switch (kind) {
    case Kind::kString:
    case Kind::kReferenceText:
      return "a string (FHIR R4 datatypes.html#string)";
    case Kind::kMarkdown:
      return "markdown (FHIR R4 datatypes.html#markdown)";
    case Kind::kXhtml:
      return "XHTML (FHIR R4 narrative.html#xhtml)";
    case Kind::kUri:
      return "a uri (FHIR R4 datatypes.html#uri)";
    case Kind::kUrl:
      return "a url (FHIR R4 datatypes.html#url)";
    case Kind::kCanonical:
      return "a canonical (FHIR R4 datatypes.html#canonical)";
    case Kind::kOid:
      return "an oid (FHIR R4 datatypes.html#oid)";
    case Kind::kUuid:
      return "a uuid (FHIR R4 datatypes.html#uuid)";
    case Kind::kCode:
      return "a code (FHIR R4 datatypes.html#code)";
    case Kind::kId:
      return "an id (FHIR R4 datatypes.html#id)";
    case Kind::kBase64Binary:
      return "base64Binary (FHIR R4 datatypes.html#base64Binary)";
    case Kind::kTime:
      return "a time (FHIR R4 datatypes.html#time)";
    case Kind::kDecimal:
      return "a decimal (FHIR R4 datatypes.html#decimal)";
    case Kind::kBoolean:
      return "a boolean (FHIR R4 datatypes.html#boolean)";
    case Kind::kInteger:
      return "an integer of 32 bits (FHIR R4 datatypes.html#integer)";
    case Kind::kPositiveInt:
      return "a positiveInt of 31 bits (FHIR R4 datatypes.html#positiveInt)";
    case Kind::kUnsignedInt:
      return "an unsignedInt of 31 bits (FHIR R4 datatypes.html#unsignedInt)";
    case Kind::kEnum:
      return "a code (FHIR R4 datatypes.html#code)";
    case Kind::kDate:
      return "a date (FHIR R4 datatypes.html#date)";
    case Kind::kDateTime:
      return "a dateTime (FHIR R4 datatypes.html#dateTime)";
    case Kind::kInstant:
      return "an instant (FHIR R4 datatypes.html#instant)";
    case Kind::kMessage:
      return "an object";
    case Kind::kResource:
      return "a resource";
    case Kind::kExtra:
      break;
  }
  return "a value";
}

std::optional<DateParts> ParseDate(std::string_view text) {
  DateParts date;
  const int century = TwoDigits(text, 0);
  const int rest = TwoDigits(text, 2);
  if (century < 0 || rest < 0 || century + rest == 0) return std::nullopt;
  date.year = century * 100 + rest;
  if (text.size() == 4) return date;
  const int month = TwoDigits(text, 5);
  if (text[4] != '-' || month < 1 || month > 12) return std::nullopt;
  date.month = static_cast<std::uint32_t>(month);
  if (text.size() == 7) return date;
  const int day = TwoDigits(text, 8);
  if (text.size() != 10 || text[7] != '-' || day < 1 || day > DaysInMonth(date.year, date.month))
    return std::nullopt;
  date.day = static_cast<std::uint32_t>(day);
  return date;
}

std::optional<DateTimeParts> ParseDateTime(std::string_view text, Kind kind) {
  const auto date = ParseDate(text.substr(0, 10));
  if (!date || (text.size() > 10 && date->day == 0)) return std::nullopt;
  DateTimeParts parts;
  parts.seconds =
      DaysFromCivil(date->year, std::max(date->month, 1u), std::max(date->day, 1u)) * 86400;
  parts.precision = date->day != 0     ? DateTimeParts::kDay
                    : date->month != 0 ? DateTimeParts::kMonth
                                       : DateTimeParts::kYear;
  if (text.size() <= 10) {
    if (kind == Kind::kInstant) return std::nullopt;
    return parts;
  }
  const auto clock = ParseClock(text.substr(11));
  if (text[10] != 'T' || !clock || !ParseTail(text, 11 + clock->end, parts)) return std::nullopt;
  parts.precision = DateTimeParts::kSecond;
  parts.seconds += clock->seconds - std::int64_t{parts.offset_minutes} * 60;
  if (clock->leap) parts.reproducible = false;
  return parts;
}

bool AppendDate(const DateParts& date, Sink& out) {
  if (date.year < 1 || date.year > 9999 || date.month > 12 || (date.month == 0 && date.day != 0) ||
      (date.day != 0 &&
       date.day > static_cast<std::uint32_t>(DaysInMonth(date.year, date.month)))) {
    return false;
  }
  char* const begin = out.Room(10);
  char* p = begin;
  PutDigits(p, static_cast<std::uint32_t>(date.year), 4);
  if (date.month != 0) {
    *p++ = '-';
    PutDigits(p, date.month, 2);
  }
  if (date.day != 0) {
    *p++ = '-';
    PutDigits(p, date.day, 2);
  }
  out.Advance(static_cast<std::size_t>(p - begin));
  return true;
}

bool AppendDateTime(const DateTimeParts& time, Sink& out) {
  // Year 1 to 9999 with a day of margin; AppendDate has the exact word.
  constexpr std::int64_t kMin = -62'135'683'200;
  constexpr std::int64_t kMax = 253'402'387'200;
  if (time.seconds < kMin || time.seconds > kMax || time.nanos > 999'999'999 ||
      time.fraction_digits > 9 || time.offset_minutes < -840 || time.offset_minutes > 840 ||
      time.precision < DateTimeParts::kYear || time.precision > DateTimeParts::kSecond) {
    return false;
  }
  const std::int64_t local = time.seconds + std::int64_t{time.offset_minutes} * 60;
  const std::int64_t days = (local >= 0 ? local : local - 86399) / 86400;
  DateParts date = CivilFromDays(days);
  if (time.precision == DateTimeParts::kYear) date.month = 0;
  if (time.precision <= DateTimeParts::kMonth) date.day = 0;
  if (!AppendDate(date, out)) return false;
  if (time.precision != DateTimeParts::kSecond) return true;
  const auto second = static_cast<std::uint32_t>(local - days * 86400);
  char* const begin = out.Room(32);
  char* p = begin;
  *p++ = 'T';
  PutDigits(p, second / 3600, 2);
  *p++ = ':';
  PutDigits(p, second / 60 % 60, 2);
  *p++ = ':';
  PutDigits(p, second % 60, 2);
  if (time.fraction_digits != 0) {
    *p++ = '.';
    PutDigits(p, time.nanos, 9);
    p -= 9 - time.fraction_digits;
  }
  if (time.zulu) {
    *p++ = 'Z';
  } else {
    const auto offset = static_cast<std::uint32_t>(time.offset_minutes < 0 ? -time.offset_minutes
                                                                           : time.offset_minutes);
    *p++ = time.offset_minutes < 0 ? '-' : '+';
    PutDigits(p, offset / 60, 2);
    *p++ = ':';
    PutDigits(p, offset % 60, 2);
  }
  out.Advance(static_cast<std::size_t>(p - begin));
  return true;
}

std::optional<std::int64_t> ParseInteger(Kind kind, std::string_view text) {
  std::int32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text == "-0") return std::nullopt;
  if (kind == Kind::kPositiveInt && value < 1) return std::nullopt;
  if (kind == Kind::kUnsignedInt && value < 0) return std::nullopt;
  return value;
}

bool IsDecimal(std::string_view text) {
  std::size_t i = text.starts_with('-') ? 1 : 0;
  const auto digits = [&] {
    const std::size_t begin = i;
    while (i < text.size() && IsDigit(text[i])) ++i;
    return i - begin;
  };
  const bool zero = i < text.size() && text[i] == '0';
  const std::size_t whole = digits();
  if (whole == 0 || (zero && whole > 1)) return false;
  if (i < text.size() && text[i] == '.') {
    ++i;
    if (digits() == 0) return false;
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    if (digits() == 0) return false;
  }
  return i == text.size();
}

ReferenceParts ParseReference(std::string_view text) {
  constexpr std::string_view kHistory = "/_history/";
  const ReferenceParts as_uri{{}, {}, {}, text};
  const std::size_t slash = text.find('/');
  if (slash == text.npos || !IsTypeName(text.substr(0, slash))) return as_uri;
  ReferenceParts parts{text.substr(0, slash), text.substr(slash + 1), {}, {}};
  if (const std::size_t history = parts.id.find(kHistory); history != parts.id.npos) {
    parts.version = parts.id.substr(history + kHistory.size());
    parts.id = parts.id.substr(0, history);
    if (parts.version.empty() || !IsId(parts.version)) return as_uri;
  }
  return parts.id.empty() || !IsId(parts.id) ? as_uri : parts;
}

bool AppendReference(const ReferenceParts& parts, Sink& out) {
  const auto& [type, id, version, uri] = parts;
  if (!uri.empty()) {
    AppendJsonString(uri, out);
    return type.empty() && id.empty() && version.empty();
  }
  if (type.empty() || id.empty()) return false;
  out.Put('"');
  AppendEscaped(type, out);
  out.Put('/');
  AppendEscaped(id, out);
  if (!version.empty()) {
    out.Append("/_history/");
    AppendEscaped(version, out);
  }
  out.Put('"');
  return true;
}

}  // namespace handoff::fhir::internal
