#include "fhir-mappings/compiler/proto_names.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <utility>

#include "handoff/v1/codes.pb.h"

namespace handoff::mapc {
namespace {

using fhir::internal::Kind;
using google::protobuf::FieldDescriptor;

constexpr std::pair<std::string_view, Kind> kPrimitives[] = {
    {"base64Binary", Kind::kBase64Binary},
    {"boolean", Kind::kBoolean},
    {"canonical", Kind::kCanonical},
    {"code", Kind::kCode},
    {"date", Kind::kDate},
    {"dateTime", Kind::kDateTime},
    {"decimal", Kind::kDecimal},
    {"id", Kind::kId},
    {"instant", Kind::kInstant},
    {"integer", Kind::kInteger},
    {"markdown", Kind::kMarkdown},
    {"oid", Kind::kOid},
    {"positiveInt", Kind::kPositiveInt},
    {"string", Kind::kString},
    {"time", Kind::kTime},
    {"unsignedInt", Kind::kUnsignedInt},
    {"uri", Kind::kUri},
    {"url", Kind::kUrl},
    {"uuid", Kind::kUuid},
    {"xhtml", Kind::kXhtml},
};

std::string CodeOf(const google::protobuf::EnumValueDescriptor& value, std::string_view prefix) {
  const std::string& code = value.options().GetExtension(v1::code);
  if (!code.empty()) return code;
  std::string text = value.name().substr(prefix.size());
  for (char& c : text)
    c = c == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

}  // namespace

Kind PrimitiveKind(std::string_view name) {
  for (const auto& [primitive, kind] : kPrimitives) {
    if (primitive == name) return kind;
  }
  return Kind::kExtra;
}

std::string_view ProtoTypeOf(Kind kind) {
  switch (kind) {
    case Kind::kBoolean:
      return "bool";
    case Kind::kInteger:
      return "int32";
    case Kind::kPositiveInt:
    case Kind::kUnsignedInt:
      return "uint32";
    case Kind::kDate:
      return "handoff.v1.Date";
    case Kind::kDateTime:
    case Kind::kInstant:
      return "handoff.v1.DateTime";
    default:
      return "string";
  }
}

std::string ProtoTypeOf(const FieldDescriptor& field) {
  if (field.message_type() != nullptr) return field.message_type()->full_name();
  if (field.enum_type() != nullptr) return field.enum_type()->full_name();
  return field.type_name();
}

std::string Snake(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const auto u = static_cast<unsigned char>(c);
    if (std::isupper(u) && !out.empty() && out.back() != '_' &&
        !std::isupper(static_cast<unsigned char>(out.back()))) {
      out += '_';
    }
    out += static_cast<char>(std::tolower(u));
  }
  return out;
}

SchemaEnum CodesOf(const google::protobuf::EnumDescriptor& code,
                   const Location& where,
                   Errors& errors) {
  SchemaEnum result{code.name(), {}};
  std::string prefix = Snake(code.name()) + "_";
  std::transform(prefix.begin(), prefix.end(), prefix.begin(), [](unsigned char c) {
    return std::toupper(c);
  });
  std::set<std::string> seen;
  for (int i = 0; i < code.value_count(); ++i) {
    const auto& value = *code.value(i);
    if (!value.name().starts_with(prefix)) {
      errors.Add(where, value.full_name() + " does not begin with " + prefix);
      continue;
    }
    if (value.number() == 0) continue;
    result.codes.emplace_back(CodeOf(value, prefix), value.number());
    if (!seen.insert(result.codes.back().first).second) {
      errors.Add(where, code.name() + " has the code " + result.codes.back().first + " twice");
    }
  }
  return result;
}

}  // namespace handoff::mapc
