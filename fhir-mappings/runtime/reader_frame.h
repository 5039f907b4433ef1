// Where a reader of JSON stands: the objects that are open.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "fhir-mappings/runtime/tables.h"

namespace handoff::fhir::internal {

inline constexpr Member kResourceTypeMember = {"resourceType", 0, 0, Kind::kCode, false, 0};

// The object that is open, and the member whose value comes next.
//
// Every object begins one, so that only what must be set is set.
struct Frame {
  Frame(const Type* object, std::size_t extra, std::size_t names, std::size_t choices)
      : type(object), extra_begin(extra), names_begin(names), choices_begin(choices) {}

  const Type* type;  // null for an opaque resource
  const Member* member = nullptr;
  std::uint64_t seen = 0;      // bit n: element n has stood here
  std::uint64_t siblings = 0;  // bit n: `_element` has stood here
  std::uint64_t nulls = 0;     // bit n: the list of element n holds a null
  bool in_array = false;
  bool list_displaced =
      false;  // a field cannot hold the open list, or the extension: it goes to `extra`
  bool resource_type_seen = false;
  bool framed = false;        // the Resource message has a length of its own (not at the root)
  std::uint32_t items = 0;    // of the open array
  std::string_view resource;  // FHIR name, if the object is a resource
  std::size_t extra_begin;
  std::size_t names_begin;
  std::size_t choices_begin;

  // Where lengths go.
  std::size_t length;
  std::uint8_t length_bytes;  // kept free for it
  std::size_t outer_length;   // if `framed`

  // Of the open list.
  std::size_t packed;
  std::size_t list_text;  // where it begins in the document, behind its bracket
  std::size_t list_wire;  // and in the output
};

}  // namespace handoff::fhir::internal
