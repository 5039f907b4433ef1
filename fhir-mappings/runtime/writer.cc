#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <simdjson.h>

#include "fhir-mappings/runtime/date_wire.h"
#include "fhir-mappings/runtime/extensions.h"
#include "fhir-mappings/runtime/json_text.h"
#include "fhir-mappings/runtime/json_text_view.h"
#include "fhir-mappings/runtime/resource.h"
#include "fhir-mappings/runtime/rewriter.h"
#include "fhir-mappings/runtime/tables.h"
#include "fhir-mappings/runtime/type_lookup.h"
#include "fhir-mappings/runtime/wire.h"
#include "fhir-mappings/runtime/wire_fields.h"

namespace handoff::fhir {
namespace {

using namespace internal;

// One field of a message whose fields are not in the order of the map, and where it goes.
struct Item {
  std::uint8_t member;  // position in the map
  WireType type;
  std::uint16_t field;
  std::uint32_t place;  // among the fields of the message
  std::uint64_t value;
  std::string_view bytes;
};

// Writes the JSON of wire bytes. Each method returns false at damage, with the reason in error().
class Writer {
 public:
  explicit Writer(std::string* json) : out_(json) {}

  bool Resource(std::string_view wire);
  bool Object(const Type& type, std::string_view wire);
  const std::string& error() const { return error_; }

 private:
  bool Damaged(std::string_view what) {
    if (error_.empty()) error_ = "the encoded resource is damaged: " + std::string(what);
    return false;
  }
  bool Opaque(std::string_view wire);
  bool Extensions(const Type& type, std::size_t known, std::string_view extra);
  bool Extension(const Type& type, const Item& item);
  bool InOrder(const Type& type, std::string_view wire);
  bool Sorted(const Type& type, std::string_view wire);
  void Collect(const Type& type, std::string_view wire);
  bool Members(const Type& type, std::size_t begin, std::size_t end);
  std::size_t GroupEnd(std::size_t begin, std::size_t end) const;
  bool List(const Member& member, std::size_t begin, std::size_t end);
  bool PackedItems(const Member& member, std::string_view numbers);
  bool Value(const Member& member, std::uint64_t number, std::string_view bytes);
  bool Packed(const Member& member, std::uint64_t number);
  bool Code(const Member& member, std::uint64_t number);
  bool DateText(const Member& member, std::string_view wire);
  bool ReferenceText(const Member& member, const std::string_view (&parts)[4]);
  void Name(const Member& member);

  Sink out_;
  std::vector<Item> items_;  // of the open messages, one behind the other
  unsigned depth_ = 0;
  std::string error_;
};

// What stands for an absent value: a gap of a list, or a default that was written out.
bool IsAbsent(const Member& member, WireType type, std::uint64_t number, std::string_view bytes) {
  if (type == WireType::kBytes) return bytes.empty();
  return member.kind == Kind::kEnum && number == 0;
}

enum class Order { kDamaged, kOfMap, kOther };

// How the fields of a message stand; `extra` is set to its extra field.
Order FindOrder(const Type& type, std::string_view wire, std::string_view& extra) {
  WireReader reader(wire);
  bool ordered = true;
  int last = -1;
  for (WireField field; reader.Next(field);) {
    if (field.number == type.extra_field) {
      if (field.type != WireType::kBytes) return Order::kDamaged;
      extra = field.bytes;
      continue;
    }
    const Member* const member = FindField(type, field.number);
    if (member == nullptr && IsMeaning(type, field.number)) continue;
    if (member == nullptr) return Order::kDamaged;
    if (!IsPacked(*member) && (field.type == WireType::kVarint) != IsVarint(member->kind))
      return Order::kDamaged;
    const int position = static_cast<int>(member - type.members.data());
    const bool may_repeat = member->repeated || member->kind == Kind::kReferenceText;
    // Known extensions stand behind everything, in the list of all.
    ordered = ordered && position + (may_repeat ? 1 : 0) > last &&
              static_cast<std::size_t>(position) < type.own_members();
    last = position;
  }
  if (!reader.ok()) return Order::kDamaged;
  return ordered ? Order::kOfMap : Order::kOther;
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
  std::string_view extra;
  const Order order = FindOrder(type, wire, extra);
  if (order == Order::kDamaged) return Damaged(type.name);
  if (!type.is_extension) out_.Put('{');  // else it is open, and begins with its url
  if (type.resource_field != 0) {
    out_.Append("\"resourceType\":\"");
    out_.Append(type.name);
    out_.Put('"');
  }
  const std::size_t begin = items_.size();
  if (!(order == Order::kOfMap ? InOrder(type, wire) : Sorted(type, wire)))
    return Damaged(type.name);
  if (!extra.empty() && !IsJsonObject(extra)) return Damaged("extra of " + std::string(type.name));
  if (type.extensions.empty()) {
    AppendMembers(extra, out_);
  } else if (!Extensions(type, begin, extra)) {
    return false;
  }
  items_.resize(begin);
  out_.Put('}');
  --depth_;
  return true;
}

// The members of `extra`, and in its list of extensions, or in one of their own, the known ones:
// the items from `known` on.
bool Writer::Extensions(const Type& type, std::size_t known, std::string_view extra) {
  std::string_view list;
  JsonSteps members(extra);
  std::string_view name;
  for (std::string_view value; members.Next(name, value);) {
    if (name == "extension") {
      if (!IsJsonList(value)) return Damaged(type.name);
      list = value;
      continue;
    }
    if (out_.back() != '{') out_.Put(',');
    out_.Put('"');
    out_.Append(name);
    out_.Append("\":");
    out_.Append(value);
  }
  for (std::size_t i = known + 1; i < items_.size(); ++i) {
    const Member& member = type.members[items_[i].member];
    if (!member.repeated && items_[i].member == items_[i - 1].member)
      return Damaged(std::string(member.name) + " stands twice");
  }
  const std::size_t end = items_.size();
  if (known == end && list.empty()) return true;
  std::vector<std::uint16_t> fields;
  for (std::size_t i = known; i < end; ++i) fields.push_back(items_[i].field);
  const std::size_t start = out_.size();
  out_.Append(out_.back() == '{' ? "\"extension\":[" : ",\"extension\":[");
  const std::size_t first = out_.size();
  for (const OrderedExtension& extension : ExtensionsInOrder(fields, list)) {
    if (extension.known != OrderedExtension::kNoField) {
      const Item item = items_[known + extension.known];
      if (!Extension(type, item)) return Damaged(type.name);
      continue;
    }
    if (out_.back() != '[') out_.Put(',');
    out_.Append(extension.text);
  }
  if (out_.size() == first) {
    out_.Truncate(start);
  } else {
    out_.Put(']');
  }
  return true;
}

// What is absent is left out, and with it the extension.
bool Writer::Extension(const Type& type, const Item& item) {
  const Member& member = type.members[item.member];
  const internal::Extension& extension = *ExtensionOf(type, member);
  if (IsAbsent(member, item.type, item.value, item.bytes)) return true;
  const std::size_t start = out_.size();
  out_.Append(out_.back() == '[' ? "{\"url\":\"" : ",{\"url\":\"");
  out_.Append(extension.url);
  if (extension.value.empty()) {
    out_.Put('"');
    const std::size_t inside = out_.size();
    if (!Object(kTables.types[member.ref], item.bytes)) return false;
    if (out_.size() == inside + 1) out_.Truncate(start);
    return true;
  }
  out_.Append("\",\"");
  out_.Append(extension.value);
  out_.Append("\":");
  if (!Value(member, item.value, item.bytes)) return false;
  out_.Put('}');
  return true;
}

// Fields in the order of the map are written as they come.
bool Writer::InOrder(const Type& type, std::string_view wire) {
  WireReader reader(wire);
  const Member* last = nullptr;
  bool list_open = false;         // of `last`
  std::string_view reference[4];  // of `last`, if it is the text of a reference
  while (true) {
    WireField field;
    const bool more = reader.Next(field);
    if (more && (field.number == type.extra_field || IsMeaning(type, field.number))) continue;
    const Member* const member = more ? &type.members[type.by_field[field.number]] : nullptr;
    if (member != last) {
      if (list_open) out_.Put(']');
      list_open = false;
      if (last != nullptr && last->kind == Kind::kReferenceText) {
        if (!ReferenceText(*last, reference)) return false;
      }
      if (!more) return true;
      if (last != nullptr && last->element == member->element)
        return Damaged(type.elements[member->element].name);
      last = member;
    }
    if (!more) return true;
    if (member->kind == Kind::kReferenceText) {
      reference[field.number - member->field] = field.bytes;
    } else if (!member->repeated) {
      if (IsAbsent(*member, field.type, field.value, field.bytes)) continue;
      Name(*member);
      if (!Value(*member, field.value, field.bytes)) return false;
    } else if (const bool packed = IsPacked(*member) && field.type == WireType::kBytes;
               !packed || !field.bytes.empty()) {
      if (!list_open) {
        Name(*member);
        out_.Put('[');
        list_open = true;
      } else {
        out_.Put(',');
      }
      if (!(packed ? PackedItems(*member, field.bytes) : Value(*member, field.value, field.bytes)))
        return false;
    }
  }
}

// Fields in any other order. Leaves the known extensions in items_.
bool Writer::Sorted(const Type& type, std::string_view wire) {
  const std::size_t begin = items_.size();
  Collect(type, wire);
  std::size_t own = items_.size();
  while (own > begin && items_[own - 1].member >= type.own_members()) --own;
  if (!Members(type, begin, own)) return false;
  items_.erase(items_.begin() + static_cast<std::ptrdiff_t>(begin),
               items_.begin() + static_cast<std::ptrdiff_t>(own));
  return true;
}

// Puts the fields into items_, in the order of the map.
void Writer::Collect(const Type& type, std::string_view wire) {
  WireReader reader(wire);
  const std::size_t begin = items_.size();
  std::uint32_t place = 0;
  for (WireField field; reader.Next(field); ++place) {
    if (field.number == type.extra_field || IsMeaning(type, field.number)) continue;
    items_.push_back({type.by_field[field.number],
                      field.type,
                      static_cast<std::uint16_t>(field.number),
                      place,
                      field.value,
                      field.bytes});
  }
  std::sort(items_.begin() + static_cast<std::ptrdiff_t>(begin),
            items_.end(),
            [](const Item& a, const Item& b) {
              return std::pair(a.member, a.place) < std::pair(b.member, b.place);
            });
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
      std::string_view parts[4];
      for (std::size_t i = begin; i < group_end; ++i)
        parts[items_[i].field - member.field] = items_[i].bytes;
      if (!ReferenceText(member, parts)) return false;
    } else if (member.repeated) {
      if (!List(member, begin, group_end)) return false;
    } else if (group_end != begin + 1) {
      return Damaged(std::string(member.name) + " stands twice");
    } else if (const Item item = items_[begin];
               !IsAbsent(member, item.type, item.value, item.bytes)) {
      Name(member);
      if (!Value(member, item.value, item.bytes)) return false;
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
  p = CopyBytes(p, member.name);
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
    const bool packed = IsPacked(member) && item.type == WireType::kBytes;
    if (packed && item.bytes.empty()) continue;
    if (out_.back() != '[') out_.Put(',');
    if (!(packed ? PackedItems(member, item.bytes) : Value(member, item.value, item.bytes)))
      return false;
  }
  out_.Put(']');
  return true;
}

// The items of a packed list, which has at least one.
bool Writer::PackedItems(const Member& member, std::string_view numbers) {
  WireReader packed(numbers);
  bool first = true;
  for (std::uint64_t number = 0; packed.NextPacked(number); first = false) {
    if (!first) out_.Put(',');
    if (!Packed(member, number)) return false;
  }
  return packed.ok();
}

bool Writer::Value(const Member& member, std::uint64_t number, std::string_view bytes) {
  switch (member.kind) {
    case Kind::kBoolean:
      out_.Append(number != 0 ? "true" : "false");
      return true;
    case Kind::kInteger:
      out_.Append(std::to_string(static_cast<std::int32_t>(number)));
      return true;
    case Kind::kPositiveInt:
    case Kind::kUnsignedInt:
      out_.Append(std::to_string(static_cast<std::uint32_t>(number)));
      return true;
    case Kind::kEnum:
      return Code(member, number);
    case Kind::kMessage:
      return Object(kTables.types[member.ref], bytes);
    case Kind::kResource:
      return Resource(bytes);
    default:
      break;
  }
  if (bytes.empty()) {
    out_.Append("null");
    return true;
  }
  switch (member.kind) {
    case Kind::kDate:
    case Kind::kDateTime:
    case Kind::kInstant:
      return DateText(member, bytes);
    case Kind::kDecimal:
      if (!IsDecimal(bytes)) return Damaged(member.name);
      out_.Append(bytes);
      return true;
    default:
      AppendJsonString(bytes, out_);
      return true;
  }
}

// An item of a packed list.
bool Writer::Packed(const Member& member, std::uint64_t number) {
  if (number == 0) {
    out_.Append("null");
    return true;
  }
  return Value(member, number, {});
}

bool Writer::Code(const Member& member, std::uint64_t number) {
  return AppendCode(kTables.enums[member.ref], number, out_) || Damaged(member.name);
}

bool Writer::DateText(const Member& member, std::string_view wire) {
  out_.Put('"');
  bool good = false;
  if (member.kind == Kind::kDate) {
    DateParts date;
    good = DecodeDate(wire, date) && AppendDate(date, out_);
  } else {
    DecodedDateTime time;
    good = DecodeDateTime(wire, time) && AppendDateTimeText(time, member.kind, out_);
  }
  if (!good) return Damaged(member.name);
  out_.Put('"');
  return true;
}

bool Writer::ReferenceText(const Member& member, const std::string_view (&parts)[4]) {
  const auto& [type, id, version, uri] = parts;
  if (type.empty() && id.empty() && version.empty() && uri.empty()) return true;
  Name(member);
  return AppendReference({type, id, version, uri}, out_) || Damaged(member.name);
}

}  // namespace

absl::Status internal::WriteElement(const Type& type, std::string_view wire, std::string* json) {
  Writer writer(json);
  return writer.Object(type, wire) ? absl::OkStatus() : absl::DataLossError(writer.error());
}

absl::Status internal::FinishJson(std::size_t begin,
                                  const WriteOptions& options,
                                  std::string* json) {
  const std::string_view written = std::string_view(*json).substr(begin);
  if (!simdjson::validate_utf8(written.data(), written.size())) {
    return absl::DataLossError("the encoded resource is damaged: its text is not UTF-8");
  }
  if (options.pretty) json->replace(begin, json->npos, Indented(written));
  return absl::OkStatus();
}

absl::Status WriteJson(std::string_view encoded, const WriteOptions& options, std::string* json) {
  const std::size_t begin = json->size();
  {
    Writer writer(json);
    if (!writer.Resource(encoded)) return absl::DataLossError(writer.error());
  }
  return internal::FinishJson(begin, options, json);
}

}  // namespace handoff::fhir
