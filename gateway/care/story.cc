#include "gateway/care/story.h"

#include <algorithm>
#include <array>
#include <utility>

#include "fhir-mappings/runtime/resource.h"

namespace handoff::care {
namespace {

bool LeadsOn(std::string_view focus_type, std::string_view type) {
  return IsDirectoryType(type) || (focus_type == "Task" && type == "ServiceRequest");
}

// Of an element path: "Encounter.subject", "Task.for".
bool NamesSubject(std::string_view element) {
  const std::string_view name = element.substr(element.find('.') + 1);
  constexpr std::array<std::string_view, 4> kNames{"subject", "patient", "for", "beneficiary"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

// What is prescribed and given often stands in a resource of its own, which says nothing of whom it
// is for.
constexpr std::string_view kMedication = "Medication";

template <class Resource>
bool IsAboutAnother(std::uint64_t person_id, const Resource& resource) {
  return resource.of_unknown || (resource.person_id != 0 && resource.person_id != person_id);
}

}  // namespace

bool IsDirectoryType(std::string_view type) {
  constexpr std::array<std::string_view, 6> kTypes{"Endpoint",
                                                   "HealthcareService",
                                                   "Location",
                                                   "Organization",
                                                   "Practitioner",
                                                   "PractitionerRole"};
  return std::find(kTypes.begin(), kTypes.end(), type) != kTypes.end();
}

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
const std::vector<Stories::Named>& Stories::ReferencesOf(Chapter& chapter) {
  if (chapter.references) return *chapter.references;
  const std::string_view encoded = chapter.written != nullptr
                                       ? chapter.written->encoded
                                       : std::string_view(chapter.stored->encoded);
  std::vector<Named>& references = chapter.references.emplace();
  fhir::VisitReferences(
      encoded, [&](std::string_view element, const fhir::ReferenceView& reference) {
        if (!reference.IsRelative()) return;
        references.push_back({&At({reference.type, reference.id}), NamesSubject(element)});
      });
  return references;
}

bool Stories::MayShow(const Chapter& from, const Named& named, std::uint64_t person_id) {
  const Chapter& to = *named.chapter;
  if (to.written != nullptr || to.stored->person_id == 0) return true;
  const std::string_view by =
      from.written != nullptr ? from.written->owner : std::string_view(from.stored->owner);
  if (to.stored->owner == by || to.stored->owner == message_.sender.value()) return true;
  // Whom a resource is about was looked at when it came.
  if (named.is_subject && to.key.first == "Patient") return true;
  return facts_.OpensRecords(PartyKey(by), person_id);
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
    for (const Named& named : ReferencesOf(from)) {
      Chapter& chapter = *named.chapter;
      if (!IsThere(chapter) || !MayShow(from, named, person_id)) continue;
      if (Take(chapter, person_id, story) && LeadsOn(focus.type(), chapter.key.first))
        open.push_back(&chapter);
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
    const std::vector<Named>& references = ReferencesOf(chapter);
    const bool refers = std::any_of(references.begin(), references.end(), [&](const Named& named) {
      return named.chapter == target;
    });
    if (!refers || !Take(chapter, person_id, story)) continue;
    for (const Named& named : references) {
      if (named.chapter->key.first != kMedication || !IsThere(*named.chapter)) continue;
      if (MayShow(chapter, named, person_id)) Take(*named.chapter, person_id, story);
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
