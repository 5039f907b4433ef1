#include "fhir-mappings/compiler/search_paths.h"

#include <string>
#include <string_view>
#include <utility>

namespace handoff::mapc {
namespace {

using fhir::internal::Kind;
using google::protobuf::FieldDescriptor;

// The member of `type` that maps to a proto field, noted in `search`; null if there is none.
const SchemaMember* Step(const SchemaType& type,
                         const std::string& field_name,
                         SchemaSearch& search) {
  const FieldDescriptor* field = type.proto->FindFieldByName(field_name);
  for (std::size_t i = 0; field != nullptr && i < type.members.size(); ++i) {
    if (type.members[i].field == field->number()) {
      search.steps.push_back(static_cast<int>(i));
      return &type.members[i];
    }
  }
  return nullptr;
}

bool Searchable(std::string_view search_type, const SchemaMember& leaf, const Schema& schema) {
  const std::string_view name =
      leaf.kind == Kind::kMessage ? std::string_view(schema.types[leaf.ref].name) : "";
  if (search_type == "reference") {
    return name == "Reference" || leaf.kind == Kind::kCanonical || leaf.kind == Kind::kUri;
  }
  if (search_type == "date") {
    return leaf.kind == Kind::kDate || leaf.kind == Kind::kDateTime ||
           leaf.kind == Kind::kInstant || name == "Period" || name == "Timing";
  }
  return name == "CodeableConcept" || name == "Coding" || name == "Identifier" ||
         name == "ContactPoint" || leaf.kind == Kind::kEnum || leaf.kind == Kind::kBoolean ||
         fhir::internal::IsText(leaf.kind);
}

}  // namespace

void AddSearch(int type, const SearchLine& line, Schema& schema, Errors& errors) {
  if (line.type != "token" && line.type != "reference" && line.type != "date") {
    errors.Add(line.where, "unknown search type " + line.type + ": token, reference or date");
    return;
  }
  for (const SearchLine::Path& path : line.paths) {
    SchemaSearch search{line.name, line.type, path.only, {}};
    int current = type;
    const SchemaMember* leaf = nullptr;
    for (const std::string& step : path.fields) {
      leaf = leaf != nullptr && leaf->kind != Kind::kMessage
                 ? nullptr
                 : Step(schema.types[current], step, search);
      if (leaf == nullptr) {
        errors.Add(line.where, "no field " + step + " on the search path of " + line.name);
        break;
      }
      current = leaf->ref;
    }
    if (leaf == nullptr) continue;
    if (!Searchable(line.type, *leaf, schema)) {
      errors.Add(line.where,
                 line.name + ": a " + line.type + " parameter cannot search " + path.fields.back());
    }
    if (!path.only.empty() &&
        (leaf->kind != Kind::kMessage || leaf->ref != schema.reference_type)) {
      errors.Add(line.where, line.name + ": only a Reference can be limited to " + path.only);
    }
    schema.types[type].searches.push_back(std::move(search));
  }
}

}  // namespace handoff::mapc
