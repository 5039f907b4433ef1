#include "fhir-mappings/runtime/rewriter.h"

#include "fhir-mappings/runtime/json_text.h"
#include "fhir-mappings/runtime/primitives.h"
#include "fhir-mappings/runtime/reference_wire.h"
#include "fhir-mappings/runtime/type_lookup.h"
#include "fhir-mappings/runtime/wire.h"
#include "fhir-mappings/runtime/wire_fields.h"

namespace handoff::fhir::internal {
namespace {

std::string ReferenceText(const ReferenceEdit& edit) {
  if (edit.type.empty()) return edit.uri;
  std::string text = edit.type + "/" + edit.id;
  if (!edit.version.empty()) text += "/_history/" + edit.version;
  return text;
}

}  // namespace

bool Rewriter::Resource(std::string_view wire) {
  if (!reference_) {
    out_.Append(wire);
    return true;
  }
  WireReader reader(wire);
  WireField field;
  WireField second;
  if (!reader.Next(field) || field.type != WireType::kBytes || reader.Next(second) || !reader.ok())
    return false;
  PutTag(out_, field.number, WireType::kBytes);
  const std::size_t length = OpenLength(out_, 2);
  if (field.number == wire_fields::kOpaque) {
    WireReader opaque(field.bytes);
    for (WireField part; opaque.Next(part);) {
      if (part.number != wire_fields::kOpaqueJson || part.type != WireType::kBytes) {
        out_.Append(part.whole);
        continue;
      }
      PutTag(out_, wire_fields::kOpaqueJson, WireType::kBytes);
      const std::size_t json = OpenLength(out_, 2);
      bool gone = false;
      if (!Json(part.bytes, gone)) return false;
      CloseLength(out_, json, 2);
    }
    if (!opaque.ok()) return false;
  } else {
    const Type* const type = FindResource(field.number);
    if (type == nullptr || !Message(*type, field.bytes)) return false;
  }
  CloseLength(out_, length, 2);
  dropped_ = false;
  return true;
}

bool Rewriter::Message(const Type& type, std::string_view wire) {
  if (!reference_) {
    out_.Append(wire);
    return true;
  }
  if (depth_ == kMaxMessageDepth) return false;
  ++depth_;
  const std::size_t begin = out_.size();
  bool lost = false;
  bool replaced = false;
  if (&type == &kTables.types[kTables.reference_type]) {
    const ReferenceView view = DecodeReference(wire);
    const bool asked = view.IsRelative() || !view.uri.empty();
    const ReferenceEdit edit = asked ? reference_(view) : ReferenceEdit();
    if (edit.action == ReferenceEdit::Action::kDrop) {
      --depth_;
      dropped_ = true;
      return true;
    }
    replaced = edit.action == ReferenceEdit::Action::kReplace;
    if (replaced) PutReference(edit);
  }
  WireReader reader(wire);
  for (WireField field; reader.Next(field);) {
    const Member* const member = FindField(type, field.number);
    const bool bytes = field.type == WireType::kBytes;
    if (replaced && IsReferenceText(field.number)) continue;
    if (bytes && field.number == type.extra_field) {
      const std::size_t start = out_.size();
      PutTag(out_, field.number, WireType::kBytes);
      const std::size_t length = OpenLength(out_, 1);
      bool gone = false;
      if (!Json(field.bytes, gone)) return false;
      CloseLength(out_, length, 1);
      if (gone) out_.Truncate(start);
      lost = lost || gone;
    } else if (bytes && member != nullptr &&
               (member->kind == Kind::kResource ||
                (member->kind == Kind::kMessage &&
                 MayHoldReferences(kTables.types[member->ref], field.bytes)))) {
      if (!Nested(*member, field.bytes)) return false;
      lost = lost || dropped_;
    } else {
      out_.Append(field.whole);
    }
  }
  --depth_;
  dropped_ = lost && out_.size() == begin;
  return reader.ok();
}

bool Rewriter::Nested(const Member& member, std::string_view wire) {
  const std::size_t start = out_.size();
  const std::size_t guess = VarintSize(wire.size());
  PutTag(out_, member.field, WireType::kBytes);
  const std::size_t length = OpenLength(out_, guess);
  dropped_ = false;
  const bool good =
      member.kind == Kind::kResource ? Resource(wire) : Message(kTables.types[member.ref], wire);
  if (!good) return false;
  CloseLength(out_, length, guess);
  if (dropped_) out_.Truncate(start);
  return true;
}

void Rewriter::PutReference(const ReferenceEdit& edit) {
  if (edit.type.empty()) {
    PutBytes(out_, wire_fields::kReferenceUri, edit.uri);
    return;
  }
  PutBytes(out_, wire_fields::kReferenceType, edit.type);
  PutBytes(out_, wire_fields::kReferenceId, edit.id);
  if (!edit.version.empty()) PutBytes(out_, wire_fields::kReferenceVersion, edit.version);
}

bool Rewriter::Json(std::string_view json, bool& gone) {
  gone = false;
  if (!reference_ || json.find("\"reference\"") == json.npos) {
    out_.Append(json);
    return true;
  }
  JsonEdit edit;
  edit.reference = [&](std::string_view text, std::string* replacement) {
    const ReferenceParts parts = ParseReference(text);
    const ReferenceEdit asked = reference_({parts.type, parts.id, parts.version, parts.uri});
    if (asked.action == ReferenceEdit::Action::kDrop) return JsonEdit::Action::kDrop;
    if (asked.action == ReferenceEdit::Action::kKeep) return JsonEdit::Action::kKeep;
    *replacement = ReferenceText(asked);
    return JsonEdit::Action::kReplace;
  };
  switch (AppendEditedJson(json, edit, out_)) {
    case JsonResult::kWritten:
      return true;
    case JsonResult::kNothingLeft:
      gone = true;
      return true;
    case JsonResult::kDamaged:
      break;
  }
  return false;
}

}  // namespace handoff::fhir::internal
