// Finding members, codes and resource types by name.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "fhir-mappings/runtime/tables.h"

namespace handoff::fhir::internal {

// Names are short: comparing words in place costs less than a call.
inline bool SameText(std::string_view a, std::string_view b) {
  return a.size() == b.size() && SameName(a, KeyOf(a), b, KeyOf(b));
}

// The one of `table`, which `index` belongs to, that is called `name`, or nullptr.
template <class Named>
const Named* FindNamed(const NameIndex& index,
                       std::span<const Named> table,
                       std::string_view Named::* own_name,
                       std::string_view name) {
  const NameKey key = KeyOf(name);
  const std::uint8_t slot = index.slots[NameHash(key, name.size(), index.seed) >> index.shift];
  if (slot == kNoName) return nullptr;
  const Named& found = table[slot];
  return SameName(found.*own_name, found.key, name, key) ? &found : nullptr;
}

// nullptr if `name` is no member of `type`.
inline const Member* FindMember(const Type& type, std::string_view name) {
  return FindNamed(type.index, type.members, &Member::name, name);
}

inline const EnumCode* FindCode(const Enum& codes, std::string_view name) {
  return FindNamed(codes.index, codes.codes, &EnumCode::code, name);
}

// The code of a number, or nullptr.
inline const EnumCode* FindCode(const Enum& codes, std::uint64_t number) {
  // Most enums number their codes from 1 on, in order.
  if (number - 1 < codes.codes.size()) {
    const EnumCode& code = codes.codes[number - 1];
    if (static_cast<std::uint64_t>(code.number) == number) return &code;
  }
  for (const EnumCode& code : codes.codes) {
    if (static_cast<std::uint64_t>(code.number) == number) return &code;
  }
  return nullptr;
}

// The member that a wire field belongs to, or nullptr.
inline const Member* FindField(const Type& type, std::uint32_t number) {
  if (number >= type.by_field.size() || type.by_field[number] == kNoName) return nullptr;
  return &type.members[type.by_field[number]];
}

// Whether a wire field is a meaning, which is no member.
inline bool IsMeaning(const Type& type, std::uint32_t number) {
  for (const Meaning& meaning : type.meanings) {
    if (meaning.field == number) return true;
  }
  return false;
}

// The mapped resource type, or nullptr.
const Type* FindResource(std::string_view name);
const Type* FindResource(std::uint32_t field);

// What the resourceType of an object says.
struct ResourceName {
  bool found = false;          // a resource type of R4
  bool stated = false;         // there is a resourceType
  const Type* type = nullptr;  // its map; null: opaque
  std::string_view name;       // static storage
};

// `text` is JSON from behind the `{` of a resource on; `resourceType` may stand anywhere in the
// object.
ResourceName FindResourceType(std::string_view text);

// Whether a member name may appear in a message: short, and letters, digits and _ only.
bool IsPlainName(std::string_view name);

}  // namespace handoff::fhir::internal
