// Message objects of the model: the hand-written part of what handoff-mapc generates.
#include <string>
#include <string_view>

#include <simdjson.h>

#include "fhir-mappings/runtime/date_wire.h"
#include "fhir-mappings/runtime/json_text.h"
#include "fhir-mappings/runtime/message_code.h"
#include "fhir-mappings/runtime/resource.h"
#include "handoff/v1/exchange.pb.h"

namespace handoff::fhir {
namespace internal {

bool IsLongUtf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

bool ReadDate(std::string_view wire, v1::Date& m) {
  DateParts date{m.year(), m.month(), m.day()};
  if (!DecodeDate(wire, date)) return false;
  m.set_year(date.year);
  m.set_month(date.month);
  m.set_day(date.day);
  return true;
}

bool ReadDateTime(std::string_view wire, v1::DateTime& m, Reading reading) {
  WireReader reader(wire);
  for (WireField f; reader.Next(f);) {
    switch (Case(f)) {
      case Case(v1::DateTime::kSecondsFieldNumber, false):
        m.set_seconds(UnZigZag(f.value));
        break;
      case Case(v1::DateTime::kNanosFieldNumber, false):
        m.set_nanos(NumberOf<std::uint32_t>(f.value));
        break;
      case Case(v1::DateTime::kFractionDigitsFieldNumber, false):
        m.set_fraction_digits(NumberOf<std::uint32_t>(f.value));
        break;
      case Case(v1::DateTime::kOffsetMinutesFieldNumber, false):
        m.set_offset_minutes(static_cast<std::int32_t>(UnZigZag(NumberOf<std::uint32_t>(f.value))));
        break;
      case Case(v1::DateTime::kZuluFieldNumber, false):
        m.set_zulu(f.value != 0);
        break;
      case Case(v1::DateTime::kPrecisionFieldNumber, false):
        m.set_precision(NumberOf<v1::DateTime::Precision>(f.value));
        break;
      case Case(v1::DateTime::kTextFieldNumber, true):
        if (!reading.IsText(f.bytes)) return false;
        m.set_text(std::string(f.bytes));
        break;
      default:
        return false;
    }
  }
  return reader.ok();
}

void MessageWriter::ByWire(const Type& type, const google::protobuf::MessageLite& message) {
  std::string json;
  if (!WriteElement(type, message.SerializeAsString(), &json).ok()) Damaged(type.name);
  out_.Append(json);
}

void MessageWriter::EncodedResource(std::string_view encoded) {
  std::string json;
  if (!WriteJson(encoded, {}, &json).ok()) Damaged("a resource");
  out_.Append(json);
}

void MessageWriter::PutText(const std::string& text) { AppendJsonString(text, out_); }

void MessageWriter::PutDecimal(const std::string& text) {
  if (!IsDecimal(text)) Damaged("a decimal");
  out_.Append(text);
}

void MessageWriter::PutNumber(std::int64_t value) { out_.Append(std::to_string(value)); }

void MessageWriter::PutCode(int value, const Enum& codes) {
  if (!AppendCode(codes, static_cast<std::uint64_t>(static_cast<std::int64_t>(value)), out_))
    Damaged(codes.name);
}

void MessageWriter::PutDate(const v1::Date& date) {
  out_.Put('"');
  if (date.year() < 0 || date.year() > 9999 || UnknownFields::StandIn(date) ||
      !AppendDate({date.year(), date.month(), date.day()}, out_))
    Damaged("a date");
  out_.Put('"');
}

void MessageWriter::PutDateTime(const v1::DateTime& time, Kind kind) {
  const int precision = time.precision();
  DecodedDateTime decoded;
  decoded.text = time.text();
  decoded.parts.seconds = time.seconds();
  decoded.parts.nanos = time.nanos();
  decoded.parts.fraction_digits = time.fraction_digits();
  decoded.parts.offset_minutes = time.offset_minutes();
  decoded.parts.zulu = time.zulu();
  if (precision != 0) decoded.parts.precision = static_cast<DateTimeParts::Precision>(precision);
  out_.Put('"');
  if (UnknownFields::StandIn(time) || precision < 0 || precision > v1::DateTime::SECOND ||
      !AppendDateTimeText(decoded, kind, out_))
    Damaged("a dateTime");
  out_.Put('"');
}

void MessageWriter::PutReference(const ReferenceParts& parts) {
  if (!AppendReference(parts, out_)) Damaged("Reference.reference");
}

void MessageWriter::Extra(const std::string& extra) {
  if (!IsJsonObject(extra)) return Damaged("extra");
  AppendMembers(extra, out_);
}

bool MessageWriter::IsAbsent(const v1::Resource& resource) {
  return resource.resource_case() == v1::Resource::RESOURCE_NOT_SET &&
         !UnknownFields::StandIn(resource);
}

}  // namespace internal

bool ParseResource(std::string_view encoded, v1::Resource* resource, Utf8 utf8) {
  resource->Clear();
  if (internal::ReadMessage(encoded, *resource, utf8)) return true;
  // What another version of the model wrote, or damage.
  return resource->ParseFromArray(encoded.data(), static_cast<int>(encoded.size()));
}

absl::Status WriteJson(const v1::Resource& resource,
                       const WriteOptions& options,
                       std::string* json) {
  const std::size_t begin = json->size();
  {
    internal::MessageWriter writer(json);
    internal::WriteMessage(resource, writer);
    if (!writer.damage().empty())
      return absl::DataLossError("the resource cannot be written: " + writer.damage());
  }
  return internal::FinishJson(begin, options, json);
}

}  // namespace handoff::fhir
