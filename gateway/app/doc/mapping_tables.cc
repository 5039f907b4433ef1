#include "gateway/app/doc/mapping_tables.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "gateway/base/status_macros.h"
#include "handoff/v1/exchange.pb.h"

namespace handoff::doc {
namespace {

using fhir::internal::Kind;
using fhir::internal::kTables;
using fhir::internal::Member;
using fhir::internal::SearchPath;
using fhir::internal::Type;
using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;

constexpr std::array<std::string_view, 25> kKindNames = {"string",
                                                         "markdown",
                                                         "xhtml",
                                                         "uri",
                                                         "url",
                                                         "canonical",
                                                         "oid",
                                                         "uuid",
                                                         "code",
                                                         "id",
                                                         "base64Binary",
                                                         "time",
                                                         "decimal",
                                                         "string",
                                                         "boolean",
                                                         "integer",
                                                         "positiveInt",
                                                         "unsignedInt",
                                                         "code",
                                                         "date",
                                                         "dateTime",
                                                         "instant",
                                                         "",
                                                         "Resource",
                                                         ""};
static_assert(kKindNames.size() == static_cast<std::size_t>(Kind::kExtra) + 1);

// "valueCount" of value[x] is a Count; empty for a member that is no choice.
std::string_view ChosenType(const Type& type, const Member& member) {
  const std::string_view element = type.elements[member.element].name;
  if (!type.elements[member.element].choice) return {};
  return member.name.substr(element.size() - std::string_view("[x]").size());
}

// "(Patient | Group)": what a reference may point to; empty: anything.
std::string Targets(const Type& type, const Member& member) {
  if (type.targets.empty()) return {};
  const auto position = static_cast<std::size_t>(&member - type.members.data());
  std::string text;
  for (const std::string_view target : kTables.targets[type.targets[position]]) {
    text += text.empty() ? "(" : " \\| ";
    text += target;
  }
  return text.empty() ? text : text + ')';
}

}  // namespace

MessageNames::MessageNames() {
  const Descriptor& resource = *v1::Resource::descriptor();
  for (const std::uint8_t index : kTables.resources) {
    const Type& type = kTables.types[index];
    Add(type, *resource.FindFieldByNumber(type.resource_field)->message_type());
  }
}

void MessageNames::Add(const Type& type, const Descriptor& message) {
  if (!messages_.emplace(&type, &message).second) return;
  for (const Member& member : type.members) {
    if (member.kind != Kind::kMessage) continue;
    Add(kTables.types[member.ref], *message.FindFieldByNumber(member.field)->message_type());
  }
}

const Descriptor* MessageNames::Of(const Type& type) const {
  const auto it = messages_.find(&type);
  return it == messages_.end() ? nullptr : it->second;
}

std::string MessageNames::Fields(const Type& type, const Member& member) const {
  const Descriptor* const message = Of(type);
  if (member.field == 0 || message == nullptr) return {};
  const int last = member.field + (member.kind == Kind::kReferenceText ? 3 : 0);
  std::string text;
  for (int number = member.field; number <= last; ++number) {
    if (!text.empty()) text += ", ";
    text += '`' + message->FindFieldByNumber(number)->name() + '`';
  }
  return text;
}

std::string TypeText(const Type& type, const Member& member) {
  if (member.kind == Kind::kExtra) return std::string(ChosenType(type, member));
  if (member.kind != Kind::kMessage) {
    return std::string(kKindNames[static_cast<std::size_t>(member.kind)]);
  }
  const Type& target = kTables.types[member.ref];
  const bool element = target.name.find('.') != std::string_view::npos;
  return element ? "as " + std::string(target.name)
                 : std::string(target.name) + Targets(type, member);
}

std::string SearchText(const Type& resource, const std::vector<std::uint8_t>& steps, bool leaf) {
  std::string text;
  for (const SearchPath& path : resource.searches) {
    if (path.steps.size() < steps.size() || (!leaf && path.steps.size() != steps.size()) ||
        !std::equal(steps.begin(), steps.end(), path.steps.begin())) {
      continue;
    }
    if (!text.empty()) text += ", ";
    text += std::string(path.name) + " (" + std::string(path.type);
    if (!path.only.empty()) text += " to " + std::string(path.only);
    text += ')';
  }
  return text;
}

const EnumDescriptor& EnumNamed(std::string_view name) {
  const EnumDescriptor* const found =
      google::protobuf::DescriptorPool::generated_pool()->FindEnumTypeByName("handoff.v1." +
                                                                             std::string(name));
  HANDOFF_CHECK(found != nullptr);
  return *found;
}

}  // namespace handoff::doc
