// The form of the tables that handoff-mapc writes from r4/*.map and that the runtime is driven by.
//
// All tables are constant-initialised; a `Type` is one JSON object form: a resource, a data type,
// or a backbone element.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "fhir-mappings/runtime/expression.h"

namespace handoff::fhir::internal {

// What a member holds: which JSON it takes, which wire form it has and which check applies.
enum class Kind : std::uint8_t {
  // Text on the wire.
  kString,
  kMarkdown,
  kXhtml,
  kUri,
  kUrl,
  kCanonical,
  kOid,
  kUuid,
  kCode,
  kId,
  kBase64Binary,
  kTime,
  kDecimal,
  kReferenceText,  // four text fields: type, id, version, uri
  // Numbers on the wire.
  kBoolean,
  kInteger,
  kPositiveInt,
  kUnsignedInt,
  kEnum,
  // Messages on the wire.
  kDate,
  kDateTime,
  kInstant,
  kMessage,
  kResource,
  // R4 knows the member, the model has no field: it travels in `extra`.
  kExtra,
};

constexpr bool IsPrimitive(Kind kind) { return kind < Kind::kMessage; }
constexpr bool IsText(Kind kind) { return kind <= Kind::kReferenceText; }
constexpr bool IsVarint(Kind kind) { return kind >= Kind::kBoolean && kind <= Kind::kEnum; }
constexpr bool IsMessage(Kind kind) { return kind >= Kind::kDate && kind <= Kind::kResource; }

// A perfect hash over the names of one table: no two names share a slot.
struct NameIndex {
  const std::uint8_t* slots;  // position of the name, or kNoName
  std::uint32_t seed;
  std::uint8_t shift;  // 32 - log2(slots)
};
inline constexpr std::uint8_t kNoName = 0xff;

// Reads five characters only; handoff-mapc finds a seed without collisions for each table, or
// refuses the map.
constexpr std::uint32_t NameHash(std::string_view name, std::uint32_t seed) {
  const std::size_t n = name.size();
  const auto at = [&](std::size_t i) { return std::uint32_t{static_cast<unsigned char>(name[i])}; };
  const std::uint32_t mixed = at(0) + (at(n / 2) << 8) + (at(n - 1) << 16) + (at(n / 4) << 21) +
                              (at(n - 1 - n / 4) << 11) + (static_cast<std::uint32_t>(n) << 26);
  return mixed * seed;
}

struct EnumCode {
  std::string_view code;
  std::int32_t number;
};

struct Enum {
  std::string_view name;
  std::span<const EnumCode> codes;
  NameIndex index;
};

// One JSON member name. Each type of a choice is a member of its own: valueQuantity, valueString. A
// known extension is one too; its name, "extension('url').value", is what FHIRPath calls it.
struct Member {
  std::string_view name;
  std::uint16_t field;  // proto field number; 0 for kExtra
  std::uint16_t ref;    // kMessage: index of the Type; kEnum: of the Enum
  Kind kind;
  bool repeated;
  std::uint8_t element;  // index into the elements of the type
};

// Such a list is one packed field. What it holds is never 0 (codes, positiveInt), so 0 stands for a
// gap.
constexpr bool IsPacked(const Member& member) { return member.repeated && IsVarint(member.kind); }

// One element as FHIR names it: value[x] is one element with many members.
struct Element {
  std::string_view name;
  std::uint16_t min;
  std::uint16_t max;  // 0: no upper bound
  bool choice;
};

// One declared search parameter over one path of members.
struct SearchPath {
  std::string_view name;
  std::string_view type;  // "token", "reference" or "date"
  std::string_view only;  // a reference counts only to this resource type; empty: to any
  std::span<const std::uint8_t> steps;  // member positions, from the resource to the leaf
};

// An extension that has a field of its own.
struct Extension {
  std::string_view url;
  std::string_view value;  // "valueReference"; empty: it has extensions, not a value
};

// What the code of a coding means, if its system is this one: a field with the number of an enum
// beside the text. It says nothing that the text does not say.
struct Meaning {
  std::string_view system;
  std::uint16_t field;
  std::uint16_t codes;  // index of the Enum
};

inline constexpr std::uint8_t kNoCheck = 0xff;

// What must be so: an expression, or a check that validation/ has under its key.
struct Invariant {
  std::string_view key;
  std::string_view text;
  bool warning;
  std::uint8_t element;   // about each item of this element; kNoElement: about the whole object
  std::uint8_t check;     // position in Tables::checks, or kNoCheck
  Expression expression;  // empty if there is a check
  std::uint64_t about;    // holds where none of these elements stands (bit n: n); 0: ask
};

struct Type {
  std::string_view name;  // "Encounter", "Encounter.location", "Period"
  std::span<const Member> members;
  std::span<const Element> elements;
  NameIndex index;
  std::span<const std::uint8_t> by_field;  // member position for a field number, or kNoName
  std::uint64_t required;                  // bit n: element n has a minimum
  std::uint16_t extra_field;
  std::uint16_t resource_field;  // the field in handoff.v1.Resource; 0: not a resource
  std::uint8_t length_bytes;     // how many the length on the wire most often takes
  bool has_references;           // this type or one below it is Reference, or holds resources
  std::span<const SearchPath> searches;
  std::span<const Invariant> invariants;
  std::span<const std::uint16_t> targets;  // of each member, in Tables::targets; empty: all open
  std::span<const Extension> extensions;   // what the last members are
  bool is_extension;                       // the type of such a member, with extensions of its own
  std::span<const Meaning> meanings;       // of a coding

  std::size_t own_members() const { return members.size() - extensions.size(); }
};

// What `member` of `type` is as an extension; null if it is a member of the JSON object.
constexpr const Extension* ExtensionOf(const Type& type, const Member& member) {
  if (type.extensions.empty()) return nullptr;
  const auto position = static_cast<std::size_t>(&member - type.members.data());
  return position < type.own_members() ? nullptr : &type.extensions[position - type.own_members()];
}

inline constexpr std::size_t kMaxElements = 64;

struct Tables {
  std::span<const Type> types;
  std::span<const Enum> enums;
  std::span<const std::uint8_t>
      resource_by_field;                     // field of Resource -> index of the Type, or kNoName
  std::span<const std::uint8_t> resources;   // indices of the resource types, by name
  std::span<const std::string_view> opaque;  // R4 resource types without a map, sorted
  std::uint16_t reference_type;              // index of Reference
  std::uint16_t meta_type;                   // index of Meta
  std::span<const Invariant> element_invariants;  // of every element with elements
  std::span<const std::string_view> checks;       // keys of the invariants that have one
  // What references may point to; the first set is empty: to anything.
  std::span<const std::span<const std::string_view>> targets;
};

extern const Tables kTables;

// The position of `name` in the table that `index` belongs to, or kNoName; the caller still
// compares the name.
constexpr std::uint8_t Slot(const NameIndex& index, std::string_view name) {
  if (name.empty()) return kNoName;
  return index.slots[NameHash(name, index.seed) >> index.shift];
}

}  // namespace handoff::fhir::internal
