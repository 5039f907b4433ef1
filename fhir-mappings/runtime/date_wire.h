// The wire form of handoff.v1.Date and handoff.v1.DateTime.
#pragma once

#include <cstdint>
#include <string_view>

#include "fhir-mappings/runtime/primitives.h"
#include "fhir-mappings/runtime/sink.h"

namespace handoff::fhir::internal {

void EncodeDate(const DateParts& date, Sink& out);
void EncodeDateTime(const DateTimeParts& time, Sink& out);

// The same as a field; `text` is what `time` was read from.
void PutDate(std::uint32_t field, const DateParts& date, Sink& out);
void PutDateTime(std::uint32_t field, const DateTimeParts& time, std::string_view text, Sink& out);

// UTC, milliseconds, as meta.lastUpdated is written. Before 0001 or after 9999 the nearest of them.
DateTimeParts InstantFromMicros(std::int64_t us);

// What a Date or DateTime message says. `text` is set, and alone, where the typed form cannot
// reproduce it.
struct DecodedDateTime {
  DateTimeParts parts;
  std::string_view text;
};

// False at damage.
bool DecodeDate(std::string_view wire, DateParts& date);
bool DecodeDateTime(std::string_view wire, DecodedDateTime& time);

// The JSON text without quotes; false if the message says no time of this kind.
bool AppendDateTimeText(const DecodedDateTime& time, Kind kind, Sink& out);

}  // namespace handoff::fhir::internal
