#include "fhir-mappings/validation/checks.h"

#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

#include "fhir-mappings/runtime/reference_wire.h"
#include "fhir-mappings/runtime/type_lookup.h"
#include "fhir-mappings/validation/narrative.h"

namespace handoff::fhir::internal {
namespace {

// What is contained is referred to by what contains it, or refers to that.
bool IsReferredTo(const Scope& scope) {
  const std::string id = OnlyText(scope.context, "id");
  return (!id.empty() && scope.root->Mentions(id)) || MentionsContainer(scope.context);
}

bool LocalReferenceIsContained(const Scope& scope) {
  const ReferenceView reference = DecodeReference(scope.context.bytes);
  if (!reference.uri.starts_with('#') || reference.uri.size() == 1) return true;
  return scope.root->Contained(reference.uri.substr(1)) != nullptr;
}

bool NarrativeIsAllowed(const Scope& scope) {
  return scope.context.form != Item::Form::kScalar || IsAllowedNarrative(scope.context.bytes);
}

bool NarrativeHasContent(const Scope& scope) {
  return scope.context.form != Item::Form::kScalar || HasNarrativeContent(scope.context.bytes);
}

// No two entries have the same fullUrl and version.
bool FullUrlsAreUnique(const Scope& scope) {
  if (OnlyText(scope.context, "type") == "history") return true;
  const Member& entry = *FindMember(*scope.context.type, "entry");
  const Type& entry_type = kTables.types[entry.ref];
  const Member& full_url = *FindMember(entry_type, "fullUrl");
  const Member& resource = *FindMember(entry_type, "resource");
  std::vector<std::pair<std::string_view, std::string_view>> urls;  // and the resource
  WireReader reader(scope.context.bytes);
  for (WireField field; reader.Next(field);) {
    if (field.number != entry.field) continue;
    auto& [url, encoded] = urls.emplace_back();
    WireReader inner(field.bytes);
    for (WireField part; inner.Next(part);) {
      if (part.number == full_url.field) url = part.bytes;
      if (part.number == resource.field) encoded = part.bytes;
    }
    if (url.empty()) urls.pop_back();
  }
  std::sort(urls.begin(), urls.end());
  // Versions are asked for only where urls are the same.
  std::vector<std::string> versions;
  for (std::size_t i = 0; i < urls.size(); ++i) {
    if (i > 0 && urls[i].first != urls[i - 1].first) versions.clear();
    const bool alone = (i == 0 || urls[i].first != urls[i - 1].first) &&
                       (i + 1 == urls.size() || urls[i].first != urls[i + 1].first);
    if (alone) continue;
    const std::optional<Item> item = ResourceItem(urls[i].second);
    versions.push_back(item ? VersionOf(*item) : std::string());
    if (i + 1 < urls.size() && urls[i].first == urls[i + 1].first) continue;
    std::sort(versions.begin(), versions.end());
    if (std::adjacent_find(versions.begin(), versions.end()) != versions.end()) return false;
  }
  return true;
}

// [A-Z]([A-Za-z0-9_]){0,254}
bool IsMachineName(const Scope& scope) {
  const std::string name = OnlyText(scope.context, "name");
  return name.empty() || (name.size() <= 255 && name[0] >= 'A' && name[0] <= 'Z' &&
                          std::all_of(name.begin(), name.end(), [](char c) {
                            return c == '_' || std::isalnum(static_cast<unsigned char>(c)) != 0;
                          }));
}

constexpr NamedCheck kChecks[] = {
    {"bdl-7", FullUrlsAreUnique},
    {"dom-3", IsReferredTo},
    {"que-0", IsMachineName},
    {"ref-1", LocalReferenceIsContained},
    {"txt-1", NarrativeIsAllowed},
    {"txt-2", NarrativeHasContent},
};

using Holds = bool (*)(const Scope&);

std::vector<Holds> ByPosition() {
  std::vector<Holds> by_position(kTables.checks.size(), nullptr);
  for (std::size_t i = 0; i < by_position.size(); ++i) {
    for (const NamedCheck& check : kChecks) {
      if (check.key == kTables.checks[i]) by_position[i] = check.holds;
    }
  }
  return by_position;
}

}  // namespace

std::span<const NamedCheck> NamedChecks() { return kChecks; }

Holds CheckAt(std::size_t position) {
  static const std::vector<Holds> by_position = ByPosition();
  return by_position[position];
}

}  // namespace handoff::fhir::internal
