#include <algorithm>
#include <string>
#include <string_view>

#include "fhir-mappings/runtime/json_text.h"
#include "fhir-mappings/runtime/primitives.h"
#include "fhir-mappings/runtime/reference_wire.h"
#include "fhir-mappings/runtime/resource.h"
#include "fhir-mappings/runtime/search_program.h"
#include "fhir-mappings/runtime/tables.h"
#include "fhir-mappings/runtime/type_lookup.h"
#include "fhir-mappings/runtime/wire.h"
#include "fhir-mappings/runtime/wire_fields.h"

namespace handoff::fhir {
namespace {

using namespace internal;

// Walks the wire form as a search program says, and appends what stands at the ends of its paths.
class TokenFinder {
 public:
  explicit TokenFinder(SearchTokens* tokens) : tokens_(*tokens) {}

  void Message(const SearchNode& node, std::string_view wire) {
    WireReader reader(wire);
    for (WireField field; reader.Next(field);) {
      const SearchStep* const step = node.Find(field.number);
      if (step == nullptr) continue;
      for (const SearchLeaf& leaf : step->leaves) Leaf(leaf, field);
      if (step->below != nullptr && field.type == WireType::kBytes)
        Message(*step->below, field.bytes);
    }
  }

  void Reference(std::string_view prefix, std::string_view only, const ReferenceView& reference) {
    if (reference.IsRelative()) {
      if (!only.empty() && reference.type != only) return;
      tokens_.Add(prefix, reference.type, kSlash, reference.id);
    } else if (!reference.uri.empty()) {
      tokens_.Add(prefix, reference.uri);
    }
  }

 private:
  static constexpr std::string_view kSlash = "/";
  static constexpr std::string_view kBar = "|";

  void Coded(std::string_view prefix, std::string_view system, std::string_view code) {
    if (!code.empty()) tokens_.Add(prefix, system, kBar, code);
  }

  void Leaf(const SearchLeaf& leaf, const WireField& field) {
    if (leaf.form == SearchForm::kCode) return Codes(leaf, field);
    const bool wants_bytes = leaf.form != SearchForm::kBoolean;
    if (wants_bytes != (field.type == WireType::kBytes)) return;
    switch (leaf.form) {
      case SearchForm::kReference:
        return Reference(leaf.prefix, leaf.only, DecodeReference(field.bytes));
      case SearchForm::kConcept:
        return Concept(leaf.prefix, field.bytes);
      case SearchForm::kCoding:
        return Pair(leaf.prefix, field.bytes, wire_fields::kCodingSystem, wire_fields::kCodingCode);
      case SearchForm::kIdentifier:
        return Pair(leaf.prefix,
                    field.bytes,
                    wire_fields::kIdentifierSystem,
                    wire_fields::kIdentifierValue);
      case SearchForm::kContactPoint:
        return Pair(leaf.prefix, field.bytes, 0, wire_fields::kContactPointValue);
      case SearchForm::kUri:
        if (!field.bytes.empty()) tokens_.Add(std::string_view(leaf.prefix), field.bytes);
        return;
      case SearchForm::kText:
        return Coded(leaf.prefix, {}, field.bytes);
      case SearchForm::kBoolean:
        return Coded(leaf.prefix, {}, field.value != 0 ? "true" : "false");
      case SearchForm::kCode:
      case SearchForm::kNothing:
        return;
    }
  }

  void Codes(const SearchLeaf& leaf, const WireField& field) {
    const auto add = [&](std::uint64_t number) {
      if (const EnumCode* const code = FindCode(*leaf.codes, number))
        Coded(leaf.prefix, {}, code->code);
    };
    if (field.type == WireType::kVarint) return add(field.value);
    WireReader packed(field.bytes);
    for (std::uint64_t number = 0; packed.NextPacked(number);) add(number);
  }

  void Concept(std::string_view prefix, std::string_view wire) {
    WireReader reader(wire);
    for (WireField field; reader.Next(field);) {
      if (field.number == wire_fields::kConceptCodings && field.type == WireType::kBytes)
        Pair(prefix, field.bytes, wire_fields::kCodingSystem, wire_fields::kCodingCode);
    }
  }

  // "system|code" of two text fields of a message; no `system` field: "|code".
  void Pair(std::string_view prefix,
            std::string_view wire,
            std::uint32_t system_field,
            std::uint32_t code_field) {
    std::string_view system;
    std::string_view code;
    WireReader reader(wire);
    for (WireField field; reader.Next(field);) {
      if (field.type != WireType::kBytes) continue;
      if (field.number == system_field) system = field.bytes;
      if (field.number == code_field) code = field.bytes;
    }
    Coded(prefix, system, code);
  }

  SearchTokens& tokens_;
};

// A type without a map is found by whom it is about.
void OpaqueTokens(std::string_view wire, TokenFinder& finder) {
  WireReader reader(wire);
  for (WireField field; reader.Next(field);) {
    if (field.number != wire_fields::kOpaqueJson || field.type != WireType::kBytes) continue;
    VisitJsonReferences(field.bytes, [&](std::string_view members, std::string_view text) {
      if (members != ".subject" && members != ".patient") return;
      const ReferenceParts parts = ParseReference(text);
      const ReferenceView reference{parts.type, parts.id, parts.version, parts.uri};
      if (members == ".subject") finder.Reference("subject=", {}, reference);
      finder.Reference("patient=", "Patient", reference);
    });
  }
}

}  // namespace

void AppendTokens(std::string_view encoded, SearchTokens* tokens) {
  WireReader reader(encoded);
  WireField field;
  if (!reader.Next(field) || field.type != WireType::kBytes) return;
  TokenFinder finder(tokens);
  if (field.number == wire_fields::kOpaque) return OpaqueTokens(field.bytes, finder);
  if (const Type* const type = FindResource(field.number))
    finder.Message(SearchProgram(*type), field.bytes);
}

bool IsSearchable(std::string_view type, std::string_view name) {
  const Type* const found = FindResource(type);
  return found != nullptr &&
         std::any_of(found->searches.begin(), found->searches.end(), [&](const SearchPath& path) {
           return path.name == name && path.type != "date";
         });
}

std::vector<std::string_view> MappedTypes() {
  std::vector<std::string_view> names;
  for (const std::uint8_t index : kTables.resources) names.push_back(kTables.types[index].name);
  return names;
}

std::vector<std::pair<std::string_view, std::string_view>> SearchParameters(std::string_view type) {
  std::vector<std::pair<std::string_view, std::string_view>> parameters;
  const Type* const found = FindResource(type);
  if (found == nullptr) return parameters;
  for (const SearchPath& path : found->searches) {
    if (parameters.empty() || parameters.back().first != path.name)
      parameters.emplace_back(path.name, path.type);
  }
  return parameters;
}

}  // namespace handoff::fhir
