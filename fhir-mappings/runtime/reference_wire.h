// The reference text of a handoff.v1.Reference.
#pragma once

#include <string_view>

#include "fhir-mappings/runtime/resource.h"
#include "fhir-mappings/runtime/wire.h"
#include "fhir-mappings/runtime/wire_fields.h"

namespace handoff::fhir::internal {

inline constexpr bool IsReferenceText(std::uint32_t field) {
  return field >= wire_fields::kReferenceType && field <= wire_fields::kReferenceUri;
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
