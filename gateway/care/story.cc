#include "gateway/care/story.h"

#include <algorithm>
#include <array>
#include <utility>

#include "fhir-mappings/runtime/resource.h"

namespace handoff::care {
namespace {

// Who and where: their references lead to more of the same, never to anything clinical.
bool IsAdministrative(std::string_view type) {
  constexpr std::array<std::string_view, 5> kTypes{
      "Organization", "Location", "PractitionerRole", "HealthcareService", "Practitioner"};
  return std::find(kTypes.begin(), kTypes.end(), type) != kTypes.end();
}

bool LeadsOn(const ResourceKey& focus, const ResourceKey& from) {
  return from == focus || IsAdministrative(from.type) ||
         (focus.type == "Task" && from.type == "ServiceRequest");
}

// What is prescribed and given often stands in a resource of its own, which says nothing of whom it
// is for.
constexpr std::string_view kMedication = "Medication";

bool IsAboutAnother(std::uint64_t person_id, std::uint64_t of_resource) {
  return of_resource != 0 && of_resource != person_id;
}

}  // namespace

ResourceKey KeyOf(const v1::ResourceName& name) { return {name.type(), name.id()}; }

std::vector<ResourceKey> ReferencesOf(std::string_view encoded) {
  std::vector<ResourceKey> keys;
  fhir::VisitReferences(encoded, [&keys](std::string_view, const fhir::ReferenceView& reference) {
    if (reference.IsRelative())
      keys.push_back({std::string(reference.type), std::string(reference.id)});
  });
  return keys;
}

void Stories::ReadMessage() {
  if (read_) return;
  read_ = true;
  chapters_.reserve(message_.resources.size());
  order_.reserve(message_.resources.size());
  for (const Written& written : message_.resources) {
    ResourceKey key = KeyOf(written.name);
    chapters_[key] = Chapter{written.name, written.person_id, ReferencesOf(written.encoded)};
    order_.push_back(std::move(key));
  }
}

const Stories::Chapter* Stories::Find(const ResourceKey& key) {
  if (const auto found = chapters_.find(key); found != chapters_.end()) {
    return found->second.name.id().empty() ? nullptr : &found->second;
  }
  Chapter chapter;
  if (const std::optional<StoredNow> stored = facts_.Find(key)) {
    chapter.name.set_type(key.type);
    chapter.name.set_id(key.id);
    chapter.name.set_version(stored->version);
    chapter.person_id = stored->person_id;
    chapter.references = ReferencesOf(stored->encoded);
  }
  const Chapter& kept = chapters_[key] = std::move(chapter);
  return kept.name.id().empty() ? nullptr : &kept;
}

std::vector<v1::ResourceName> Stories::Tell(const v1::ResourceName& focus,
                                            std::uint64_t person_id) {
  ReadMessage();
  const ResourceKey start = KeyOf(focus);
  std::vector<v1::ResourceName> story{focus};
  absl::flat_hash_set<ResourceKey> seen{start};
  std::vector<ResourceKey> open{start};
  for (std::size_t next = 0; next < open.size(); ++next) {
    const ResourceKey from = open[next];
    const Chapter* chapter = Find(from);
    if (chapter == nullptr) continue;
    // A copy: Find() below may move the chapters.
    const std::vector<ResourceKey> references = chapter->references;
    for (const ResourceKey& key : references) {
      if (!seen.insert(key).second) continue;
      const Chapter* told = Find(key);
      if (told == nullptr || IsAboutAnother(person_id, told->person_id)) continue;
      story.push_back(told->name);
      if (LeadsOn(start, key)) open.push_back(key);
    }
  }
  return story;
}

std::vector<v1::ResourceName> Stories::TellWithReferrers(const v1::ResourceName& focus,
                                                         std::uint64_t person_id) {
  std::vector<v1::ResourceName> story = Tell(focus, person_id);
  absl::flat_hash_set<ResourceKey> seen;
  for (const v1::ResourceName& name : story) seen.insert(KeyOf(name));
  const ResourceKey target = KeyOf(focus);
  for (const ResourceKey& key : order_) {
    const Chapter& chapter = chapters_.at(key);
    // Another stay that is part of this one has a story of its own.
    if (key.type == focus.type() || IsAboutAnother(person_id, chapter.person_id)) continue;
    const auto& references = chapter.references;
    if (std::find(references.begin(), references.end(), target) == references.end()) continue;
    if (!seen.insert(key).second) continue;
    story.push_back(chapter.name);
    AddMedications(references, person_id, seen, story);
  }
  return story;
}

// Takes the references as a copy: Find() may move the chapters.
void Stories::AddMedications(std::vector<ResourceKey> references,
                             std::uint64_t person_id,
                             absl::flat_hash_set<ResourceKey>& seen,
                             std::vector<v1::ResourceName>& story) {
  for (const ResourceKey& key : references) {
    if (key.type != kMedication || seen.contains(key)) continue;
    const Chapter* told = Find(key);
    if (told == nullptr || IsAboutAnother(person_id, told->person_id)) continue;
    seen.insert(key);
    story.push_back(told->name);
  }
}

std::vector<v1::ResourceName> Stories::TellMessage(const v1::ResourceName& focus,
                                                   std::uint64_t person_id) {
  std::vector<v1::ResourceName> story = Tell(focus, person_id);
  absl::flat_hash_set<ResourceKey> seen;
  for (const v1::ResourceName& name : story) seen.insert(KeyOf(name));
  for (const ResourceKey& key : order_) {
    const Chapter& chapter = chapters_.at(key);
    if (IsAboutAnother(person_id, chapter.person_id)) continue;
    if (seen.insert(key).second) story.push_back(chapter.name);
  }
  return story;
}

}  // namespace handoff::care
