// Where a reader of JSON stands: the objects that are open.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "fhir-mappings/runtime/tables.h"

namespace handoff::fhir::internal {

inline constexpr Member kResourceTypeMember = {"resourceType", 0, 0, Kind::kCode, false, 0};

// The object that is open, and the member whose value comes next.
struct Frame {
  const Type* type = nullptr;  // null for an opaque resource
  std::string_view resource;   // FHIR name, if the object is a resource
  const Member* member = nullptr;
  bool in_array = false;
  bool resource_type_seen = false;
  bool framed = false;         // the Resource message has a length of its own (not at the root)
  std::uint32_t items = 0;     // of the open array
  std::uint64_t seen = 0;      // bit n: element n has stood here
  std::uint64_t siblings = 0;  // bit n: `_element` has stood here
  std::uint64_t nulls = 0;     // bit n: the list of element n holds a null
  std::size_t outer_length = 0;
  std::size_t length = 0;
  std::size_t packed = 0;
  std::size_t list_text = 0;    // where the open list begins in the document, behind its bracket
  std::size_t list_wire = 0;    // and in the output
  bool list_displaced = false;  // a field cannot hold it, or the extension: it goes to `extra`
  std::size_t extra_begin = 0;
  std::size_t names_begin = 0;
  std::size_t choices_begin = 0;
};

}  // namespace handoff::fhir::internal
