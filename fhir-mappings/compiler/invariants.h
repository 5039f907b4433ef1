// Invariants of a map, resolved against the types that it declares.
#pragma once

#include "fhir-mappings/compiler/map_file.h"
#include "fhir-mappings/compiler/schema.h"

namespace handoff::mapc {

// Adds the invariant to a type, or to the backbone element that its path leads to. An expression
// that is not understood, or names an element that its type does not have, is an error.
// REQUIRES: the members of all types are resolved.
void AddInvariant(int type, const InvariantLine& line, Schema& schema, Errors& errors);

// Adds an invariant of every element with elements; only checks by hand can be that.
void AddElementInvariant(const InvariantLine& line, Schema& schema, Errors& errors);

}  // namespace handoff::mapc
