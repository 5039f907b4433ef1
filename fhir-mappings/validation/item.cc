#include "fhir-mappings/validation/item.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "fhir-mappings/runtime/extensions.h"
#include "fhir-mappings/runtime/json_text_view.h"
#include "fhir-mappings/runtime/type_lookup.h"
#include "fhir-mappings/runtime/wire_fields.h"

namespace handoff::fhir::internal {
namespace {

bool IsUpper(char c) { return std::isupper(static_cast<unsigned char>(c)) != 0; }

Item JsonItem(const Member* member, std::string_view value, bool sibling) {
  return {Item::Form::kJson, sibling, nullptr, member, value, 0};
}

// A value that is text: one item, or one for each of a list. A number in a list of extensions is
// the place of one that has a field.
void AppendJson(const Member* member, std::string_view name, std::string_view value, Items& items) {
  const bool sibling = name.starts_with('_');
  if (!IsJsonList(value)) {
    if (value != "null") items.push_back(JsonItem(member, value, sibling));
    return;
  }
  for (JsonSteps steps(value); const auto item = steps.NextItem();) {
    if (*item != "null" && (name != "extension" || IsJsonObjectText(*item)))
      items.push_back(JsonItem(member, *item, sibling));
  }
}

std::optional<Item> OpaqueItem(std::string_view wire) {
  WireReader reader(wire);
  for (WireField field; reader.Next(field);) {
    if (field.number == wire_fields::kOpaqueJson && field.type == WireType::kBytes) {
      return JsonItem(nullptr, field.bytes, false);
    }
  }
  return std::nullopt;
}

// Whether a JSON member is FHIRPath's child `name`: alone, or with the type of a choice.
bool NamesChild(std::string_view json_name, std::string_view name) {
  return json_name == name || (json_name.size() > name.size() && json_name.starts_with(name) &&
                               IsUpper(json_name[name.size()]));
}

void AppendJsonChildren(const Item& item, std::string_view name, Items& items) {
  if (!IsJsonObjectText(item.bytes)) return;
  const std::size_t begin = items.size();
  JsonSteps steps(item.bytes);
  std::string_view json_name;
  for (std::string_view value; steps.Next(json_name, value);) {
    if (NamesChild(json_name, name)) AppendJson(nullptr, json_name, value, items);
  }
  if (items.size() != begin) return;
  JsonSteps again(item.bytes);
  for (std::string_view value; again.Next(json_name, value);) {
    if (json_name.starts_with('_') && NamesChild(json_name.substr(1), name)) {
      AppendJson(nullptr, json_name, value, items);
    }
  }
}

const Extension& DefinitionOf(const Item& extension) {
  return *ExtensionOf(*extension.type, *extension.member);
}

// What a field holds: an element with elements, or a primitive.
Item ValueItem(const Member& member, std::string_view bytes, std::uint64_t number) {
  if (member.kind == Kind::kMessage)
    return {Item::Form::kMessage, false, &kTables.types[member.ref], &member, bytes, 0};
  return {Item::Form::kScalar, false, nullptr, &member, bytes, number};
}

// An extension as FHIR has it: url, and either value or extension.
void AppendExtensionChildren(const Item& item, std::string_view name, Items& items) {
  const bool any = name.empty();
  const bool value = !DefinitionOf(item).value.empty();
  if (any || name == "url") items.push_back(TextItem(DefinitionOf(item).url));
  if (value && (any || name == "value"))
    items.push_back(ValueItem(*item.member, item.bytes, item.number));
  if (value) return;
  const Item whole{
      Item::Form::kMessage, false, &kTables.types[item.member->ref], nullptr, item.bytes, 0};
  if (any) {
    AppendAllChildren(whole, items);
  } else if (name == "extension" || name == "id") {
    AppendChildren(whole, name, items);
  }
}

// What of an element stands in the extra; siblings only if the element has no value elsewhere.
void AppendExtra(const Item& item,
                 std::string_view extra,
                 std::uint8_t element,
                 std::size_t begin,
                 Items& items) {
  JsonSteps steps(extra);
  std::string_view name;
  for (std::string_view value; steps.Next(name, value);) {
    const Member* const owner = ExtraOwner(*item.type, name);
    if (owner == nullptr || owner->element != element) continue;
    const bool sibling = name.starts_with('_');
    if (!sibling || items.size() == begin) AppendJson(owner, name, value, items);
  }
}

// The extensions of a message that knows some, in the order in which they stood.
void AppendExtensions(const Item& item, Items& items) {
  const Type& type = *item.type;
  const Member* const list = FindMember(type, "extension");
  Items known;
  std::string_view rest;
  WireReader reader(item.bytes);
  for (WireField field; reader.Next(field);) {
    if (field.number == type.extra_field) rest = JsonMember(field.bytes, "extension");
    const Member* const member = FindField(type, field.number);
    if (member != nullptr && ExtensionOf(type, *member) != nullptr)
      AppendField(type, item.bytes, *member, field, known);
  }
  std::sort(known.begin(), known.end(), [](const Item& a, const Item& b) {
    return std::pair(a.member, a.bytes.data()) < std::pair(b.member, b.bytes.data());
  });
  std::vector<std::uint16_t> fields;
  for (const Item& extension : known) fields.push_back(extension.member->field);
  for (const OrderedExtension& extension : ExtensionsInOrder(fields, rest)) {
    const bool has_field = extension.known != OrderedExtension::kNoField;
    items.push_back(has_field ? known[extension.known] : JsonItem(list, extension.text, false));
  }
}

}  // namespace

std::optional<Item> ResourceItem(std::string_view encoded) {
  WireReader reader(encoded);
  WireField field;
  if (!reader.Next(field) || field.type != WireType::kBytes) return std::nullopt;
  if (field.number == wire_fields::kOpaque) return OpaqueItem(field.bytes);
  const Type* const type = FindResource(field.number);
  if (type == nullptr) return std::nullopt;
  return Item{Item::Form::kMessage, false, type, nullptr, field.bytes, 0};
}

std::string_view TypeNameOf(const Item& resource, std::string& scratch) {
  if (resource.form == Item::Form::kMessage) return resource.type->name;
  return JsonStringText(JsonMember(resource.bytes, "resourceType"), scratch);
}

std::string OnlyText(const Item& item, std::string_view name) {
  Items children;
  AppendChildren(item, name, children);
  std::string scratch;
  if (children.size() != 1) return {};
  return std::string(TextOf(children.front(), scratch).value_or(std::string_view()));
}

std::string VersionOf(const Item& resource) {
  Items meta;
  AppendChildren(resource, "meta", meta);
  return meta.empty() ? std::string() : OnlyText(meta.front(), "versionId");
}

std::uint8_t FindElement(const Type& type, std::string_view name) {
  const Member* const member = FindMember(type, name);
  if (member != nullptr && !type.elements[member->element].choice) return member->element;
  for (std::size_t i = 0; i < type.elements.size(); ++i) {
    const Element& element = type.elements[i];
    if (element.choice && element.name.size() == name.size() + 3 && element.name.starts_with(name))
      return static_cast<std::uint8_t>(i);
  }
  return kNoElement;
}

void AppendField(const Type& type,
                 std::string_view wire,
                 const Member& member,
                 const WireField& field,
                 Items& items) {
  if (ExtensionOf(type, member) != nullptr) {
    items.push_back({Item::Form::kExtension, false, &type, &member, field.bytes, field.value});
  } else if (member.kind == Kind::kReferenceText) {
    if (!items.empty() && items.back().form == Item::Form::kReference &&
        items.back().bytes.data() == wire.data()) {
      return;
    }
    items.push_back({Item::Form::kReference, false, &type, &member, wire, 0});
  } else if (member.kind == Kind::kResource) {
    if (std::optional<Item> resource = ResourceItem(field.bytes)) {
      resource->member = &member;
      items.push_back(*resource);
    }
  } else if (IsPacked(member) && field.type == WireType::kBytes) {
    WireReader packed(field.bytes);
    for (std::uint64_t number = 0; packed.NextPacked(number);) {
      items.push_back({Item::Form::kScalar, false, nullptr, &member, {}, number});
    }
  } else {
    items.push_back(ValueItem(member, field.bytes, field.value));
  }
}

void AppendElement(const Item& item, std::uint8_t element, Items& items) {
  const Type& type = *item.type;
  if (!type.extensions.empty() && type.elements[element].name == "extension")
    return AppendExtensions(item, items);
  const std::size_t begin = items.size();
  std::string_view extra;
  WireReader reader(item.bytes);
  for (WireField field; reader.Next(field);) {
    if (field.number == type.extra_field) extra = field.bytes;
    const Member* const member = FindField(type, field.number);
    if (member == nullptr || member->element != element) continue;
    AppendField(type, item.bytes, *member, field, items);
    // Of what does not repeat there is no more, unless it is a gap with extensions.
    if (!member->repeated && items.size() != begin &&
        (member->kind == Kind::kMessage || HasValue(items.back()))) {
      return;
    }
  }
  if (!extra.empty()) AppendExtra(item, extra, element, begin, items);
}

void AppendChildren(const Item& item, std::string_view name, Items& items) {
  if (item.form == Item::Form::kJson) return AppendJsonChildren(item, name, items);
  if (item.form == Item::Form::kExtension) {
    return AppendExtensionChildren(Item(item), name, items);
  }
  if (item.form != Item::Form::kMessage) return;
  const std::uint8_t element = FindElement(*item.type, name);
  if (element != kNoElement) {
    AppendElement(item, element, items);
  } else if (item.type->name == name) {
    items.push_back(item);  // a path may begin with the type: Appointment.status
  }
}

void AppendAllChildren(const Item& item, Items& items) {
  if (item.form == Item::Form::kJson) {
    if (!IsJsonObjectText(item.bytes)) return;
    JsonSteps steps(item.bytes);
    std::string_view name;
    for (std::string_view value; steps.Next(name, value);) {
      AppendJson(nullptr, name, value, items);
    }
    return;
  }
  if (item.form == Item::Form::kExtension) return AppendExtensionChildren(Item(item), {}, items);
  if (item.form != Item::Form::kMessage) return;
  const Item whole = item;  // `items` may hold the item
  WireReader reader(whole.bytes);
  for (WireField field; reader.Next(field);) {
    if (const Member* const member = FindField(*whole.type, field.number)) {
      AppendField(*whole.type, whole.bytes, *member, field, items);
    } else if (field.number == whole.type->extra_field) {
      AppendAllChildren(JsonItem(nullptr, field.bytes, false), items);
    }
  }
}

const Member* ExtraOwner(const Type& type, std::string_view json_name) {
  if (const Member* const member = FindMember(type, json_name)) return member;
  return json_name.starts_with('_') ? FindMember(type, json_name.substr(1)) : nullptr;
}

}  // namespace handoff::fhir::internal
