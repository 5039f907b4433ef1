// The reference text of a handoff.v1.Reference.
#pragma once

#include <string_view>

#include "fhir-mappings/runtime/resource.h"
#include "fhir-mappings/runtime/tables.h"
#include "fhir-mappings/runtime/wire.h"
#include "fhir-mappings/runtime/wire_fields.h"

namespace handoff::fhir::internal {

inline constexpr bool IsReferenceText(std::uint32_t field) {
  return field >= wire_fields::kReferenceType && field <= wire_fields::kReferenceUri;
}

// False if nothing in the message can be a reference: neither by its type nor in an extension,
// which any type may carry as JSON. Then there is no need to walk through it.
inline bool MayHoldReferences(const Type& type, std::string_view wire) {
  return type.has_references || wire.find("\"reference\"") != wire.npos;
}

// Empty views where the message has no reference text, or is damaged.
inline ReferenceView DecodeReference(std::string_view wire) {
  ReferenceView view;
  WireReader reader(wire);
  for (WireField field; reader.Next(field);) {
    if (field.type != WireType::kBytes) continue;
    switch (field.number) {
      case wire_fields::kReferenceType:
        view.type = field.bytes;
        break;
      case wire_fields::kReferenceId:
        view.id = field.bytes;
        break;
      case wire_fields::kReferenceVersion:
        view.version = field.bytes;
        break;
      case wire_fields::kReferenceUri:
        view.uri = field.bytes;
        break;
      default:
        break;
    }
  }
  return view;
}

}  // namespace handoff::fhir::internal
