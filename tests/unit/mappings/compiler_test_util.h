// A small map compiled beside the data types that it needs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "fhir-mappings/compiler/emit.h"
#include "fhir-mappings/compiler/map_file.h"
#include "fhir-mappings/compiler/schema.h"
#include "handoff/v1/exchange.pb.h"

namespace handoff::mapc {

// Data types that the small maps of these tests need; lines of other files do not shift their line
// numbers.
inline constexpr std::string_view kTypes =
    "datatype Reference <-> handoff.v1.Reference\n"
    "  reference <-> resource_type, resource_id, version, uri reference-string\n"
    "  type <-> type uri\n"
    "  identifier <-> identifier Identifier\n"
    "  display <-> display string\n"
    "datatype Identifier <-> handoff.v1.Identifier\n"
    "  use <-> use code required IdentifierUse\n"
    "  type <-> type CodeableConcept\n"
    "  system <-> system uri\n"
    "  value <-> value string\n"
    "  period <-> period Period\n"
    "  assigner <-> assigner Reference(Organization)\n"
    "datatype CodeableConcept <-> handoff.v1.CodeableConcept\n"
    "  coding[] <-> codings Coding\n"
    "  text <-> text string\n"
    "datatype Coding <-> handoff.v1.Coding\n"
    "  system <-> system uri\n  version <-> version string\n  code <-> code code\n"
    "  display <-> display string\n  userSelected <-> user_selected boolean\n"
    "datatype SecurityLabel as Coding <-> handoff.v1.SecurityLabel\n"
    "  system <-> system uri\n  version <-> version string\n  code <-> code code\n"
    "  display <-> display string\n  userSelected <-> user_selected boolean\n"
    "  meaning confidentiality Confidentiality urn:c\n  meaning sensitivity Sensitivity urn:s\n"
    "  meaning purpose_of_use PurposeOfUse urn:p\n"
    "datatype Period <-> handoff.v1.Period\n  start <-> start dateTime\n  end <-> end dateTime\n"
    "datatype Meta <-> handoff.v1.Meta\n"
    "  versionId <-> version_id id\n  lastUpdated <-> last_updated instant\n  source <-> source "
    "uri\n"
    "  profile[] <-> profiles canonical\n  security[] <-> security SecurityLabel\n  tag[] <-> tags "
    "Coding\n";

// The mistakes; of a map without one, the tables go to `*source`.
inline std::vector<std::string> Compile(std::string_view text, std::string* source = nullptr) {
  MapSet maps;
  Errors errors;
  ParseMap("types.map", kTypes, maps, errors);
  ParseMap("x.map", text, maps, errors);
  const Schema schema = Resolve(maps, *v1::Resource::descriptor()->file()->pool(), errors);
  if (errors.empty()) {
    const std::string emitted = Emit(schema, {"x.map", 1}, errors);
    if (source != nullptr) *source = emitted;
  }
  return errors.list();
}

}  // namespace handoff::mapc
