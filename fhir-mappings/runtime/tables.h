// The form of the tables that handoff-mapc writes from r4/*.map and that the runtime is driven by.
//
// All tables are constant-initialised; a `Type` is one JSON object form: a resource, a data type,
// or a backbone element.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

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

// A machine word of text.
template <class Word>
constexpr Word LoadWord(const char* p) {
  Word word = 0;
  if (std::is_constant_evaluated()) {
    for (std::size_t i = 0; i < sizeof word; ++i) {
      const std::size_t place =
          std::endian::native == std::endian::little ? i : sizeof word - 1 - i;
      word |= static_cast<Word>(Word{static_cast<unsigned char>(p[i])} << (8 * place));
    }
  } else {
    std::memcpy(&word, p, sizeof word);
  }
  return word;
}

// The first and the last bytes of a name, a word each, which may overlap: all of a name of up to 16
// bytes, together with its size.
struct NameKey {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  bool operator==(const NameKey&) const = default;
};

constexpr NameKey KeyOf(std::string_view name) {
  const char* const p = name.data();
  const std::size_t n = name.size();
  if (n >= 8) return {LoadWord<std::uint64_t>(p), LoadWord<std::uint64_t>(p + n - 8)};
  if (n >= 4) return {LoadWord<std::uint32_t>(p), LoadWord<std::uint32_t>(p + n - 4)};
  if (n == 0) return {};
  const auto at = [&](std::size_t i) { return std::uint64_t{static_cast<unsigned char>(p[i])}; };
  return {at(0) | at(n / 2) << 8 | at(n - 1) << 16, 0};
}

// Whether two names of one size, with these keys, are one.
inline bool SameName(std::string_view a,
                     const NameKey& key,
                     std::string_view b,
                     const NameKey& other) {
  return a.size() == b.size() && key == other &&
         (a.size() <= 16 || std::memcmp(a.data() + 8, b.data() + 8, a.size() - 16) == 0);
}

// A perfect hash over the names of one table: no two names share a slot. handoff-mapc finds a seed
// without collisions for each table, or refuses the map.
struct NameIndex {
  const std::uint8_t* slots;  // position of the name, or kNoName
  std::uint64_t seed;
  std::uint8_t shift;  // 64 - log2(slots)
};
inline constexpr std::uint8_t kNoName = 0xff;

constexpr std::uint64_t NameHash(const NameKey& key, std::size_t size, std::uint64_t seed) {
  return (key.first ^ std::rotl(key.last, 29) ^ std::uint64_t{size} << 32) * seed;
}

struct EnumCode {
  std::string_view code;
  std::int32_t number;
  NameKey key = KeyOf(code);
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
  NameKey key = KeyOf(name);
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

}  // namespace handoff::fhir::internal
