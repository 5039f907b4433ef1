// Known extensions: those that have a field of their own (Type::extensions).
//
// An extension whose form its field can hold leaves `extra` for the field. Its place in the list is
// kept: where the known ones stand first, in the order of the map, nothing needs to be said; else
// the list in `extra` has the number of the field in the place of the extension. A number without
// a field (a view has dropped it) stands for nothing; a field without a number stands last, or
// first if there is no number at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fhir-mappings/runtime/tables.h"

namespace handoff::fhir::internal {

// An item of a list of extensions.
struct KnownExtension {
  const Member* member = nullptr;  // whose url it has; null: none that the type knows
  std::string_view value;          // JSON: of the value, or of the whole extension
};

// What `item`, an extension as sound JSON text, is to `type`. Without a value if it has what its
// field cannot hold: another type of value, extensions or an id beside it.
KnownExtension FindExtension(const Type& type, std::string_view item);

// The list of extensions of one object while its known ones find their fields.
class ExtensionPlaces {
 public:
  explicit ExtensionPlaces(const Type& type)
      : type_(type), seen_(type.extensions.size()), placed_(type.extensions.size()) {}

  // How many items so far have this url, and how many are in its field.
  std::uint32_t Seen(const Member& member) const { return seen_[Position(member)]; }
  std::uint32_t Placed(const Member& member) const { return placed_[Position(member)]; }
  // The next item: in its field, or not.
  void Add(const Member* member, std::string_view item, bool placed);

  // The list that stays in `extra`; empty if nothing stays.
  std::string Rest() const;

 private:
  struct Place {
    const Member* member;  // null: it stays
    std::string_view item;
  };

  std::size_t Position(const Member& member) const {
    return static_cast<std::size_t>(&member - type_.members.data()) - type_.own_members();
  }

  const Type& type_;
  std::vector<std::uint32_t> seen_;
  std::vector<std::uint32_t> placed_;
  std::vector<Place> places_;
  bool ordered_ = true;
};

// An extension of an object that is read back: one that has a field, or one of the list in `extra`.
struct OrderedExtension {
  static constexpr std::size_t kNoField = static_cast<std::size_t>(-1);
  std::size_t known = kNoField;  // position among the known ones
  std::string_view text;         // as JSON, if it has no field
};

// The extensions of one object in the order in which they stood. `fields`: those of the known ones,
// in the order of the map; `list`: the list in `extra`, empty if there is none.
std::vector<OrderedExtension> ExtensionsInOrder(std::span<const std::uint16_t> fields,
                                                std::string_view list);

}  // namespace handoff::fhir::internal
