#include "gateway/access/viewer.h"

#include <algorithm>
#include <utility>

#include "fhir-mappings/runtime/resource.h"
#include "gateway/base/error.h"
#include "gateway/base/status_macros.h"
#include "gateway/care/referral.h"
#include "gateway/care/story.h"
#include "gateway/directory/attribution.h"

namespace handoff::access {
namespace {

using care::ReferencesOf;

void AddLabels(const policy::Labels& from, policy::Labels* to) {
  for (const policy::Label* label : from) {
    if (std::find(to->begin(), to->end(), label) == to->end()) to->push_back(label);
  }
}

}  // namespace

std::string PathOf(const ResourceKey& key) { return key.type + "/" + key.id; }

absl::Status NotFound() { return MakeError(ErrorId::kNotFound, "no such resource"); }

Viewer::Viewer(const Sources& sources, const PartyKey& caller)
    : Viewer(sources, caller, sources.store.GetSnapshot()) {}

Viewer::Viewer(const Sources& sources,
               const PartyKey& caller,
               std::shared_ptr<store::Snapshot> snapshot)
    : caller_(caller),
      rules_(sources.rules()),
      now_(sources.clock.Now()),
      snapshot_(std::move(snapshot)) {}

absl::StatusOr<std::optional<Visible>> Viewer::Show(const store::ResourceVersion& stored) {
  if (stored.deleted()) return std::nullopt;
  HANDOFF_ASSIGN_OR_RETURN(const policy::Labels labels, LabelsOf(stored));
  HANDOFF_ASSIGN_OR_RETURN(const policy::View* view, ViewOf(stored, labels));
  return Project(stored, view);
}

absl::StatusOr<std::optional<Visible>> Viewer::ShowAlone(const store::ResourceVersion& stored) {
  if (stored.deleted()) return std::nullopt;
  HANDOFF_ASSIGN_OR_RETURN(const policy::Labels labels, LabelsOf(stored));
  HANDOFF_ASSIGN_OR_RETURN(const policy::View* view, ViewOf(stored, labels));
  if (view == nullptr) return std::nullopt;
  return Project(stored, *view, {});
}

absl::StatusOr<std::optional<Visible>> Viewer::ShowVersion(const store::ResourceVersion& past,
                                                           const store::ResourceVersion& current) {
  if (past.deleted()) return std::nullopt;
  HANDOFF_ASSIGN_OR_RETURN(policy::Labels labels, LabelsOf(past));
  HANDOFF_ASSIGN_OR_RETURN(const policy::Labels later, LabelsOf(current));
  AddLabels(later, &labels);
  HANDOFF_ASSIGN_OR_RETURN(const policy::View* view, ViewOf(past, labels));
  return Project(past, view);
}

absl::StatusOr<std::vector<Visible>> Viewer::ShowAll(const std::vector<ResourceKey>& keys) {
  std::vector<Visible> shown;
  HANDOFF_ASSIGN_OR_RETURN(const auto resources, snapshot_->ReadMany(keys));
  for (const store::SharedResource& stored : resources) {
    if (!stored) continue;
    HANDOFF_ASSIGN_OR_RETURN(std::optional<Visible> visible, Show(*stored));
    if (visible) shown.push_back(*std::move(visible));
  }
  return shown;
}

absl::StatusOr<std::vector<ResourceKey>> Viewer::StoryOf(std::vector<ResourceKey> roots) {
  HANDOFF_ASSIGN_OR_RETURN(const auto resources, snapshot_->ReadMany(roots));
  std::vector<ResourceKey> story = std::move(roots);
  for (const store::SharedResource& stored : resources) {
    if (!stored) continue;
    for (ResourceKey& key : ReferencesOf(stored->resource())) {
      if (std::find(story.begin(), story.end(), key) == story.end()) {
        story.push_back(std::move(key));
      }
    }
  }
  return story;
}

absl::StatusOr<bool> Viewer::MaySee(const store::ResourceVersion& stored) {
  const ResourceKey key = stored.key();
  if (const auto known = seen_.find(key); known != seen_.end()) return known->second;
  HANDOFF_ASSIGN_OR_RETURN(const policy::Labels labels, LabelsOf(stored));
  HANDOFF_ASSIGN_OR_RETURN(const policy::View* view, ViewOf(stored, labels));
  seen_[key] = view != nullptr;
  return view != nullptr;
}

absl::StatusOr<const policy::View*> Viewer::ViewOf(const store::ResourceVersion& stored,
                                                   const policy::Labels& labels) {
  std::vector<std::string> relations;
  if (stored.owner() == caller_.value()) relations.emplace_back("source");
  const PersonId person{stored.person_id()};
  if (person == PersonId::kNone) {
    if (IsDirectoryType(stored.type())) relations.emplace_back("directory");
  } else {
    HANDOFF_ASSIGN_OR_RETURN(const Ties* ties, TiesTo(person));
    relations.insert(relations.end(), ties->roles.begin(), ties->roles.end());
    const ResourceKey key = stored.key();
    if (ties->requested.contains(key)) relations.emplace_back("requester");
    if (ties->performed.contains(key)) relations.emplace_back("performer");
  }
  if (relations.empty()) return nullptr;
  return rules_.views->Decide(relations, stored.type(), labels).view;
}

absl::StatusOr<const Viewer::Ties*> Viewer::TiesTo(PersonId id) {
  if (const auto known = ties_.find(id); known != ties_.end()) return known->second.get();
  HANDOFF_ASSIGN_OR_RETURN(const store::SharedPerson person, store::ReadSurvivor(*snapshot_, id));
  auto ties = std::make_unique<Ties>();
  if (person) ties->person = person->id();
  // Records that may be of two people are shown to those alone who sent them.
  if (person && !person->held()) {
    ties->roles = directory::OpeningRoles(*rules_.directory, *person, caller_, now_);
    for (const std::string& referral : person->referrals()) {
      HANDOFF_RETURN_IF_ERROR(AddReferral(*person, referral, ties.get()));
    }
  }
  return (ties_[id] = std::move(ties)).get();
}

absl::Status Viewer::AddReferral(const v1::Person& person, const std::string& id, Ties* ties) {
  HANDOFF_ASSIGN_OR_RETURN(const store::SharedReferral referral, snapshot_->ReadReferral(id));
  if (!referral) return absl::OkStatus();
  const care::Actor actor = care::ActorOf(*referral, caller_);
  if (actor == care::Actor::kNone) return absl::OkStatus();
  const bool performs = actor != care::Actor::kRequester;
  const bool requests = actor != care::Actor::kPerformer;
  const bool closed = care::IsFinal(referral->state());

  const std::vector<ResourceKey> roots = {KeyOf(referral->service_request()),
                                          KeyOf(referral->task())};
  HANDOFF_ASSIGN_OR_RETURN(const auto resources, snapshot_->ReadMany(roots));
  for (const store::SharedResource& stored : resources) {
    if (!stored) continue;
    if (requests) ties->requested.insert(stored->key());
    if (performs) ties->performed.insert(stored->key());
    HANDOFF_ASSIGN_OR_RETURN(const std::vector<Named> story, Story(person, *referral, *stored));
    for (const Named& named : story) {
      if (requests && named.by_right) ties->requested.insert(named.key);
      // Whom to help is for the performer to know, for as long as it helps.
      const bool is_for = named.is_patient && stored->owner() != caller_.value();
      const bool told = named.by_right || is_for;
      if (performs && told && (!closed || named.is_output)) ties->performed.insert(named.key);
    }
  }
  return absl::OkStatus();
}

// A reference opens what it names only if who wrote it may see that: else to name a record would be
// to read it.
absl::StatusOr<std::vector<Viewer::Named>> Viewer::Story(const v1::Person& person,
                                                         const v1::Referral& referral,
                                                         const store::ResourceVersion& stored) {
  std::vector<Named> story;
  std::vector<ResourceKey> keys;
  fhir::VisitReferences(
      stored.resource(), [&](std::string_view element, const fhir::ReferenceView& reference) {
        if (!reference.IsRelative()) return;
        Named named;
        named.key = {std::string(reference.type), std::string(reference.id)};
        named.is_output = element.starts_with("Task.output");
        named.is_patient = element == "ServiceRequest.subject" || element == "Task.for";
        keys.push_back(named.key);
        story.push_back(std::move(named));
      });
  HANDOFF_ASSIGN_OR_RETURN(const auto targets, snapshot_->ReadMany(keys));
  for (std::size_t i = 0; i < story.size(); ++i) {
    if (!targets[i]) continue;
    // Of the requester's Task the performer writes the report alone.
    const PartyKey by(story[i].is_output ? referral.performer() : std::string(stored.owner()));
    const PersonId about{targets[i]->person_id()};
    const bool of_person = about == PersonId{person.id()};
    story[i].is_patient = story[i].is_patient && of_person;
    story[i].by_right =
        targets[i]->owner() == by.value() || about == PersonId::kNone ||
        (of_person && !directory::OpeningRoles(*rules_.directory, person, by, now_).empty());
  }
  return story;
}

absl::StatusOr<policy::Labels> Viewer::LabelsOf(const store::ResourceVersion& stored) {
  if (stored.deleted()) {
    // A deletion has no content; what it ended does.
    const std::uint64_t version = stored.version();
    if (version < 2) return policy::Labels();
    HANDOFF_ASSIGN_OR_RETURN(const store::SharedResource before,
                             snapshot_->ReadVersion(stored.key(), version - 1));
    if (!before || before->deleted()) return policy::Labels();
    return LabelsOf(*before);
  }
  HANDOFF_ASSIGN_OR_RETURN(policy::Labels labels, rules_.views->LabelsOf(stored.resource()));
  const bool about_someone = PersonId{stored.person_id()} != PersonId::kNone;
  if (about_someone && stored.owner() != caller_.value()) {
    HANDOFF_ASSIGN_OR_RETURN(const Ties* ties, TiesTo(PersonId{stored.person_id()}));
    if (ties->person == 0) return absl::DataLossError("a record is about nobody that is stored");
    HANDOFF_ASSIGN_OR_RETURN(const policy::Labels* beside,
                             MessageLabels(std::string(stored.message_id()), ties->person));
    AddLabels(*beside, &labels);
  }
  return labels;
}

absl::StatusOr<const policy::Labels*> Viewer::MessageLabels(const std::string& message_id,
                                                            std::uint64_t person_id) {
  const std::pair id(message_id, person_id);
  if (const auto known = message_labels_.find(id); known != message_labels_.end()) {
    return known->second.get();
  }
  auto labels = std::make_unique<policy::Labels>();
  HANDOFF_ASSIGN_OR_RETURN(const store::SharedMessage message,
                           snapshot_->ReadMessage(MessageId(message_id)));
  if (message) {
    HANDOFF_ASSIGN_OR_RETURN(const auto resources,
                             store::ReadBeside(*snapshot_, *message, person_id));
    for (const store::SharedResource& stored : resources) {
      HANDOFF_ASSIGN_OR_RETURN(policy::Labels own, rules_.views->LabelsOf(stored->resource()));
      std::erase_if(own, [](const policy::Label* label) {
        return label->scope != policy::LabelScope::kMessage;
      });
      AddLabels(own, labels.get());
    }
  }
  return (message_labels_[id] = std::move(labels)).get();
}

absl::StatusOr<policy::KeptSet> Viewer::KeptOf(const store::ResourceVersion& stored) {
  policy::KeptSet kept = {stored.key()};
  std::vector<ResourceKey> unknown;
  for (ResourceKey& key : ReferencesOf(stored.resource())) {
    const auto known = seen_.find(key);
    if (known == seen_.end()) {
      unknown.push_back(std::move(key));
    } else if (known->second) {
      kept.insert(std::move(key));
    }
  }
  if (unknown.empty()) return kept;
  HANDOFF_ASSIGN_OR_RETURN(const auto targets, snapshot_->ReadMany(unknown));
  for (std::size_t i = 0; i < unknown.size(); ++i) {
    if (!targets[i]) continue;  // not ours: such a reference would name what is not here
    HANDOFF_ASSIGN_OR_RETURN(const bool visible, MaySee(*targets[i]));
    if (visible) kept.insert(std::move(unknown[i]));
  }
  return kept;
}

absl::StatusOr<std::optional<Visible>> Viewer::Project(const store::ResourceVersion& stored,
                                                       const policy::View* view) {
  if (view == nullptr) return std::nullopt;
  HANDOFF_ASSIGN_OR_RETURN(const policy::KeptSet kept, KeptOf(stored));
  return Project(stored, *view, kept);
}

absl::StatusOr<std::optional<Visible>> Viewer::Project(const store::ResourceVersion& stored,
                                                       const policy::View& view,
                                                       const policy::KeptSet& kept) const {
  HANDOFF_ASSIGN_OR_RETURN(const policy::Projection projection,
                           rules_.views->Project(view, stored.resource(), kept));
  if (!projection.encoded) return std::nullopt;
  Visible visible{stored.name(), FromMicros(stored.updated_us()), {}};
  fhir::RewriteOptions meta;
  meta.version_id = std::to_string(stored.version());
  meta.updated_us = stored.updated_us();
  HANDOFF_RETURN_IF_ERROR(fhir::Rewrite(*projection.encoded, meta, &visible.encoded));
  return visible;
}

}  // namespace handoff::access
