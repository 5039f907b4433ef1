// The search paths of the maps, joined to trees by field number: a walk over the wire form looks at
// what some path needs, once, and knows what to make of it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fhir-mappings/runtime/tables.h"

namespace handoff::fhir::internal {

// What stands at the end of a path.
enum class SearchForm : std::uint8_t {
  kNothing,  // no token comes of it
  kReference,
  kConcept,
  kCoding,
  kIdentifier,
  kContactPoint,
  kUri,   // a text that is a reference
  kText,  // any other text
  kBoolean,
  kCode,
};

struct SearchLeaf {
  std::string prefix;     // "name="
  std::string_view only;  // kReference: counts only to this type; empty: to any
  SearchForm form;
  const Enum* codes = nullptr;  // kCode
};

struct SearchNode;

// What begins with one field.
struct SearchStep {
  std::vector<SearchLeaf> leaves;
  const SearchNode* below = nullptr;  // paths that go on in the message; may be null
};

struct SearchNode {
  // Null where no path needs the field.
  const SearchStep* Find(std::uint32_t field) const {
    return field < by_field.size() && by_field[field] != kNoName ? &steps[by_field[field]]
                                                                 : nullptr;
  }

  std::vector<std::uint8_t> by_field;  // position in steps, or kNoName
  std::vector<SearchStep> steps;
};

// The tree of a resource type.
const SearchNode& SearchProgram(const Type& type);

}  // namespace handoff::fhir::internal
