#include "fhir-mappings/validation/checks.h"

#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

#include "fhir-mappings/runtime/reference_wire.h"
#include "fhir-mappings/validation/bundle_index.h"
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
  std::vector<BundleEntry> entries = ReadEntries(scope.context.bytes);
  std::erase_if(entries, [](const BundleEntry& entry) { return entry.full_url.empty(); });
  std::sort(entries.begin(), entries.end(), [](const BundleEntry& a, const BundleEntry& b) {
    return a.full_url < b.full_url;
  });
  // Versions are asked for only where urls are the same.
  std::vector<std::string> versions;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const bool first = i == 0 || entries[i].full_url != entries[i - 1].full_url;
    const bool last = i + 1 == entries.size() || entries[i].full_url != entries[i + 1].full_url;
    if (first) versions.clear();
    if (first && last) continue;
    const std::optional<Item> item = ResourceItem(entries[i].resource);
    versions.push_back(item ? VersionOf(*item) : std::string());
    if (!last) continue;
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
