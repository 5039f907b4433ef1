#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <simdjson.h>

#include "fhir-mappings/runtime/date_wire.h"
#include "fhir-mappings/runtime/json_text.h"
#include "fhir-mappings/runtime/resource.h"
#include "fhir-mappings/runtime/rewriter.h"
#include "fhir-mappings/runtime/tables.h"
#include "fhir-mappings/runtime/type_lookup.h"
#include "fhir-mappings/runtime/wire.h"
#include "fhir-mappings/runtime/wire_fields.h"

namespace handoff::fhir {
namespace {

using namespace internal;

// One field of the message that is being written, and where it goes.
struct Item {
  std::uint8_t member;  // position in the map
  WireType type;
  std::uint16_t field;
  std::uint64_t value;
  std::string_view bytes;
};

// Writes the JSON of wire bytes. Each method returns false at damage, with the reason in error().
class Writer {
 public:
  explicit Writer(std::string* json) : out_(json) { items_.reserve(128); }

  bool Resource(std::string_view wire);
  bool Object(const Type& type, std::string_view wire);
  const std::string& error() const { return error_; }

 private:
  bool Damaged(std::string_view what) {
    if (error_.empty()) error_ = "the encoded resource is damaged: " + std::string(what);
    return false;
  }
  bool Opaque(std::string_view wire);
  bool Collect(const Type& type, std::string_view wire, std::string_view& extra);
  bool Members(const Type& type, std::size_t begin, std::size_t end);
  std::size_t GroupEnd(std::size_t begin, std::size_t end) const;
  bool List(const Member& member, std::size_t begin, std::size_t end);
  bool Value(const Member& member, const Item& item);
  bool Packed(const Member& member, std::uint64_t number);
  bool Code(const Member& member, std::uint64_t number);
  bool DateText(const Member& member, std::string_view wire);
  bool ReferenceText(const Member& member, std::size_t begin, std::size_t end);
  void Name(const Member& member);

  Sink out_;
  std::vector<Item> items_;  // of the open messages, one behind the other
  unsigned depth_ = 0;
  std::string error_;
};

// What stands for an absent value: a gap of a list, or a default that was written out.
bool IsAbsent(const Member& member, const Item& item) {
  if (item.type == WireType::kBytes) return item.bytes.empty();
  return member.kind == Kind::kEnum && item.value == 0;
}

bool Writer::Resource(std::string_view wire) {
  WireReader reader(wire);
  WireField field;
  if (!reader.Next(field) || field.type != WireType::kBytes) return Damaged("no resource");
  WireField second;
  if (reader.Next(second) || !reader.ok()) return Damaged("more than one resource");
  if (field.number == wire_fields::kOpaque) return Opaque(field.bytes);
  const Type* const type = FindResource(field.number);
  if (type == nullptr) return Damaged("an unknown resource type");
  return Object(*type, field.bytes);
}

bool Writer::Opaque(std::string_view wire) {
  WireReader reader(wire);
  std::string_view type;
  std::string_view json;
  for (WireField field; reader.Next(field);) {
    if (field.type != WireType::kBytes || field.number > wire_fields::kOpaqueJson) {
      return Damaged("OpaqueResource");
    }
    if (field.number == wire_fields::kOpaqueType) type = field.bytes;
    if (field.number == wire_fields::kOpaqueJson) json = field.bytes;
  }
  if (!reader.ok() || !IsJsonObject(json)) return Damaged("OpaqueResource");
  // Its type and its text must agree, or a mapped resource could travel under another name.
  const ResourceName name = FindResourceType(json.substr(json.find('{') + 1));
  if (!name.found || name.type != nullptr || name.name != type)
    return Damaged("OpaqueResource.type");
  out_.Append(json);
  return true;
}

bool Writer::Object(const Type& type, std::string_view wire) {
  if (++depth_ > kMaxMessageDepth) return Damaged("nested too deeply");
  const std::size_t begin = items_.size();
  std::string_view extra;
  if (!Collect(type, wire, extra)) return Damaged(type.name);
  out_.Put('{');
  if (type.resource_field != 0) {
    out_.Append("\"resourceType\":\"");
    out_.Append(type.name);
    out_.Put('"');
  }
  if (!Members(type, begin, items_.size())) return Damaged(type.name);
  items_.resize(begin);
  if (!extra.empty()) {
    if (!IsJsonObject(extra)) return Damaged("extra of " + std::string(type.name));
    const std::string_view inside = extra.substr(extra.find('{') + 1);
    if (inside.find_first_not_of(' ') != inside.find('}')) {
      if (out_.back() != '{') out_.Put(',');
      out_.Append(inside.substr(0, inside.rfind('}')));
    }
  }
  out_.Put('}');
  --depth_;
  return true;
}

// Puts the fields into items_, in the order of the map.
bool Writer::Collect(const Type& type, std::string_view wire, std::string_view& extra) {
  WireReader reader(wire);
  const std::size_t begin = items_.size();
  bool ordered = true;
  std::uint8_t last = 0;
  for (WireField field; reader.Next(field);) {
    if (field.number == type.extra_field) {
      if (field.type != WireType::kBytes) return false;
      extra = field.bytes;
      continue;
    }
    if (field.number >= type.by_field.size() || type.by_field[field.number] == kNoName)
      return false;
    const std::uint8_t position = type.by_field[field.number];
    const Member& member = type.members[position];
    if (!IsPacked(member) && (field.type == WireType::kVarint) != IsVarint(member.kind))
      return false;
    ordered = ordered && position >= last;
    last = position;
    items_.push_back(
        {position, field.type, static_cast<std::uint16_t>(field.number), field.value, field.bytes});
  }
  if (!ordered) {
    std::stable_sort(items_.begin() + static_cast<std::ptrdiff_t>(begin),
                     items_.end(),
                     [](const Item& a, const Item& b) { return a.member < b.member; });
  }
  return reader.ok();
}

std::size_t Writer::GroupEnd(std::size_t begin, std::size_t end) const {
  std::size_t i = begin + 1;
  while (i < end && items_[i].member == items_[begin].member) ++i;
  return i;
}

bool Writer::Members(const Type& type, std::size_t begin, std::size_t end) {
  const Member* last = nullptr;
  while (begin < end) {
    const Member& member = type.members[items_[begin].member];
    const std::size_t group_end = GroupEnd(begin, end);
    if (last != nullptr && last->element == member.element)
      return Damaged(type.elements[member.element].name);
    last = &member;
    if (member.kind == Kind::kReferenceText) {
      if (!ReferenceText(member, begin, group_end)) return false;
    } else if (member.repeated) {
      if (!List(member, begin, group_end)) return false;
    } else if (group_end != begin + 1) {
      return Damaged(std::string(member.name) + " stands twice");
    } else if (!IsAbsent(member, items_[begin])) {
      Name(member);
      const Item item = items_[begin];
      if (!Value(member, item)) return false;
    }
    begin = group_end;
  }
  return true;
}

void Writer::Name(const Member& member) {
  char* const begin = out_.Room(member.name.size() + 4);
  char* p = begin;
  if (out_.back() != '{') *p++ = ',';
  *p++ = '"';
  std::memcpy(p, member.name.data(), member.name.size());
  p += member.name.size();
  *p++ = '"';
  *p++ = ':';
  out_.Advance(static_cast<std::size_t>(p - begin));
}

bool Writer::List(const Member& member, std::size_t begin, std::size_t end) {
  if (IsPacked(member) &&
      std::all_of(&items_[begin], &items_[begin] + (end - begin), [](const Item& item) {
        return item.type == WireType::kBytes && item.bytes.empty();
      })) {
    return true;  // packed lists of no item
  }
  Name(member);
  out_.Put('[');
  for (std::size_t i = begin; i < end; ++i) {
    const Item item = items_[i];
    if (IsPacked(member) && item.type == WireType::kBytes) {
      WireReader packed(item.bytes);
      for (std::uint64_t number = 0; packed.NextPacked(number);) {
        if (out_.back() != '[') out_.Put(',');
        if (!Packed(member, number)) return false;
      }
      if (!packed.ok()) return false;
      continue;
    }
    if (out_.back() != '[') out_.Put(',');
    if (!Value(member, item)) return false;
  }
  out_.Put(']');
  return true;
}

bool Writer::Value(const Member& member, const Item& item) {
  switch (member.kind) {
    case Kind::kBoolean:
      out_.Append(item.value != 0 ? "true" : "false");
      return true;
    case Kind::kInteger:
      out_.Append(std::to_string(static_cast<std::int32_t>(item.value)));
      return true;
    case Kind::kPositiveInt:
    case Kind::kUnsignedInt:
      out_.Append(std::to_string(static_cast<std::uint32_t>(item.value)));
      return true;
    case Kind::kEnum:
      return Code(member, item.value);
    case Kind::kMessage:
      return Object(kTables.types[member.ref], item.bytes);
    case Kind::kResource:
      return Resource(item.bytes);
    default:
      break;
  }
  if (item.bytes.empty()) {
    out_.Append("null");
    return true;
  }
  switch (member.kind) {
    case Kind::kDate:
    case Kind::kDateTime:
    case Kind::kInstant:
      return DateText(member, item.bytes);
    case Kind::kDecimal:
      if (!IsDecimal(item.bytes)) return Damaged(member.name);
      out_.Append(item.bytes);
      return true;
    default:
      AppendJsonString(item.bytes, out_);
      return true;
  }
}

// An item of a packed list.
bool Writer::Packed(const Member& member, std::uint64_t number) {
  if (number == 0) {
    out_.Append("null");
    return true;
  }
  return Value(member, {0, WireType::kVarint, 0, number, {}});
}

bool Writer::Code(const Member& member, std::uint64_t number) {
  const EnumCode* const code = FindCode(kTables.enums[member.ref], number);
  if (code == nullptr) return Damaged(member.name);
  out_.Put('"');
  out_.Append(code->code);
  out_.Put('"');
  return true;
}

bool Writer::DateText(const Member& member, std::string_view wire) {
  out_.Put('"');
  bool good = false;
  if (member.kind == Kind::kDate) {
    DateParts date;
    good = DecodeDate(wire, date) && AppendDate(date, out_);
  } else {
    DecodedDateTime time;
    good = DecodeDateTime(wire, time);
    if (good && !time.text.empty()) {
      good = ParseDateTime(time.text, member.kind).has_value();
      out_.Append(time.text);
    } else if (good) {
      good = AppendDateTime(time.parts, out_);
    }
  }
  if (!good) return Damaged(member.name);
  out_.Put('"');
  return true;
}

// Type/id[/_history/version], or the uri.
bool Writer::ReferenceText(const Member& member, std::size_t begin, std::size_t end) {
  std::string_view parts[4];
  for (std::size_t i = begin; i < end; ++i) parts[items_[i].field - member.field] = items_[i].bytes;
  const auto& [type, id, version, uri] = parts;
  if (type.empty() != id.empty() || (!uri.empty() && !type.empty()) ||
      (!version.empty() && type.empty())) {
    return Damaged(member.name);
  }
  if (uri.empty() && type.empty()) return true;
  Name(member);
  if (!uri.empty()) {
    AppendJsonString(uri, out_);
    return true;
  }
  out_.Put('"');
  AppendEscaped(type, out_);
  out_.Put('/');
  AppendEscaped(id, out_);
  if (!version.empty()) {
    out_.Append("/_history/");
    AppendEscaped(version, out_);
  }
  out_.Put('"');
  return true;
}

}  // namespace

absl::Status internal::WriteElement(const Type& type, std::string_view wire, std::string* json) {
  Writer writer(json);
  return writer.Object(type, wire) ? absl::OkStatus() : absl::DataLossError(writer.error());
}

absl::Status WriteJson(std::string_view encoded, const WriteOptions& options, std::string* json) {
  const std::size_t begin = json->size();
  {
    Writer writer(json);
    if (!writer.Resource(encoded)) return absl::DataLossError(writer.error());
  }
  const std::string_view written = std::string_view(*json).substr(begin);
  if (!simdjson::validate_utf8(written.data(), written.size())) {
    return absl::DataLossError("the encoded resource is damaged: its text is not UTF-8");
  }
  if (options.pretty) json->replace(begin, json->npos, Indented(written));
  return absl::OkStatus();
}

}  // namespace handoff::fhir
