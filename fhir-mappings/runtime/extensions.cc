#include "fhir-mappings/runtime/extensions.h"

#include "fhir-mappings/runtime/json_text_view.h"

namespace handoff::fhir::internal {
namespace {

const Member* FindUrl(const Type& type, std::string_view quoted) {
  if (!IsJsonString(quoted)) return nullptr;
  const std::string_view url = quoted.substr(1, quoted.size() - 2);
  for (std::size_t i = 0; i < type.extensions.size(); ++i) {
    if (type.extensions[i].url == url) return &type.members[type.own_members() + i];
  }
  return nullptr;
}

bool IsListOfObjects(std::string_view list) {
  if (!IsJsonList(list)) return false;
  JsonSteps steps(list);
  std::string_view none;
  for (std::string_view item; steps.Next(none, item);) {
    if (!IsJsonObjectText(item)) return false;
  }
  return true;
}

}  // namespace

KnownExtension FindExtension(const Type& type, std::string_view item) {
  if (!IsJsonObjectText(item)) return {};
  const Member* const member = FindUrl(type, JsonMember(item, "url"));
  if (member == nullptr) return {};
  const Extension& extension = *ExtensionOf(type, *member);
  KnownExtension known{member, extension.value.empty() ? item : std::string_view()};
  bool extensions = false;
  JsonSteps steps(item);
  std::string_view name;
  for (std::string_view value; steps.Next(name, value);) {
    if (name == "url") continue;
    if (extension.value.empty()) {
      if (name.starts_with("value") || name.starts_with("_value")) return {};
      if (name == "extension") extensions = IsListOfObjects(value);
    } else if (name != extension.value) {
      return {};
    } else {
      known.value = value;
    }
  }
  const bool whole = extension.value.empty() ? extensions : !known.value.empty();
  return whole ? known : KnownExtension();
}

void ExtensionPlaces::Add(const Member* member, std::string_view item) {
  const Member* const last = places_.empty() ? member : places_.back().member;
  ordered_ = ordered_ && (member == nullptr || (last != nullptr && last <= member));
  if (member != nullptr) ++counts_[Position(*member)];
  places_.push_back({member, item});
}

std::string ExtensionPlaces::Rest() const {
  std::string rest;
  for (const Place& place : places_) {
    if (ordered_ && place.member != nullptr) continue;
    rest += rest.empty() ? '[' : ',';
    if (place.member == nullptr) {
      rest += place.item;
    } else {
      rest += std::to_string(place.member->field);
    }
  }
  if (!rest.empty()) rest += ']';
  return rest;
}

}  // namespace handoff::fhir::internal
