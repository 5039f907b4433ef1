#include "gateway/intake/facts.h"

#include <memory>
#include <utility>

#include "gateway/care/story.h"
#include "gateway/intake/identity.h"

namespace handoff::intake {
namespace {

template <class Message>
std::optional<Message> Copy(const std::shared_ptr<const Message>& shared) {
  if (shared == nullptr) return std::nullopt;
  return *shared;
}

}  // namespace

std::optional<std::string> MessageFacts::LookUp(store::LinkKind kind, const ResourceKey& key) {
  return Take(snapshot_.Lookup(kind, key.type + "/" + key.id));
}

std::optional<v1::Transition> MessageFacts::TransitionOf(const ResourceKey& encounter) {
  const auto id = LookUp(store::LinkKind::kResourceToTransition, encounter);
  if (!id) return std::nullopt;
  return Copy(Take(snapshot_.ReadTransition(*id)));
}

std::optional<v1::Referral> MessageFacts::ReferralOf(const ResourceKey& task_or_service_request) {
  const auto id = LookUp(store::LinkKind::kResourceToReferral, task_or_service_request);
  if (!id) return std::nullopt;
  return Copy(Take(snapshot_.ReadReferral(*id)));
}

std::optional<care::StoredNow> MessageFacts::Find(const ResourceKey& key) {
  const store::SharedResource stored = Take(snapshot_.Read(key));
  if (!stored || stored->deleted()) return std::nullopt;
  const bool of_unknown = stored->person_id() == 0 && !care::IsDirectoryType(key.type) &&
                          NamesPatient(stored->resource());
  return care::StoredNow{stored->version(),
                         std::string(stored->resource()),
                         std::string(stored->owner()),
                         stored->person_id(),
                         of_unknown};
}

const v1::Resource* MessageFacts::Resolve(std::string_view type, std::string_view id) {
  if (Write* const write = resolved_.index.Find(type, id)) return resolved_.Object(*write);
  const store::SharedResource stored = Take(snapshot_.Read({std::string(type), std::string(id)}));
  if (!stored || stored->deleted()) return nullptr;
  return resolved_.Parse(stored->resource());
}

PartyKey MessageFacts::PartyOf(const v1::Reference& reference) {
  const directory::Party* party = directory::ResolveParty(
      directory_, reference, {}, [this](std::string_view type, std::string_view id) {
        return Resolve(type, id);
      });
  return party == nullptr ? PartyKey() : party->key;
}

bool MessageFacts::OpensRecords(const PartyKey& party, std::uint64_t person_id) {
  const store::SharedPerson person = Take(store::ReadSurvivor(snapshot_, PersonId{person_id}));
  return person && !directory::OpeningRoles(directory_, *person, party, now_).empty();
}

Timestamp MessageFacts::StartOfDay(int year, unsigned month, unsigned day) {
  return sender_.StartOfDay(year, month, day);
}

std::string DirectoryFacts::KindOf(const PartyKey& party) const {
  const directory::Party* found = directory_.Find(party);
  return found == nullptr ? std::string() : std::string(directory::Name(found->kind));
}

bool DirectoryFacts::CanReceive(const PartyKey& party) const {
  const directory::Party* found = directory_.Find(party);
  return found != nullptr && found->DefaultEndpoint() != nullptr;
}

std::vector<PartyKey> DirectoryFacts::AgenciesFor(const v1::Referral& referral) const {
  std::vector<PartyKey> agencies;
  for (const directory::Party* party : directory_.FindByService(referral.need(), place_)) {
    agencies.push_back(party->key);
  }
  return agencies;
}

directory::Place PlaceOf(const v1::Patient& patient) {
  const v1::Address* best = nullptr;
  for (const v1::Address& address : patient.addresses()) {
    if (best == nullptr || address.use() == v1::ADDRESS_USE_HOME) best = &address;
    if (address.use() == v1::ADDRESS_USE_HOME) break;
  }
  if (best == nullptr) return {};
  return {best->postal_code(), best->district(), best->state()};
}

}  // namespace handoff::intake
