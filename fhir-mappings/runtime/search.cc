#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "fhir-mappings/runtime/json_text.h"
#include "fhir-mappings/runtime/primitives.h"
#include "fhir-mappings/runtime/reference_wire.h"
#include "fhir-mappings/runtime/resource.h"
#include "fhir-mappings/runtime/tables.h"
#include "fhir-mappings/runtime/type_lookup.h"
#include "fhir-mappings/runtime/wire.h"
#include "fhir-mappings/runtime/wire_fields.h"

namespace handoff::fhir {
namespace {

using namespace internal;

// Follows search paths through the wire form and appends what stands at their ends.
class TokenFinder {
 public:
  explicit TokenFinder(std::vector<std::string>* tokens) : tokens_(tokens) {}

  void Resource(const Type& type, std::string_view wire) {
    paths_.reserve(2 * type.searches.size());
    for (const SearchPath& path : type.searches) {
      if (path.type != "date") paths_.push_back(&path);
    }
    Message(type, wire, 0, 0);
    paths_.clear();
  }

  void Reference(std::string_view name, std::string_view only, const ReferenceView& reference) {
    if (reference.IsRelative()) {
      if (!only.empty() && reference.type != only) return;
      Add(name, reference.type, "/", reference.id);
    } else if (!reference.uri.empty()) {
      Add(name, reference.uri);
    }
  }

 private:
  // A token, made in one go.
  void Add(std::string_view name,
           std::string_view first,
           std::string_view separator = {},
           std::string_view second = {}) {
    std::string& token = tokens_->emplace_back(
        name.size() + 1 + first.size() + separator.size() + second.size(), '=');
    char* const value = name.copy(token.data(), name.size()) + token.data() + 1;
    char* const behind = value + first.copy(value, first.size());
    second.copy(behind + separator.copy(behind, separator.size()), second.size());
  }
  void Coded(std::string_view name, std::string_view system, std::string_view code) {
    if (!code.empty()) Add(name, system, "|", code);
  }

  // Follows the paths from `begin` on, which have led to this message in `depth` steps: each
  // message is walked once, however many paths go through it.
  void Message(const Type& type, std::string_view wire, std::size_t begin, std::size_t depth) {
    const std::size_t end = paths_.size();
    std::array<bool, kNoName> wanted{};
    for (std::size_t i = begin; i < end; ++i) wanted[paths_[i]->steps[depth]] = true;
    WireReader reader(wire);
    for (WireField field; reader.Next(field);) {
      const Member* const member = FindField(type, field.number);
      if (member == nullptr) continue;
      const auto position = static_cast<std::uint8_t>(member - type.members.data());
      if (!wanted[position]) continue;
      for (std::size_t i = begin; i < end; ++i) {
        const SearchPath& path = *paths_[i];
        if (path.steps[depth] != position) continue;
        if (depth + 1 == path.steps.size()) {
          Leaf(path, *member, field);
        } else {
          paths_.push_back(&path);
        }
      }
      if (paths_.size() == end) continue;
      if (field.type == WireType::kBytes && member->kind == Kind::kMessage)
        Message(kTables.types[member->ref], field.bytes, end, depth + 1);
      paths_.resize(end);
    }
  }

  void Leaf(const SearchPath& path, const Member& member, const WireField& field) {
    if (member.kind == Kind::kMessage) {
      if (field.type == WireType::kBytes) Value(path, kTables.types[member.ref], field.bytes);
    } else if (IsText(member.kind) && field.type == WireType::kBytes) {
      if (path.type == "reference") {
        if (!field.bytes.empty()) Add(path.name, field.bytes);
      } else {
        Coded(path.name, {}, field.bytes);
      }
    } else if (member.kind == Kind::kBoolean && field.type == WireType::kVarint) {
      Coded(path.name, {}, field.value != 0 ? "true" : "false");
    } else if (member.kind == Kind::kEnum) {
      Codes(path, kTables.enums[member.ref], field);
    }
  }

  void Codes(const SearchPath& path, const Enum& codes, const WireField& field) {
    const auto add = [&](std::uint64_t number) {
      if (const EnumCode* const code = FindCode(codes, number)) Coded(path.name, {}, code->code);
    };
    if (field.type == WireType::kVarint) return add(field.value);
    WireReader packed(field.bytes);
    for (std::uint64_t number = 0; packed.NextPacked(number);) add(number);
  }

  void Value(const SearchPath& path, const Type& type, std::string_view wire) {
    if (&type == &kTables.types[kTables.reference_type]) {
      Reference(path.name, path.only, DecodeReference(wire));
    } else if (type.name == "CodeableConcept") {
      WireReader reader(wire);
      for (WireField field; reader.Next(field);) {
        if (field.number == wire_fields::kConceptCodings && field.type == WireType::kBytes) {
          Pair(path.name, field.bytes, wire_fields::kCodingSystem, wire_fields::kCodingCode);
        }
      }
    } else if (type.name == "Coding") {
      Pair(path.name, wire, wire_fields::kCodingSystem, wire_fields::kCodingCode);
    } else if (type.name == "Identifier") {
      Pair(path.name, wire, wire_fields::kIdentifierSystem, wire_fields::kIdentifierValue);
    } else if (type.name == "ContactPoint") {
      Pair(path.name, wire, 0, wire_fields::kContactPointValue);
    }
  }

  // "system|code" of two text fields of a message; no `system` field: "|code".
  void Pair(std::string_view name,
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
    Coded(name, system, code);
  }

  std::vector<std::string>* tokens_;
  std::vector<const SearchPath*> paths_;  // those through the open messages, one behind the other
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
      if (members == ".subject") finder.Reference("subject", {}, reference);
      finder.Reference("patient", "Patient", reference);
    });
  }
}

}  // namespace

void AppendTokens(std::string_view encoded, std::vector<std::string>* tokens) {
  WireReader reader(encoded);
  WireField field;
  if (!reader.Next(field) || field.type != WireType::kBytes) return;
  TokenFinder finder(tokens);
  if (field.number == wire_fields::kOpaque) return OpaqueTokens(field.bytes, finder);
  if (const Type* const type = FindResource(field.number)) finder.Resource(*type, field.bytes);
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
