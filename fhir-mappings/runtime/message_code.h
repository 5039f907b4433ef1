// What the code that handoff-mapc writes for message objects is made of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include <google/protobuf/message_lite.h>
#include <google/protobuf/repeated_field.h>
#include <google/protobuf/repeated_ptr_field.h>

#include "fhir-mappings/runtime/primitives.h"
#include "fhir-mappings/runtime/resource.h"
#include "fhir-mappings/runtime/rewriter.h"
#include "fhir-mappings/runtime/sink.h"
#include "fhir-mappings/runtime/tables.h"
#include "fhir-mappings/runtime/wire.h"
#include "handoff/v1/types.pb.h"

namespace handoff::fhir::internal {

// --- Wire bytes to a message.

// Nested messages, as protobuf's own parser takes them.
inline constexpr unsigned kMaxParseDepth = 100;

// A field and how it stands, to switch by.
constexpr std::uint64_t Case(std::uint32_t field, bool bytes) {
  return std::uint64_t{field} << 1 | (bytes ? 1 : 0);
}
constexpr std::uint64_t Case(const WireField& field) {
  return Case(field.number, field.type == WireType::kBytes);
}

// A varint as protobuf narrows it.
template <class Number>
constexpr Number NumberOf(std::uint64_t value) {
  if constexpr (std::is_same_v<Number, bool>) return value != 0;
  return static_cast<Number>(static_cast<std::int32_t>(value));
}

bool IsLongUtf8(std::string_view text);

// Most texts are short, and ASCII.
inline bool IsUtf8(std::string_view text) {
  const std::size_t n = text.size();
  const NameKey ends = KeyOf(text);
  std::uint64_t bits = ends.first | ends.last;
  for (std::size_t i = 8; i + 8 < n; i += 8) bits |= LoadWord<std::uint64_t>(text.data() + i);
  return (bits & 0x8080'8080'8080'8080u) == 0 || IsLongUtf8(text);
}

// How deep a reader is, and what it may take for granted.
struct Reading {
  unsigned depth;
  Utf8 utf8;

  bool IsText(std::string_view text) const { return utf8 == Utf8::kKnown || IsUtf8(text); }
};

bool ReadDate(std::string_view wire, v1::Date& m);
bool ReadDateTime(std::string_view wire, v1::DateTime& m, Reading reading);

// False at whatever is not of the model, or damaged; `m` is then unspecified.
bool ReadMessage(std::string_view encoded, v1::Resource& m, Utf8 utf8);

// --- A message to JSON.

// Whether a message carries fields that the model does not have: what another version of it wrote.
// protobuf tells by reflection only, which takes as long as writing the message.
struct UnknownFields : google::protobuf::MessageLite {
  static bool StandIn(const MessageLite& message) {
    return (message.*&UnknownFields::_internal_metadata_).have_unknown_fields();
  }
};

// Writes what a Writer writes for the wire bytes of the same message.
class MessageWriter {
 public:
  template <class T>
  using List = google::protobuf::RepeatedPtrField<T>;
  template <class T>
  using NumberList = google::protobuf::RepeatedField<T>;

  explicit MessageWriter(std::string* json) : out_(json) {}

  // What could not be written; empty if all was.
  const std::string& damage() const { return damage_; }
  void Damaged(std::string_view what) {
    if (damage_.empty()) damage_ = what;
  }

  // False if the object lies too deep; it is not written then.
  bool Begin() {
    if (++depth_ > kMaxMessageDepth) return TooDeep();
    out_.Put('{');
    return true;
  }
  bool BeginResource(std::string_view begin) {
    if (++depth_ > kMaxMessageDepth) return TooDeep();
    out_.Append(begin);
    return true;
  }
  void End(const google::protobuf::MessageLite& message, const std::string& extra) {
    if (!extra.empty()) Extra(extra);
    if (UnknownFields::StandIn(message)) Damaged("an unknown field");
    out_.Put('}');
    --depth_;
  }

  // `,"name":` of a member that has a value; of the first in an object without the comma.
  template <std::size_t kSize>
  void Name(const char (&name)[kSize]) {
    char* const p = out_.Room(kSize);
    const std::size_t skip = out_.back() == '{' ? 1 : 0;
    std::memcpy(p, name + skip, kSize - 1);  // with the NUL, if the comma is skipped
    out_.End(p + kSize - 1 - skip);
  }

  template <std::size_t kSize>
  void Text(const char (&name)[kSize], const std::string& text) {
    if (text.empty()) return;
    Name(name);
    PutText(text);
  }
  template <std::size_t kSize>
  void Texts(const char (&name)[kSize], const List<std::string>& texts) {
    Items(name, texts, [this](const std::string& text) { text.empty() ? Null() : PutText(text); });
  }

  template <std::size_t kSize>
  void Decimal(const char (&name)[kSize], const std::string& text) {
    if (text.empty()) return;
    Name(name);
    PutDecimal(text);
  }
  template <std::size_t kSize>
  void Decimals(const char (&name)[kSize], const List<std::string>& texts) {
    Items(
        name, texts, [this](const std::string& text) { text.empty() ? Null() : PutDecimal(text); });
  }

  template <std::size_t kSize>
  void Boolean(const char (&name)[kSize], bool value) {
    Name(name);
    out_.Append(value ? "true" : "false");
  }

  template <std::size_t kSize, class Integer>
  void Number(const char (&name)[kSize], Integer value) {
    Name(name);
    PutNumber(value);
  }
  template <std::size_t kSize, class Integer>
  void Numbers(const char (&name)[kSize], const NumberList<Integer>& values) {
    Items(name, values, [this](Integer value) { value == 0 ? Null() : PutNumber(value); });
  }

  template <std::size_t kSize>
  void Code(const char (&name)[kSize], int value, const Enum& codes) {
    if (value == 0) return;
    Name(name);
    PutCode(value, codes);
  }
  template <std::size_t kSize>
  void Codes(const char (&name)[kSize], const NumberList<int>& values, const Enum& codes) {
    Items(name, values, [&](int value) { value == 0 ? Null() : PutCode(value, codes); });
  }

  template <std::size_t kSize>
  void Date(const char (&name)[kSize], const v1::Date& date) {
    if (date.ByteSizeLong() == 0) return;
    Name(name);
    PutDate(date);
  }
  template <std::size_t kSize>
  void Dates(const char (&name)[kSize], const List<v1::Date>& dates) {
    Items(name, dates, [this](const v1::Date& date) {
      date.ByteSizeLong() == 0 ? Null() : PutDate(date);
    });
  }

  template <std::size_t kSize>
  void DateTime(const char (&name)[kSize], const v1::DateTime& time, Kind kind) {
    if (time.precision() == 0 && time.ByteSizeLong() == 0) return;
    Name(name);
    PutDateTime(time, kind);
  }
  template <std::size_t kSize>
  void DateTimes(const char (&name)[kSize], const List<v1::DateTime>& times, Kind kind) {
    Items(name, times, [&](const v1::DateTime& time) {
      time.ByteSizeLong() == 0 ? Null() : PutDateTime(time, kind);
    });
  }

  template <std::size_t kSize>
  void Reference(const char (&name)[kSize],
                 const std::string& type,
                 const std::string& id,
                 const std::string& version,
                 const std::string& uri) {
    Name(name);
    PutReference({type, id, version, uri});
  }

  // A message of no bytes is an absent one, but for an item of a list.
  template <auto kWrite, std::size_t kSize, class Message>
  void Object(const char (&name)[kSize], const Message& message) {
    const std::size_t begin = out_.size();
    Name(name);
    const std::size_t inside = out_.size();
    kWrite(message, *this);
    if (out_.size() <= inside + 2 && message.ByteSizeLong() == 0) out_.Truncate(begin);
  }
  template <auto kWrite, std::size_t kSize, class Message>
  void Objects(const char (&name)[kSize], const List<Message>& messages) {
    Items(name, messages, [this](const Message& message) { kWrite(message, *this); });
  }
  template <auto kWrite, std::size_t kSize>
  void Resource(const char (&name)[kSize], const v1::Resource& resource) {
    if (IsAbsent(resource)) return;
    Name(name);
    kWrite(resource, *this);
  }
  template <auto kWrite, std::size_t kSize>
  void Resources(const char (&name)[kSize], const List<v1::Resource>& resources) {
    Items(name, resources, [this](const v1::Resource& resource) { kWrite(resource, *this); });
  }
  template <std::size_t kSize>
  void EncodedResources(const char (&name)[kSize], const List<std::string>& resources) {
    Items(name, resources, [this](const std::string& encoded) { EncodedResource(encoded); });
  }

  // An object whose known extensions, or whose `extra`, need the wire form.
  void ByWire(const Type& type, const google::protobuf::MessageLite& message);
  void EncodedResource(std::string_view encoded);

 private:
  bool TooDeep() {
    Damaged("nested too deeply");
    return false;
  }
  template <std::size_t kSize, class Values, class Put>
  void Items(const char (&name)[kSize], const Values& values, Put put) {
    Name(name);
    char before = '[';
    for (const auto& value : values) {
      out_.Put(before);
      put(value);
      before = ',';
    }
    out_.Put(']');
  }

  void Null() { out_.Append("null"); }
  void PutText(const std::string& text);
  void PutDecimal(const std::string& text);
  void PutNumber(std::int64_t value);
  void PutCode(int value, const Enum& codes);
  void PutDate(const v1::Date& date);
  void PutDateTime(const v1::DateTime& time, Kind kind);
  void PutReference(const ReferenceParts& parts);
  void Extra(const std::string& extra);
  static bool IsAbsent(const v1::Resource& resource);

  Sink out_;
  unsigned depth_ = 0;
  std::string damage_;
};

void WriteMessage(const v1::Resource& m, MessageWriter& w);

}  // namespace handoff::fhir::internal
