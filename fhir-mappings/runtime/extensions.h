// Known extensions: those that have a field of their own (Type::extensions).
//
// An extension whose form its field can hold leaves `extra` for the field. Its place in the list is
// kept: where the known ones stand first, in the order of the map, nothing needs to be said; else
// the list in `extra` has the number of the field in the place of the extension. A number without a
// field (a view has dropped it) stands for nothing; a field without a number stands first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fhir-mappings/runtime/tables.h"

namespace handoff::fhir::internal {

// An item of a list of extensions that has a field.
struct KnownExtension {
  const Member* member = nullptr;  // null: the item stays as it is
  std::string_view value;          // JSON: of the value, or of the whole extension
};

// What `item`, an extension as sound JSON text, is to `type`. Null if it is none that the type
// knows, or has what its field cannot hold: another type of value, extensions or an id beside it.
KnownExtension FindExtension(const Type& type, std::string_view item);

// The list of extensions of one object while its known ones find their fields.
class ExtensionPlaces {
 public:
  explicit ExtensionPlaces(const Type& type) : type_(type), counts_(type.extensions.size()) {}

  // How many items a field has.
  std::uint32_t Count(const Member& member) const { return counts_[Position(member)]; }
  // The next item, and the field that has it; null if none has.
  void Add(const Member* member, std::string_view item);

  // The list that stays in `extra`; empty if nothing stays.
  std::string Rest() const;

 private:
  struct Place {
    const Member* member;
    std::string_view item;
  };

  std::size_t Position(const Member& member) const {
    return static_cast<std::size_t>(&member - type_.members.data()) - type_.own_members();
  }

  const Type& type_;
  std::vector<std::uint32_t> counts_;
  std::vector<Place> places_;
  bool ordered_ = true;
};

}  // namespace handoff::fhir::internal
