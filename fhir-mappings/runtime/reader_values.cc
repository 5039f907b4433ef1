#include <string>
#include <string_view>

#include "fhir-mappings/runtime/date_wire.h"
#include "fhir-mappings/runtime/extensions.h"
#include "fhir-mappings/runtime/primitives.h"
#include "fhir-mappings/runtime/reader.h"
#include "fhir-mappings/runtime/type_lookup.h"
#include "fhir-mappings/runtime/wire.h"

namespace handoff::fhir::internal {

bool Reader::NoList(const Member& member) {
  Complain("structure", &member, "must be a list");
  return false;
}

bool Reader::Null() {
  if (!Count()) return false;
  if (foreign_.open()) return foreign_.Scalar("null", false);
  if (frames_.empty()) return NoObject();
  Frame& frame = frames_.back();
  const Member& member = *frame.member;
  const bool primitive = member.kind != Kind::kMessage && member.kind != Kind::kResource;
  if (!frame.in_array || !primitive) {
    return Complain("structure",
                    &member,
                    "null is for gaps in a list of primitives only (FHIR R4 json.html#null)");
  }
  ++frame.items;
  frame.nulls |= std::uint64_t{1} << member.element;
  if (IsPacked(member)) {
    PutVarint(out_, 0);
  } else {
    PutBytes(out_, member.field, {});
  }
  return true;
}

bool Reader::Bool(bool value) {
  if (!Count()) return false;
  if (foreign_.open()) return foreign_.Scalar(value ? "true" : "false", false);
  if (frames_.empty()) return NoObject();
  Frame& frame = frames_.back();
  if (!BeginItem(frame)) return true;
  const Member& member = *frame.member;
  if (member.kind != Kind::kBoolean)
    return WrongType(member, "true or false", value ? "true" : "false", false);
  PutNumber(out_, member.field, value ? 1 : 0);
  return true;
}

bool Reader::Number(std::string_view number) {
  if (!Count()) return false;
  if (foreign_.open()) return foreign_.Scalar(number, false);
  if (frames_.empty()) return NoObject();
  Frame& frame = frames_.back();
  if (!BeginItem(frame)) return true;
  const Member& member = *frame.member;
  if (member.kind == Kind::kDecimal) {
    PutBytes(out_, member.field, number);
    return true;
  }
  if (member.kind != Kind::kInteger && member.kind != Kind::kPositiveInt &&
      member.kind != Kind::kUnsignedInt) {
    return WrongType(member, "a JSON number", number, false);
  }
  const auto value = ParseInteger(member.kind, number);
  if (!value) {
    return Displace(
        tolerances_.forms, "value", "not " + std::string(Description(member.kind)), number, false);
  }
  PutNumberOf(member, static_cast<std::uint64_t>(*value));
  return true;
}

inline bool Reader::Text(Frame& frame, std::string_view text, bool plain) {
  const Member& member = *frame.member;
  if (text.empty()) return NoText();
  switch (member.kind) {
    case Kind::kEnum:
      return Code(member, text);
    case Kind::kDate:
      if (const auto date = ParseDate(text)) {
        PutDate(member.field, *date, out_);
        return true;
      }
      return Malformed(member, text);
    case Kind::kDateTime:
    case Kind::kInstant:
      if (const auto time = ParseDateTime(text, member.kind)) {
        PutDateTime(member.field, *time, text, out_);
        return true;
      }
      return Malformed(member, text);
    case Kind::kReferenceText:
      if (!plain && !HasForm(member.kind, text)) return Malformed(member, text);
      PutReference(member, text);
      return true;
    case Kind::kBoolean:
    case Kind::kInteger:
    case Kind::kPositiveInt:
    case Kind::kUnsignedInt:
    case Kind::kDecimal:
      return WrongType(member, "in quotes", text, true);
    case Kind::kMessage:
    case Kind::kResource:
      return WrongType(member, "a string", text, true);
    default:
      break;
  }
  // A string without escapes has no control characters, or the parser had refused it.
  const bool any_string = member.kind <= Kind::kXhtml;
  if (!(any_string && plain) && !HasForm(member.kind, text)) return Malformed(member, text);
  if (member.field != 0) PutBytes(out_, member.field, text);
  return true;
}

bool Reader::String(std::string_view text, bool plain) {
  if (!Count()) return false;
  if (foreign_.open()) return foreign_.Scalar(text, true);
  if (frames_.empty()) return NoObject();
  Frame& frame = frames_.back();
  if (!BeginItem(frame)) return true;
  return Text(frame, text, plain);
}

bool Reader::NoText() {
  return Displace(
      tolerances_.forms, "value", "must not be empty (FHIR R4 datatypes.html#string)", {}, true);
}

bool Reader::Malformed(const Member& member, std::string_view text) {
  return Displace(
      tolerances_.forms, "value", "not " + std::string(Description(member.kind)), text, true);
}

bool Reader::Code(const Member& member, std::string_view code) {
  const Enum& codes = kTables.enums[member.ref];
  const EnumCode* found = FindCode(codes, code);
  if (found == nullptr) return UnknownCode(codes, code);
  PutNumberOf(member, static_cast<std::uint64_t>(found->number));
  return true;
}

bool Reader::UnknownCode(const Enum& codes, std::string_view code) {
  std::string text = "unknown code; " + std::string(codes.name) + " has";
  for (const EnumCode& known : codes.codes) (text += ' ') += known.code;
  return Displace(tolerances_.codes, "code-invalid", text, code, true);
}

bool Reader::WrongType(const Member& member,
                       std::string_view found,
                       std::string_view value,
                       bool quoted) {
  const std::string text =
      "must be " + std::string(Description(member.kind)) + ", not " + std::string(found);
  if (!IsPrimitive(member.kind)) return Complain("structure", &member, text);
  return Displace(tolerances_.forms, "structure", text, value, quoted);
}

bool Reader::Displace(Tolerance tolerance,
                      std::string_view code,
                      const std::string& text,
                      std::string_view value,
                      bool quoted) {
  Frame& frame = frames_.back();
  const Member& member = *frame.member;
  if (tolerance == Tolerance::kReject || member.kind == Kind::kId || member.field == 0)
    return Complain(code, &member, text);
  report_.Report(SeverityOf(tolerance), code, report_.Path(&member), text + "; kept as it stands");
  if (frame.in_array || ExtensionOf(*frame.type, member) != nullptr) {
    frame.list_displaced = true;
  } else {
    foreign_.ExtraScalar(member.name, value, quoted);
  }
  return true;
}

// The parser has read the list's last bracket.
void Reader::CloseDisplacedList(Frame& frame) {
  out_.Truncate(frame.list_wire);
  foreign_.ExtraList(frame.member->name,
                     source_.substr(frame.list_text, parser_->offset() - 1 - frame.list_text));
  frame.list_displaced = false;
}

void Reader::PutNumberOf(const Member& member, std::uint64_t value) {
  if (member.repeated) {
    PutVarint(out_, value);
  } else {
    PutNumber(out_, member.field, value);
  }
}

void Reader::PutReference(const Member& member, std::string_view text) {
  const ReferenceParts parts = ParseReference(text);
  if (!parts.uri.empty()) return PutBytes(out_, member.field + 3u, parts.uri);
  PutBytes(out_, member.field, parts.type);
  PutBytes(out_, member.field + 1u, parts.id);
  if (!parts.version.empty()) PutBytes(out_, member.field + 2u, parts.version);
}

}  // namespace handoff::fhir::internal
