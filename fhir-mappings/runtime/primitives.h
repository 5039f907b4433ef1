// The forms of FHIR R4's primitive types (FHIR R4 datatypes.html), checked by hand-written
// scanners.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "fhir-mappings/runtime/sink.h"
#include "fhir-mappings/runtime/tables.h"

namespace handoff::fhir::internal {

// Whether `text` has the form that R4 demands of a text kind. Every text is at least one character.
bool HasForm(Kind kind, std::string_view text);

// "an id (FHIR R4 datatypes.html#id)": for messages.
std::string_view Description(Kind kind);

struct DateParts {
  std::int32_t year = 0;
  std::uint32_t month = 0;
  std::uint32_t day = 0;
};
// nullopt if `text` is no date of the calendar.
std::optional<DateParts> ParseDate(std::string_view text);

struct DateTimeParts {
  enum Precision : std::uint32_t { kYear = 1, kMonth = 2, kDay = 3, kSecond = 4 };
  std::int64_t seconds = 0;
  std::uint32_t nanos = 0;
  std::uint32_t fraction_digits = 0;
  std::int32_t offset_minutes = 0;
  bool zulu = false;
  Precision precision = kYear;
  bool reproducible = true;  // false: only the text tells it all
};
// nullopt if `text` is no dateTime (no instant if `kind` is kInstant) of the calendar.
std::optional<DateTimeParts> ParseDateTime(std::string_view text, Kind kind);

// The JSON text without quotes; false if the parts are out of range.
bool AppendDate(const DateParts& date, Sink& out);
bool AppendDateTime(const DateTimeParts& time, Sink& out);

// `-?(0|[1-9][0-9]*)` within the range of the kind; -0 has no integer to stand for it.
std::optional<std::int64_t> ParseInteger(Kind kind, std::string_view text);

// -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?
bool IsDecimal(std::string_view text);

// Type/id or Type/id/_history/version; anything else stays a uri.
struct ReferenceParts {
  std::string_view type;
  std::string_view id;
  std::string_view version;
  std::string_view uri;
};
ReferenceParts ParseReference(std::string_view text);
// The JSON text, in quotes; false if the parts are not those of one reference.
bool AppendReference(const ReferenceParts& parts, Sink& out);

}  // namespace handoff::fhir::internal
