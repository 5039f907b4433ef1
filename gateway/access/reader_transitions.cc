#include <utility>

#include "fhir-mappings/runtime/resource.h"
#include "gateway/access/reader.h"
#include "gateway/access/sources.h"
#include "gateway/access/viewer.h"
#include "gateway/base/status_macros.h"
#include "handoff/v1/exchange.pb.h"

namespace handoff::access {
namespace {

// What the view hides of the Encounter, the stay does not tell either.
absl::Status HideWhatTheEncounterHides(const Visible& encounter, v1::Transition* stay) {
  v1::Resource resource;
  if (!fhir::ParseResource(encounter.encoded, &resource)) {
    return absl::DataLossError("a projected resource cannot be parsed");
  }
  const v1::Encounter& seen = resource.encounter();
  if (!seen.has_class_value()) stay->clear_class_code();
  if (!seen.hospitalization().has_discharge_disposition()) stay->clear_disposition();
  if (!seen.period().has_start()) stay->clear_admitted_us();
  if (!seen.period().has_end()) stay->clear_discharged_us();
  if (!seen.has_period()) {
    for (v1::Transition::Step& step : *stay->mutable_steps()) step.clear_occurred_us();
  }
  return absl::OkStatus();
}

std::string CollectionOf(const std::vector<Visible>& resources) {
  fhir::NewBundle bundle;
  bundle.type = "collection";
  for (const Visible& visible : resources) {
    fhir::NewEntry& entry = bundle.entries.emplace_back();
    entry.encoded = visible.encoded;
  }
  std::string encoded;
  fhir::AppendBundle(bundle, &encoded);
  return encoded;
}

}  // namespace

absl::StatusOr<v1::Transition> Reader::GetTransitionAlone(
    const PartyKey& caller, std::string_view id, std::shared_ptr<store::Snapshot> snapshot) const {
  Viewer viewer(*sources_, caller, std::move(snapshot));
  HANDOFF_ASSIGN_OR_RETURN(const store::SharedTransition stored,
                           viewer.snapshot().ReadTransition(id));
  if (!stored) return NotFound();
  v1::Transition stay = *stored;
  stay.clear_told();  // who else was told is nobody's business
  if (stored->source() == caller.value()) return stay;
  HANDOFF_ASSIGN_OR_RETURN(const store::SharedResource encounter,
                           viewer.snapshot().Read(KeyOf(stored->encounter())));
  // It may be another's by now.
  if (!encounter || encounter->person_id() != stored->person_id()) return NotFound();
  HANDOFF_ASSIGN_OR_RETURN(const std::optional<Visible> shown, viewer.ShowAlone(*encounter));
  if (!shown) return NotFound();
  HANDOFF_RETURN_IF_ERROR(HideWhatTheEncounterHides(*shown, &stay));
  return stay;
}

absl::StatusOr<TransitionStory> Reader::GetTransition(const PartyKey& caller,
                                                      std::string_view id) const {
  Viewer viewer(*sources_, caller);
  HANDOFF_ASSIGN_OR_RETURN(const store::SharedTransition stored,
                           viewer.snapshot().ReadTransition(id));
  if (!stored) return NotFound();
  const ResourceKey encounter = KeyOf(stored->encounter());
  HANDOFF_ASSIGN_OR_RETURN(const store::SharedResource now, viewer.snapshot().Read(encounter));
  const bool is_theirs = now && now->person_id() == stored->person_id();
  HANDOFF_ASSIGN_OR_RETURN(const std::vector<ResourceKey> keys, viewer.StoryOf({encounter}));
  HANDOFF_ASSIGN_OR_RETURN(const std::vector<Visible> shown, viewer.ShowAll(keys));
  const bool own = stored->source() == caller.value();
  const bool sees_encounter = is_theirs && !shown.empty() && KeyOf(shown.front().name) == encounter;
  if (!own && !sees_encounter) return NotFound();
  TransitionStory story{*stored, CollectionOf(shown)};
  story.transition.clear_told();
  if (!own) HANDOFF_RETURN_IF_ERROR(HideWhatTheEncounterHides(shown.front(), &story.transition));
  return story;
}

}  // namespace handoff::access
