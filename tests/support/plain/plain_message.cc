#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include "tests/support/plain/plain_model.h"

namespace handoff::plain {
namespace {

using fhir::internal::Kind;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

Value String(std::string text) {
  Value value;
  value.kind = Value::Kind::kString;
  value.text = std::move(text);
  return value;
}

Value Number(std::string text) {
  Value value = String(std::move(text));
  value.kind = Value::Kind::kNumber;
  return value;
}

void Add(Value& object, const std::string& name, Value value) {
  object.members.push_back({String(name), std::move(value)});
}

std::string Padded(long long number, int width) {
  char text[32];
  std::snprintf(text, sizeof text, "%0*lld", width, number);
  return text;
}

std::string DateText(const v1::Date& date) {
  std::string text = Padded(date.year(), 4);
  if (date.month() != 0) text += "-" + Padded(date.month(), 2);
  if (date.day() != 0) text += "-" + Padded(date.day(), 2);
  return text;
}

std::string DateTimeText(const v1::DateTime& time) {
  if (!time.text().empty()) return time.text();
  using namespace std::chrono;
  const sys_seconds local{seconds(time.seconds() + 60LL * time.offset_minutes())};
  const auto midnight = floor<days>(local);
  const year_month_day date(midnight);
  std::string text = Padded(static_cast<int>(date.year()), 4);
  if (time.precision() >= v1::DateTime::MONTH)
    text += "-" + Padded(static_cast<unsigned>(date.month()), 2);
  if (time.precision() >= v1::DateTime::DAY)
    text += "-" + Padded(static_cast<unsigned>(date.day()), 2);
  if (time.precision() < v1::DateTime::SECOND) return text;
  const auto clock = (local - midnight).count();
  text += "T" + Padded(clock / 3600, 2) + ":" + Padded(clock / 60 % 60, 2) + ":" +
          Padded(clock % 60, 2);
  if (time.fraction_digits() != 0)
    text += "." + Padded(time.nanos(), 9).substr(0, time.fraction_digits());
  if (time.zulu()) return text + "Z";
  const int offset = time.offset_minutes();
  return text + (offset < 0 ? "-" : "+") + Padded(std::abs(offset) / 60, 2) + ":" +
         Padded(std::abs(offset) % 60, 2);
}

std::string ReferenceText(const Message& message, int first) {
  const auto text = [&](int i) {
    return message.GetReflection()->GetString(
        message, message.GetDescriptor()->FindFieldByNumber(first + i));
  };
  if (text(0).empty()) return text(3);
  return text(0) + "/" + text(1) + (text(2).empty() ? "" : "/_history/" + text(2));
}

// A field that says something: proto3 leaves out what is empty or 0 and has no presence.
bool IsSet(const Message& message, const FieldDescriptor& field) {
  return field.is_repeated() ? message.GetReflection()->FieldSize(message, &field) != 0
                             : message.GetReflection()->HasField(message, &field);
}

}  // namespace

Value Model::Write(const v1::Resource& resource) const {
  Value object;
  object.kind = Value::Kind::kObject;
  if (resource.has_opaque()) return Parse(resource.opaque().json(), 600).value_or(Value());
  for (const Type& type : schema_.types) {
    if (type.resource_field == 0) continue;
    const FieldDescriptor* const field =
        v1::Resource::descriptor()->FindFieldByNumber(type.resource_field);
    if (!resource.GetReflection()->HasField(resource, field)) continue;
    Add(object, "resourceType", String(type.name));
    WriteObject(type, resource.GetReflection()->GetMessage(resource, field), object);
  }
  return object;
}

void Model::WriteObject(const Type& type, const Message& message, Value& object) const {
  object.kind = Value::Kind::kObject;
  for (const Rule& member : type.members) {
    if (member.field != 0 && member.url.empty()) WriteMember(member, message, object);
  }
  const std::string extra = message.GetReflection()->GetString(
      message, message.GetDescriptor()->FindFieldByNumber(type.extra_field));
  if (!extra.empty()) {
    for (auto& member : Parse(extra, 600).value_or(Value()).members)
      object.members.push_back(std::move(member));
  }
  WriteExtensions(type, message, object);
}

// The list in `extra` has numbers of fields where their extensions belong; a list without one comes
// behind all that have fields.
void Model::WriteExtensions(const Type& type, const Message& message, Value& object) const {
  std::map<std::string, std::vector<Value>> fields;
  Value list;
  list.kind = Value::Kind::kList;
  std::vector<Value> first;
  for (const Rule& rule : type.members) {
    const FieldDescriptor* const field = message.GetDescriptor()->FindFieldByNumber(rule.field);
    if (rule.url.empty() || !IsSet(message, *field)) continue;
    const int size = rule.repeated ? message.GetReflection()->FieldSize(message, field) : 1;
    for (int i = 0; i < size; ++i) {
      Value extension = WriteExtension(rule, message, rule.repeated ? i : -1);
      fields[std::to_string(rule.field)].push_back(extension);
      first.push_back(std::move(extension));
    }
  }
  const auto at = std::find_if(object.members.begin(), object.members.end(), [](const auto& m) {
    return m.name.text == "extension";
  });
  bool placed = false;
  for (const Value& item : at == object.members.end() ? list.items : at->value.items) {
    if (item.kind == Value::Kind::kNumber) {
      std::vector<Value>& left = fields[item.text];
      placed = true;
      if (left.empty()) continue;
      list.items.push_back(left.front());
      left.erase(left.begin());
    } else {
      list.items.push_back(item);
    }
  }
  if (!placed) list.items.insert(list.items.begin(), first.begin(), first.end());
  if (at != object.members.end()) object.members.erase(at);
  if (!list.items.empty()) Add(object, "extension", std::move(list));
}

Value Model::WriteExtension(const Rule& member, const Message& message, int i) const {
  Value extension;
  extension.kind = Value::Kind::kObject;
  if (member.value.empty()) extension = WriteItem(member, message, i);
  Add(extension, "url", String(member.url));
  if (!member.value.empty()) Add(extension, member.value, WriteItem(member, message, i));
  return extension;
}

void Model::WriteMember(const Rule& member, const Message& message, Value& object) const {
  if (member.kind == Kind::kReferenceText) {
    if (std::string text = ReferenceText(message, member.field); !text.empty())
      Add(object, member.name, String(std::move(text)));
    return;
  }
  const FieldDescriptor& field = *message.GetDescriptor()->FindFieldByNumber(member.field);
  if (!IsSet(message, field)) return;
  if (!member.repeated) return Add(object, member.name, WriteItem(member, message, -1));
  Value list;
  list.kind = Value::Kind::kList;
  const int size = message.GetReflection()->FieldSize(message, &field);
  for (int i = 0; i < size; ++i) list.items.push_back(WriteItem(member, message, i));
  Add(object, member.name, std::move(list));
}

Value Model::WriteItem(const Rule& member, const Message& message, int i) const {
  const auto& reflection = *message.GetReflection();
  const FieldDescriptor& field = *message.GetDescriptor()->FindFieldByNumber(member.field);
  const auto text = [&] {
    return i < 0 ? reflection.GetString(message, &field)
                 : reflection.GetRepeatedString(message, &field, i);
  };
  const auto below = [&]() -> const Message& {
    return i < 0 ? reflection.GetMessage(message, &field)
                 : reflection.GetRepeatedMessage(message, &field, i);
  };
  Value value;
  switch (member.kind) {
    case Kind::kBoolean:
      value.kind = reflection.GetBool(message, &field) ? Value::Kind::kTrue : Value::Kind::kFalse;
      return value;
    case Kind::kInteger:
      return Number(std::to_string(reflection.GetInt32(message, &field)));
    case Kind::kPositiveInt:
    case Kind::kUnsignedInt: {
      const std::uint32_t number = i < 0 ? reflection.GetUInt32(message, &field)
                                         : reflection.GetRepeatedUInt32(message, &field, i);
      return i >= 0 && number == 0 ? value : Number(std::to_string(number));
    }
    case Kind::kEnum: {
      const int number = i < 0 ? reflection.GetEnumValue(message, &field)
                               : reflection.GetRepeatedEnumValue(message, &field, i);
      for (const auto& [code, known] : schema_.enums[static_cast<std::size_t>(member.ref)].codes) {
        if (known == number) return String(code);
      }
      return value;
    }
    case Kind::kDate:
    case Kind::kDateTime:
    case Kind::kInstant:
      if (i >= 0 && below().ByteSizeLong() == 0) return value;
      return String(member.kind == Kind::kDate
                        ? DateText(static_cast<const v1::Date&>(below()))
                        : DateTimeText(static_cast<const v1::DateTime&>(below())));
    case Kind::kMessage:
      WriteObject(schema_.types[static_cast<std::size_t>(member.ref)], below(), value);
      return value;
    case Kind::kResource: {
      if (field.type() != FieldDescriptor::TYPE_BYTES)
        return Write(static_cast<const v1::Resource&>(below()));
      v1::Resource resource;
      return resource.ParseFromString(text()) ? Write(resource) : value;
    }
    case Kind::kDecimal:
      return Number(text());
    default:
      return text().empty() ? value : String(text());
  }
}

}  // namespace handoff::plain
