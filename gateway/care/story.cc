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

bool LeadsOn(std::string_view focus_type, std::string_view type) {
  return IsAdministrative(type) || (focus_type == "Task" && type == "ServiceRequest");
}

// What is prescribed and given often stands in a resource of its own, which says nothing of whom it
// is for.
constexpr std::string_view kMedication = "Medication";

template <class Resource>
bool IsAboutAnother(std::uint64_t person_id, const Resource& resource) {
  return resource.of_unknown || (resource.person_id != 0 && resource.person_id != person_id);
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

Stories::Stories(const Message& message, Facts& facts) : message_(message), facts_(facts) {
  by_key_.reserve(message.resources.size());
  for (const Written& written : message.resources) {
    Chapter& chapter = chapters_.emplace_back();
    chapter.key = {written.name.type(), written.name.id()};
    chapter.written = &written;
    by_key_[chapter.key] = &chapter;
  }
}

const Written* Stories::FindWritten(std::string_view type, std::string_view id) const {
  const auto found = by_key_.find(Key(type, id));
  return found == by_key_.end() ? nullptr : found->second->written;
}

Stories::Chapter& Stories::At(Key key) {
  if (const auto found = by_key_.find(key); found != by_key_.end()) return *found->second;
  Chapter& chapter = chapters_.emplace_back();
  chapter.own_key = {std::string(key.first), std::string(key.second)};
  chapter.key = {chapter.own_key.type, chapter.own_key.id};
  by_key_.emplace(chapter.key, &chapter);
  return chapter;
}

bool Stories::IsThere(Chapter& chapter) {
  if (chapter.written != nullptr) return true;
  if (!chapter.looked_up) {
    chapter.stored = facts_.Find(chapter.own_key);
    chapter.looked_up = true;
  }
  return chapter.stored.has_value();
}

// REQUIRES: it is there.
const std::vector<Stories::Chapter*>& Stories::ReferencesOf(Chapter& chapter) {
  if (chapter.references) return *chapter.references;
  const std::string_view encoded = chapter.written != nullptr
                                       ? chapter.written->encoded
                                       : std::string_view(chapter.stored->encoded);
  std::vector<Chapter*>& references = chapter.references.emplace();
  fhir::VisitReferences(encoded, [&](std::string_view, const fhir::ReferenceView& reference) {
    if (reference.IsRelative()) references.push_back(&At({reference.type, reference.id}));
  });
  return references;
}

bool Stories::Take(Chapter& chapter, std::uint64_t person_id, Names* story) {
  if (std::exchange(chapter.told, story_) == story_ || !IsThere(chapter)) return false;
  const Written* written = chapter.written;
  const bool about_another = written != nullptr ? IsAboutAnother(person_id, *written)
                                                : IsAboutAnother(person_id, *chapter.stored);
  if (about_another) return false;
  v1::ResourceName& name = *story->Add();
  if (written != nullptr) {
    name = written->name;
  } else {
    name.set_type(chapter.own_key.type);
    name.set_id(chapter.own_key.id);
    name.set_version(chapter.stored->version);
  }
  return true;
}

void Stories::Tell(const v1::ResourceName& focus, std::uint64_t person_id, Names* story) {
  ++story_;
  Chapter& start = At({focus.type(), focus.id()});
  start.told = story_;
  *story->Add() = focus;
  std::vector<Chapter*> open{&start};
  for (std::size_t next = 0; next < open.size(); ++next) {
    Chapter& from = *open[next];
    if (!IsThere(from)) continue;
    for (Chapter* chapter : ReferencesOf(from)) {
      if (Take(*chapter, person_id, story) && LeadsOn(focus.type(), chapter->key.first))
        open.push_back(chapter);
    }
  }
}

void Stories::TellWithReferrers(const v1::ResourceName& focus,
                                std::uint64_t person_id,
                                Names* story) {
  Tell(focus, person_id, story);
  Chapter* const target = &At({focus.type(), focus.id()});
  for (std::size_t i = 0; i < message_.resources.size(); ++i) {
    Chapter& chapter = chapters_[i];
    // Another stay that is part of this one has a story of its own.
    if (chapter.key.first == focus.type()) continue;
    const std::vector<Chapter*>& references = ReferencesOf(chapter);
    if (std::find(references.begin(), references.end(), target) == references.end()) continue;
    if (!Take(chapter, person_id, story)) continue;
    for (Chapter* named : references) {
      if (named->key.first == kMedication) Take(*named, person_id, story);
    }
  }
}

void Stories::TellMessage(const v1::ResourceName& focus, std::uint64_t person_id, Names* story) {
  Tell(focus, person_id, story);
  for (std::size_t i = 0; i < message_.resources.size(); ++i) {
    Take(chapters_[i], person_id, story);
  }
}

}  // namespace handoff::care
