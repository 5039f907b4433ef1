// Maps resolved against the descriptors of handoff.v1: what the tables say.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include <google/protobuf/descriptor.h>

#include "fhir-mappings/compiler/map_file.h"
#include "fhir-mappings/runtime/tables.h"

namespace handoff::mapc {

struct SchemaMember {
  std::string name;
  int field = 0;
  fhir::internal::Kind kind = fhir::internal::Kind::kExtra;
  bool repeated = false;
  int element = 0;
  int ref = 0;
  std::vector<std::string> targets;  // of a Reference
  std::string url = {};              // of an extension
  std::string value = {};            // its member: "valueReference"; empty: extensions
};

struct SchemaElement {
  std::string name;
  int min = 0;
  int max = 1;
  bool choice = false;
};

struct SchemaSearch {
  std::string name;
  std::string type;
  std::string only;
  std::vector<int> steps;
};

struct SchemaInvariant {
  std::string key;
  std::string text;
  bool warning = false;
  int element = -1;  // -1: the whole object
  bool by_hand = false;
  std::uint64_t about = 0;
  std::vector<fhir::internal::Expr> nodes;
};

struct SchemaMeaning {
  std::string system;
  int field = 0;
  int codes = 0;  // index of the enum
};

struct SchemaType {
  std::string name;
  const google::protobuf::Descriptor* proto = nullptr;
  std::vector<SchemaMember> members;
  std::vector<SchemaElement> elements;
  int extra_field = 0;
  int resource_field = 0;
  bool has_references = false;
  bool holds_resources = false;
  bool is_extension = false;
  std::vector<SchemaSearch> searches;
  std::vector<SchemaInvariant> invariants;
  std::vector<SchemaMeaning> meanings;
};

struct SchemaEnum {
  std::string name;
  std::vector<std::pair<std::string, int>> codes;
};

struct Schema {
  std::vector<SchemaType> types;
  std::vector<SchemaEnum> enums;
  std::vector<std::string> opaque;  // sorted
  int reference_type = -1;
  int meta_type = -1;
  std::vector<SchemaInvariant> element_invariants;  // of every datatype and backbone element
  std::deque<std::string> texts;                    // what the nodes of invariants point into
};

// Resolves `maps` against the messages that `pool` knows. What comes back is meaningful only if no
// error was added.
Schema Resolve(const MapSet& maps, const google::protobuf::DescriptorPool& pool, Errors& errors);

}  // namespace handoff::mapc
