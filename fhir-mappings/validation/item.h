// What a FHIRPath expression walks over: views into the wire form of a resource, and into the JSON
// that it keeps as text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir-mappings/runtime/tables.h"
#include "fhir-mappings/runtime/wire.h"

namespace handoff::fhir::internal {

struct Item {
  enum class Form : std::uint8_t {
    kMessage,    // an element with elements, or a resource: `type` and its wire in `bytes`
    kScalar,     // a primitive of `member`: `number` or `bytes`
    kReference,  // the text of a reference: `bytes` is the wire of the Reference
    kJson,       // a value that is kept as text
    kExtension,  // one that has a field, `member` of `type`: its value is `number` or `bytes`
    kTruth,      // what expressions yield
    kInteger,
    kText,
  };
  Form form = Form::kMessage;
  bool sibling = false;  // kJson: the `_name` of a primitive that has no value
  const Type* type = nullptr;
  const Member* member = nullptr;  // through which it was reached, if it was
  std::string_view bytes;
  std::uint64_t number = 0;
};

using Items = std::vector<Item>;

inline Item TruthItem(bool value) {
  return {Item::Form::kTruth, false, nullptr, nullptr, {}, value ? 1u : 0u};
}
inline Item TextItem(std::string_view text) {
  return {Item::Form::kText, false, nullptr, nullptr, text, 0};
}

// An encoded resource; nullopt if it is damaged.
std::optional<Item> ResourceItem(std::string_view encoded);

// "Patient", of an opaque resource too.
std::string_view TypeNameOf(const Item& resource, std::string& scratch);

// meta.versionId; empty if there is none.
std::string VersionOf(const Item& resource);

// The text of the only child with this name; empty if there is none, or more.
std::string OnlyText(const Item& item, std::string_view name);

// The element of `type` that FHIRPath calls `name` (a choice without its type), or kNoElement.
std::uint8_t FindElement(const Type& type, std::string_view name);

// Appends what one field of a message holds: an item, or several of a packed list. Of the four
// fields of a reference text only the first yields an item.
void AppendField(const Type& type,
                 std::string_view wire,
                 const Member& member,
                 const WireField& field,
                 Items& items);

// Appends the children of `item` with this name; a name that it cannot have appends nothing.
void AppendChildren(const Item& item, std::string_view name, Items& items);
// Likewise, where the element is known.
void AppendElement(const Item& item, std::uint8_t element, Items& items);
void AppendAllChildren(const Item& item, Items& items);

// The member whose name, or whose name behind an underscore, a member of an `extra` has; null if
// the type knows none.
const Member* ExtraOwner(const Type& type, std::string_view json_name);

// Whether the item has a value: not of an element with elements, nor of a primitive with extensions
// only.
bool HasValue(const Item& item);

// The text of a string, a code, a uri or a reference, composed in `scratch` if need be; nullopt of
// anything else.
std::optional<std::string_view> TextOf(const Item& item, std::string& scratch);
std::optional<double> NumberOf(const Item& item);
std::optional<bool> TruthOf(const Item& item);

// Whether `item` is of the FHIR type `name`: "Quantity", "decimal", "Patient".
bool IsOfType(const Item& item, std::string_view name);

// FHIRPath's `=` of two items; elements are equal if they hold the same, in any order of fields.
bool AreEqual(const Item& a, const Item& b);

// How `a` stands to `b`: what is certain, and kUnknown where dates of unlike precision overlap or
// quantities have unlike units.
enum class Order : std::uint8_t { kLess, kEqual, kGreater, kUnknown, kNotComparable };
Order Compare(const Item& a, const Item& b);

}  // namespace handoff::fhir::internal
