#include <string>
#include <string_view>

#include "fhir-mappings/runtime/json_text.h"
#include "fhir-mappings/runtime/primitives.h"
#include "fhir-mappings/runtime/reference_wire.h"
#include "fhir-mappings/runtime/resource.h"
#include "fhir-mappings/runtime/rewriter.h"
#include "fhir-mappings/runtime/tables.h"
#include "fhir-mappings/runtime/type_lookup.h"
#include "fhir-mappings/runtime/wire.h"
#include "fhir-mappings/runtime/wire_fields.h"

namespace handoff::fhir {
namespace {

using namespace internal;
using Visit = std::function<void(std::string_view element, const ReferenceView&)>;

// Walks the wire form down to every Reference; what is damaged is left out.
class Visitor {
 public:
  explicit Visitor(const Visit& visit) : visit_(visit) {}

  void Resource(std::string_view wire) {
    WireReader reader(wire);
    WireField field;
    if (!reader.Next(field) || field.type != WireType::kBytes) return;
    if (field.number == wire_fields::kOpaque) return Opaque(field.bytes);
    const Type* const type = FindResource(field.number);
    if (type == nullptr) return;
    const std::string outer = std::exchange(path_, std::string(type->name));
    Message(*type, field.bytes);
    path_ = outer;
  }

 private:
  void Message(const Type& type, std::string_view wire) {
    if (depth_ == kMaxMessageDepth) return;
    ++depth_;
    if (&type == &kTables.types[kTables.reference_type]) {
      const ReferenceView reference = DecodeReference(wire);
      if (reference.IsRelative() || !reference.uri.empty()) visit_(path_, reference);
    }
    WireReader reader(wire);
    for (WireField field; reader.Next(field);) {
      if (field.type != WireType::kBytes) continue;
      if (field.number == type.extra_field) Json(field.bytes);
      const Member* const member = FindField(type, field.number);
      if (member == nullptr) continue;
      if (member->kind == Kind::kResource) Resource(field.bytes);
      if (member->kind != Kind::kMessage) continue;
      const Type& inner = kTables.types[member->ref];
      if (!MayHoldReferences(inner, field.bytes)) continue;
      const std::size_t length = path_.size();
      path_ += '.';
      path_ += type.elements[member->element].name;
      Message(inner, field.bytes);
      path_.resize(length);
    }
    --depth_;
  }

  void Opaque(std::string_view wire) {
    std::string_view name;
    std::string_view json;
    WireReader reader(wire);
    for (WireField field; reader.Next(field);) {
      if (field.number == wire_fields::kOpaqueType) name = field.bytes;
      if (field.number == wire_fields::kOpaqueJson) json = field.bytes;
    }
    const std::string outer = std::exchange(path_, std::string(name));
    Json(json);
    path_ = outer;
  }

  // References inside JSON that is kept as text are reported at the element that keeps it.
  void Json(std::string_view json) {
    VisitJsonReferences(json, [&](std::string_view members, std::string_view text) {
      const std::size_t length = path_.size();
      path_ += members;
      visit_(path_, ReadReference(text));
      path_.resize(length);
    });
  }

  const Visit& visit_;
  std::string path_;
  unsigned depth_ = 0;
};

}  // namespace

ReferenceView ReadReference(std::string_view text) {
  const ReferenceParts parts = ParseReference(text);
  return {parts.type, parts.id, parts.version, parts.uri};
}

ReferenceView ReadReference(std::string_view text, std::string_view base) {
  const bool below = !base.empty() && text.size() > base.size() && text.starts_with(base) &&
                     text[base.size()] == '/';
  const ReferenceView inside = ReadReference(below ? text.substr(base.size() + 1) : text);
  return inside.IsRelative() ? inside : ReferenceView{{}, {}, {}, text};
}

void VisitReferences(std::string_view encoded, const Visit& visit) {
  Visitor(visit).Resource(encoded);
}

}  // namespace handoff::fhir
