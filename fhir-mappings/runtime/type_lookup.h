// Finding members, codes and resource types by name.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "fhir-mappings/runtime/tables.h"

namespace handoff::fhir::internal {

template <class Word>
Word LoadWord(const char* p) {
  Word word;
  std::memcpy(&word, p, sizeof word);
  return word;
}

// Whether the first and the last bytes of both are the same, a word each.
template <class Word>
bool SameEnds(std::string_view a, std::string_view b) {
  const std::size_t last = a.size() - sizeof(Word);
  return LoadWord<Word>(a.data()) == LoadWord<Word>(b.data()) &&
         LoadWord<Word>(a.data() + last) == LoadWord<Word>(b.data() + last);
}

// Names are short: comparing words in place costs less than a call.
inline bool SameText(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  if (a.size() > 16) return std::memcmp(a.data(), b.data(), a.size()) == 0;
  if (a.size() >= 8) return SameEnds<std::uint64_t>(a, b);
  if (a.size() >= 4) return SameEnds<std::uint32_t>(a, b);
  if (a.size() >= 2) return SameEnds<std::uint16_t>(a, b);
  return a.empty() || a[0] == b[0];
}

// nullptr if `name` is no member of `type`.
inline const Member* FindMember(const Type& type, std::string_view name) {
  const std::uint8_t slot = Slot(type.index, name);
  if (slot == kNoName) return nullptr;
  const Member& member = type.members[slot];
  return SameText(member.name, name) ? &member : nullptr;
}

inline const EnumCode* FindCode(const Enum& codes, std::string_view name) {
  const std::uint8_t slot = Slot(codes.index, name);
  if (slot == kNoName) return nullptr;
  const EnumCode& code = codes.codes[slot];
  return SameText(code.code, name) ? &code : nullptr;
}

// The code of a number, or nullptr.
inline const EnumCode* FindCode(const Enum& codes, std::uint64_t number) {
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
