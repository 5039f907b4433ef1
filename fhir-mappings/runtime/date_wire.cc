#include "fhir-mappings/runtime/date_wire.h"

#include <algorithm>
#include <limits>

#include "fhir-mappings/runtime/wire.h"
#include "fhir-mappings/runtime/wire_fields.h"

namespace handoff::fhir::internal {
namespace {

bool Narrow(std::uint64_t value, std::uint32_t& out) {
  out = static_cast<std::uint32_t>(value);
  return value <= std::numeric_limits<std::uint32_t>::max();
}

}  // namespace

void EncodeDate(const DateParts& date, Sink& out) {
  PutNumber(out, wire_fields::kDateYear, static_cast<std::uint64_t>(date.year));
  if (date.month != 0) PutNumber(out, wire_fields::kDateMonth, date.month);
  if (date.day != 0) PutNumber(out, wire_fields::kDateDay, date.day);
}

void EncodeDateTime(const DateTimeParts& time, Sink& out) {
  if (time.seconds != 0) PutNumber(out, wire_fields::kDateTimeSeconds, ZigZag(time.seconds));
  if (time.nanos != 0) PutNumber(out, wire_fields::kDateTimeNanos, time.nanos);
  if (time.fraction_digits != 0)
    PutNumber(out, wire_fields::kDateTimeFractionDigits, time.fraction_digits);
  if (time.offset_minutes != 0)
    PutNumber(out, wire_fields::kDateTimeOffsetMinutes, ZigZag(time.offset_minutes));
  if (time.zulu) PutNumber(out, wire_fields::kDateTimeZulu, 1);
  PutNumber(out, wire_fields::kDateTimePrecision, time.precision);
}

void PutDate(std::uint32_t field, const DateParts& date, Sink& out) {
  PutTag(out, field, WireType::kBytes);
  const std::size_t length = OpenLength(out, 1);
  EncodeDate(date, out);
  CloseLength(out, length, 1);
}

void PutDateTime(std::uint32_t field, const DateTimeParts& time, std::string_view text, Sink& out) {
  PutTag(out, field, WireType::kBytes);
  const std::size_t length = OpenLength(out, 1);
  if (time.reproducible) {
    EncodeDateTime(time, out);
  } else {
    PutBytes(out, wire_fields::kDateTimeText, text);
  }
  CloseLength(out, length, 1);
}

DateTimeParts InstantFromMicros(std::int64_t us) {
  constexpr std::int64_t kSecond = 1'000'000;
  constexpr std::int64_t kMin = -62'135'596'800 * kSecond;
  constexpr std::int64_t kMax = 253'402'300'799 * kSecond;
  us = std::clamp(us, kMin, kMax);
  DateTimeParts time;
  time.seconds = (us >= 0 ? us : us - (kSecond - 1)) / kSecond;
  time.nanos = static_cast<std::uint32_t>((us - time.seconds * kSecond) / 1000) * 1'000'000;
  time.fraction_digits = 3;
  time.zulu = true;
  time.precision = DateTimeParts::kSecond;
  return time;
}

bool DecodeDate(std::string_view wire, DateParts& date) {
  WireReader reader(wire);
  for (WireField field; reader.Next(field);) {
    std::uint32_t value = 0;
    if (field.type != WireType::kVarint || !Narrow(field.value, value)) return false;
    switch (field.number) {
      case wire_fields::kDateYear:
        if (value > 9999) return false;
        date.year = static_cast<std::int32_t>(value);
        break;
      case wire_fields::kDateMonth:
        date.month = value;
        break;
      case wire_fields::kDateDay:
        date.day = value;
        break;
      default:
        return false;
    }
  }
  return reader.ok();
}

bool DecodeDateTime(std::string_view wire, DecodedDateTime& time) {
  WireReader reader(wire);
  for (WireField field; reader.Next(field);) {
    if (field.number == wire_fields::kDateTimeText) {
      if (field.type != WireType::kBytes) return false;
      time.text = field.bytes;
      continue;
    }
    if (field.type != WireType::kVarint) return false;
    std::uint32_t value = 0;
    switch (field.number) {
      case wire_fields::kDateTimeSeconds:
        time.parts.seconds = UnZigZag(field.value);
        break;
      case wire_fields::kDateTimeNanos:
        if (!Narrow(field.value, time.parts.nanos)) return false;
        break;
      case wire_fields::kDateTimeFractionDigits:
        if (!Narrow(field.value, time.parts.fraction_digits)) return false;
        break;
      case wire_fields::kDateTimeOffsetMinutes:
        if (!Narrow(field.value, value)) return false;
        time.parts.offset_minutes = static_cast<std::int32_t>(UnZigZag(value));
        break;
      case wire_fields::kDateTimeZulu:
        time.parts.zulu = field.value != 0;
        break;
      case wire_fields::kDateTimePrecision:
        if (field.value < DateTimeParts::kYear || field.value > DateTimeParts::kSecond)
          return false;
        time.parts.precision = static_cast<DateTimeParts::Precision>(field.value);
        break;
      default:
        return false;
    }
  }
  return reader.ok();
}

bool AppendDateTimeText(const DecodedDateTime& time, Kind kind, Sink& out) {
  if (time.text.empty()) return AppendDateTime(time.parts, out);
  out.Append(time.text);
  return ParseDateTime(time.text, kind).has_value();
}

}  // namespace handoff::fhir::internal
