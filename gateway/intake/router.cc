#include "gateway/intake/router.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "gateway/care/referral.h"
#include "gateway/care/transition.h"
#include "gateway/intake/facts.h"
#include "gateway/intake/resolve.h"
#include "gateway/store/streams.h"

namespace handoff::intake {

std::string StreamFor(const PartyKey& party, v1::EventKind kind) {
  switch (kind) {
    case v1::EVENT_KIND_REFERRAL_REQUESTED:
    case v1::EVENT_KIND_REFERRAL_STATUS:
    case v1::EVENT_KIND_RETRACTION:
      return store::StreamName(party, store::kReferrals);
    case v1::EVENT_KIND_PLAN_VERSION:
    case v1::EVENT_KIND_GOAL_STATUS:
      return store::StreamName(party, store::kPlans);
    default:
      return store::StreamName(party, store::kTransitions);
  }
}

Router::Router(const Rules& rules,
               Timestamp now,
               directory::ResourceResolver resolve,
               store::Batch* batch)
    : rules_(rules), now_(now), resolve_(std::move(resolve)), batch_(*batch) {}

void Router::Route(const v1::Event& event, const Subjects& about) {
  if (about.person == nullptr) {
    Log(event, v1::LedgerEntry::WITHHELD, "", "no known person: told to no one");
    return;
  }
  if (about.person->held()) return Hold(event, "whom it is about is in doubt");
  const std::vector<care::RouteDecision> decisions = Decide(event, about);
  if (decisions.empty()) {
    Log(event,
        v1::LedgerEntry::WITHHELD,
        "",
        "no route leads to anyone: nobody holds a role to this person that is told of it");
  }
  for (const care::RouteDecision& decision : decisions) {
    if (!decision.told()) {
      Log(event,
          v1::LedgerEntry::WITHHELD,
          decision.party.value(),
          decision.route + ": " + decision.withheld)
          .set_view(decision.view);
      continue;
    }
    if (decision.assigns_performer && about.referral != nullptr)
      care::AssignPerformer(about.referral, decision.party);
    if (about.stay != nullptr)
      care::AddTold(about.stay, decision.party, decision.role, event.kind());
    MakeKnown(about.person, decision.party);
    Enqueue(event, decision);
  }
}

std::vector<care::RouteDecision> Router::Decide(const v1::Event& event, const Subjects& about) {
  std::vector<v1::Attribution> attributions = directory::Effective(*about.person, now_);
  std::erase_if(attributions, [this](const v1::Attribution& attribution) {
    return !MayHold(attribution.party(), attribution.role());
  });
  google::protobuf::RepeatedPtrField<v1::Transition::Told> told;
  const bool knows_told = about.stay != nullptr && about.stay->told_size() > 0;
  if (knows_told) {
    for (const v1::Transition::Told& one : about.stay->told()) {
      if (MayHold(one.party(), one.role())) *told.Add() = one;
    }
  }
  const DirectoryFacts parties(*rules_.directory, PlaceOf(*about.person));
  return rules_.routes.Plan(
      care::RouteInput{event, attributions, about.referral, now_, knows_told ? &told : nullptr},
      parties);
}

bool Router::MayHold(const std::string& party, const std::string& role) const {
  const directory::Party* const found = rules_.directory->Find(PartyKey(party));
  return found == nullptr || found->MayHold(role);
}

void Router::Hold(const v1::Event& event, const std::string& why) {
  v1::Delivery held;
  held.set_id(MintId('d', ToMicros(now_)));
  held.set_person_id(event.person_id());
  *held.mutable_event() = event;
  held.set_state(v1::DELIVERY_STATE_HELD);
  held.set_created_us(ToMicros(now_));
  held.set_last_error(why);
  Log(event, v1::LedgerEntry::HELD, "", "for a steward: " + why).set_delivery_id(held.id());
  batch_.enqueue.push_back(std::move(held));
}

void Router::MakeKnown(v1::Person* person, const PartyKey& party) {
  if (IsKnownTo(*person, party)) return;
  person->add_known_to(party.value());
  batch_.visible.emplace_back(party, PersonId{person->id()});
}

v1::LedgerEntry& Router::Log(const std::string& message_id,
                             v1::LedgerEntry::Kind kind,
                             const std::string& party) {
  v1::LedgerEntry& entry = batch_.ledger.emplace_back();
  entry.set_kind(kind);
  entry.set_at_us(ToMicros(now_));
  entry.set_message_id(message_id);
  entry.set_party(party);
  return entry;
}

v1::LedgerEntry& Router::Log(const v1::Event& event,
                             v1::LedgerEntry::Kind kind,
                             const std::string& party,
                             std::string text) {
  v1::LedgerEntry& entry = Log(event.message_id(), kind, party);
  entry.set_text(std::move(text));
  entry.set_event(event.kind());
  return entry;
}

const directory::Place& Router::PlaceOf(const v1::Person& person) {
  const auto [place, is_new] = places_.try_emplace(person.id());
  if (is_new) place->second = FindPlace(person);
  return place->second;
}

directory::Place Router::FindPlace(const v1::Person& person) const {
  for (const v1::ResourceName& name : person.patients()) {
    const v1::Resource* const patient = resolve_(name.type(), name.id());
    if (patient == nullptr) continue;
    directory::Place place = intake::PlaceOf(patient->patient());
    if (!place.postal_code.empty() || !place.state.empty()) return place;
  }
  return {};
}

void Router::Enqueue(const v1::Event& event, const care::RouteDecision& decision) {
  const directory::Party* party = rules_.directory->Find(decision.party);
  const directory::Endpoint& endpoint = *party->DefaultEndpoint();  // CanReceive() said so
  const std::int64_t now_us = ToMicros(now_);
  v1::Delivery delivery;
  delivery.set_id(MintId('d', now_us));
  delivery.set_recipient(decision.party.value());
  delivery.set_person_id(event.person_id());
  *delivery.mutable_event() = event;
  delivery.set_view(decision.view);
  delivery.set_route(decision.route);
  delivery.set_role(decision.role);
  delivery.set_channel(endpoint.key);
  delivery.set_state(v1::DELIVERY_STATE_PENDING);
  delivery.set_created_us(now_us);
  delivery.set_due_us(now_us);
  v1::LedgerEntry& entry = Log(event,
                               v1::LedgerEntry::ROUTED,
                               decision.party.value(),
                               decision.route + ": " + decision.because);
  entry.set_view(decision.view);
  entry.set_delivery_id(delivery.id());
  if (endpoint.kind == directory::EndpointKind::kStream) {
    batch_.append.push_back({StreamFor(decision.party, event.kind()), std::move(delivery)});
  } else {
    batch_.enqueue.push_back(std::move(delivery));
  }
  ++deliveries_;
}

}  // namespace handoff::intake
