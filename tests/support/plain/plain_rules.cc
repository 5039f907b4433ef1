#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "fhir-mappings/compiler/map_file.h"
#include "tests/support/plain/plain_forms.h"
#include "tests/support/plain/plain_model.h"
#include "tests/support/read_file.h"

namespace handoff::plain {
namespace {

using fhir::internal::Kind;

constexpr std::size_t kMaxDepth = 64;

mapc::Schema ReadMaps() {
  mapc::MapSet maps;
  mapc::Errors errors;
  std::set<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator("fhir-mappings/r4")) {
    if (entry.path().extension() == ".map") files.insert(entry.path());
  }
  for (const std::filesystem::path& file : files) {
    mapc::ParseMap(file.string(), testing::ReadFile(file), maps, errors);
  }
  mapc::Schema schema = mapc::Resolve(maps, *v1::Resource::descriptor()->file()->pool(), errors);
  for (const std::string& error : errors.list()) std::fprintf(stderr, "%s\n", error.c_str());
  if (files.empty() || !errors.empty()) std::abort();
  return schema;
}

}  // namespace

const Model& Model::OfTheMaps() {
  static const Model& model = *[] {
    auto* const made = new Model;
    made->schema_ = ReadMaps();
    return made;
  }();
  return model;
}

std::string Model::Refusal(std::string_view json) const {
  if (!IsUtf8(json)) return "not UTF-8";
  if (json.starts_with("\xEF\xBB\xBF")) json.remove_prefix(3);
  const std::optional<Value> document = Parse(json, kMaxDepth);
  return document ? Refusal(*document) : "not JSON, or too deep";
}

std::string Model::Refusal(const Value& document) const { return Resource(document); }

const mapc::SchemaType* Model::ResourceNamed(const std::string& name) const {
  for (const Type& type : schema_.types) {
    if (type.resource_field != 0 && type.name == name) return &type;
  }
  return nullptr;
}

const mapc::SchemaMember* Model::MemberNamed(const Type& type, const std::string& name) const {
  for (const Rule& member : type.members) {
    if (member.name == name && member.url.empty()) return &member;
  }
  return nullptr;
}

std::string Model::Resource(const Value& value) const {
  if (!value.IsObject()) return "a resource is an object";
  // The type is found before anything is decoded: it must stand there without escapes.
  const auto named =
      std::find_if(value.members.begin(), value.members.end(), [](const auto& member) {
        return member.name.text == "resourceType" && !member.name.escaped;
      });
  if (named == value.members.end() || !named->value.IsString() || named->value.escaped)
    return "no resourceType";
  const std::string& name = named->value.text;
  if (const Type* const type = ResourceNamed(name)) return Object(*type, value);
  const bool known = std::count(schema_.opaque.begin(), schema_.opaque.end(), name) != 0;
  return known ? Opaque(value) : "unknown resourceType";
}

std::string Model::Opaque(const Value& value) const {
  for (const auto& [name, member] : value.members) {
    if (name.text == "id" && !HasForm(Kind::kId, member)) return "id";
    if (name.text != "meta") continue;
    if (!member.IsObject()) return "meta";
    const Type& meta = schema_.types[static_cast<std::size_t>(schema_.meta_type)];
    if (std::string why = Object(meta, member); !why.empty()) return why;
  }
  return Foreign(value);
}

std::string Model::Object(const Type& type, const Value& value) const {
  if (!value.IsObject()) return "must be an object";
  if (value.members.empty()) return "an empty object";
  std::set<std::string> names;
  for (const auto& [name, member] : value.members) {
    if (!names.insert(name.text).second) return name.text + " stands twice";
  }
  // One type of a choice; with its `_` member it is still one.
  std::map<int, std::string> chosen;
  std::set<int> present;
  for (const auto& [name, member] : value.members) {
    const std::string plain = name.text.starts_with('_') ? name.text.substr(1) : name.text;
    const Rule* const found = MemberNamed(type, plain);
    if (found == nullptr || (plain != name.text && found->kind >= Kind::kMessage)) continue;
    present.insert(found->element);
    const bool choice = type.elements[static_cast<std::size_t>(found->element)].choice;
    if (choice && chosen.emplace(found->element, plain).first->second != plain)
      return "two types of a choice";
  }
  for (std::size_t i = 0; i < type.elements.size(); ++i) {
    if (type.elements[i].min > 0 && present.count(static_cast<int>(i)) == 0)
      return type.elements[i].name + " is missing";
  }
  return Members(type, value);
}

std::string Model::Members(const Type& type, const Value& value) const {
  for (const auto& [name, member] : value.members) {
    if (type.resource_field != 0 && name.text == "resourceType") continue;
    std::string why;
    if (const Rule* const found = MemberNamed(type, name.text)) {
      const auto& element = type.elements[static_cast<std::size_t>(found->element)];
      why = Element(*found, element.min, element.max, member);
      const bool gap = found->kind != Kind::kExtra &&
                       std::any_of(member.items.begin(), member.items.end(), [](const Value& item) {
                         return item.kind == Value::Kind::kNull;
                       });
      const bool beside =
          std::any_of(value.members.begin(), value.members.end(), [&](const auto& m) {
            return m.name.text == "_" + found->name;
          });
      if (why.empty() && gap && !beside) why = "null without the member with _";
      if (why.empty() && found->name == "extension") why = Extensions(type, member);
    } else {
      const Rule* const primitive =
          name.text.starts_with('_') ? MemberNamed(type, name.text.substr(1)) : nullptr;
      why = primitive != nullptr && primitive->kind < Kind::kMessage ? Sibling(*primitive, member)
                                                                     : Foreign(member);
    }
    if (!why.empty()) return name.text + ": " + why;
  }
  return {};
}

std::string Model::Element(const Rule& member, int min, int max, const Value& value) const {
  if (value.IsList() != member.repeated) return "a list, or none";
  if (member.kind == Kind::kExtra) {
    for (const Value& item : value.items) {
      if (!item.IsObject()) return "a list of objects";
    }
    return Foreign(value);
  }
  if (!member.repeated) return Item(member, value);
  const int size = static_cast<int>(value.items.size());
  if (size == 0 || size < min || (max != 0 && size > max)) return "cardinality";
  for (const Value& item : value.items) {
    const bool gap = item.kind == Value::Kind::kNull && member.kind != Kind::kMessage &&
                     member.kind != Kind::kResource;
    if (gap) continue;
    if (std::string why = Item(member, item); !why.empty()) return why;
  }
  return {};
}

std::string Model::Item(const Rule& member, const Value& value) const {
  switch (member.kind) {
    case Kind::kMessage:
      return Object(schema_.types[static_cast<std::size_t>(member.ref)], value);
    case Kind::kResource:
      return Resource(value);
    case Kind::kEnum: {
      const auto& codes = schema_.enums[static_cast<std::size_t>(member.ref)].codes;
      const bool known =
          value.IsString() && std::any_of(codes.begin(), codes.end(), [&](const auto& code) {
            return code.first == value.text;
          });
      return known ? "" : "unknown code";
    }
    default:
      return HasForm(member.kind, value) ? "" : "form";
  }
}

// json.html#primitive: an object with id and extensions, or a list of such and null.
std::string Model::Sibling(const Rule& member, const Value& value) const {
  if (member.repeated ? !value.IsList() : !value.IsObject()) return "must be an object or a list";
  for (const Value& item : value.items) {
    if (!item.IsObject() && item.kind != Value::Kind::kNull) return "must be objects";
  }
  return Foreign(value);
}

// json.html: nothing empty, null only in lists, no name twice.
std::string Model::Foreign(const Value& value) const {
  if (value.kind == Value::Kind::kNull) return "null";
  if (value.IsString() && value.text.empty()) return "an empty string";
  if (value.IsList() && value.items.empty()) return "an empty list";
  if (value.IsObject() && value.members.empty()) return "an empty object";
  for (const Value& item : value.items) {
    if (item.kind == Value::Kind::kNull) continue;
    if (std::string why = Foreign(item); !why.empty()) return why;
  }
  std::set<std::string> names;
  for (const auto& [name, member] : value.members) {
    if (!names.insert(name.text).second) return name.text + " stands twice";
    if (std::string why = Foreign(member); !why.empty()) return why;
  }
  return {};
}

// One of an extension that has a field: with the type of value that the field holds and nothing
// else, or, where it has extensions, without a value.
const mapc::SchemaMember* Model::ExtensionOf(const Type& type, const Value& extension) const {
  const auto member = [&](const std::string& name) -> const Value* {
    for (const Member& m : extension.members) {
      if (m.name.text == name) return &m.value;
    }
    return nullptr;
  };
  const Value* const url = member("url");
  if (url == nullptr || !url->IsString()) return nullptr;
  for (const Rule& rule : type.members) {
    if (rule.url.empty() || rule.url != url->text) continue;
    if (!rule.value.empty())
      return extension.members.size() == 2 && member(rule.value) != nullptr ? &rule : nullptr;
    const Value* const list = member("extension");
    const auto is_value = [](const Member& m) {
      return m.name.text.starts_with("value") || m.name.text.starts_with("_value");
    };
    const bool good =
        list != nullptr && list->IsList() &&
        std::all_of(
            list->items.begin(), list->items.end(), [](const Value& v) { return v.IsObject(); }) &&
        std::none_of(extension.members.begin(), extension.members.end(), is_value);
    return good ? &rule : nullptr;
  }
  return nullptr;
}

std::string Model::Extensions(const Type& type, const Value& list) const {
  std::set<const Rule*> taken;
  for (const Value& item : list.items) {
    const Rule* const rule = ExtensionOf(type, item);
    if (rule == nullptr || (!taken.insert(rule).second && !rule->repeated)) continue;
    for (const Member& member : item.members) {
      std::string why;
      if (member.name.text == rule->value) why = Item(*rule, member.value);
      if (rule->value.empty() && member.name.text == "extension")
        why = Extensions(schema_.types[static_cast<std::size_t>(rule->ref)], member.value);
      if (!why.empty()) return rule->name + ": " + why;
    }
  }
  return {};
}

}  // namespace handoff::plain
