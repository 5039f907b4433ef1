// Search parameters of a map, resolved against the types that it declares.
#pragma once

#include "fhir-mappings/compiler/map_file.h"
#include "fhir-mappings/compiler/schema.h"

namespace handoff::mapc {

// Adds the paths of `line` to the searches of a type.
// REQUIRES: the members of all types are resolved, and `reference_type` is known.
void AddSearch(int type, const SearchLine& line, Schema& schema, Errors& errors);

}  // namespace handoff::mapc
