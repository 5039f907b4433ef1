// How FHIR's names, types and codes stand in handoff.v1.
#pragma once

#include <string>
#include <string_view>

#include <google/protobuf/descriptor.h>

#include "fhir-mappings/compiler/map_file.h"
#include "fhir-mappings/compiler/schema.h"
#include "fhir-mappings/runtime/tables.h"

namespace handoff::mapc {

// R4's primitive types by name; kExtra if `name` is none.
fhir::internal::Kind PrimitiveKind(std::string_view name);

// What a proto field must be for a kind.
std::string_view ProtoTypeOf(fhir::internal::Kind kind);
// What a proto field is.
std::string ProtoTypeOf(const google::protobuf::FieldDescriptor& field);

// "valueDateTime" to "value_date_time".
std::string Snake(std::string_view name);

// The codes of an enum. Complains at `where` if its values break the naming rules.
SchemaEnum CodesOf(const google::protobuf::EnumDescriptor& code,
                   const Location& where,
                   Errors& errors);

}  // namespace handoff::mapc
