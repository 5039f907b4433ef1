// The compiled maps and the descriptors of handoff.v1, side by side.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <google/protobuf/descriptor.h>

#include "fhir-mappings/runtime/tables.h"

namespace handoff::doc {

// The message of each type, found by following the fields of handoff.v1.Resource.
class MessageNames {
 public:
  MessageNames();

  // Null for a type that no resource reaches.
  const google::protobuf::Descriptor* Of(const fhir::internal::Type& type) const;

  // The proto fields that a member maps to, each in `code` marks; empty for one that has none.
  std::string Fields(const fhir::internal::Type& type, const fhir::internal::Member& member) const;

 private:
  void Add(const fhir::internal::Type& type, const google::protobuf::Descriptor& message);

  std::unordered_map<const fhir::internal::Type*, const google::protobuf::Descriptor*> messages_;
};

// The FHIR type of a member as people write it: "code", "Reference(Patient | Group)".
std::string TypeText(const fhir::internal::Type& type, const fhir::internal::Member& member);

// "status (token), patient (reference to Patient)": what searches the member at the end of `steps`,
// or below it if `leaf`.
std::string SearchText(const fhir::internal::Type& resource,
                       const std::vector<std::uint8_t>& steps,
                       bool leaf);

// The enum of handoff.v1 with this name.
const google::protobuf::EnumDescriptor& EnumNamed(std::string_view name);

}  // namespace handoff::doc
