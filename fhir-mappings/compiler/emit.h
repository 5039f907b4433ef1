// A resolved schema as one C++ source of constant tables.
#pragma once

#include <string>

#include "fhir-mappings/compiler/schema.h"

namespace handoff::mapc {

// Names that no perfect hash can tell apart are an error at `where`.
std::string Emit(const Schema& schema, const Location& where, Errors& errors);

}  // namespace handoff::mapc
