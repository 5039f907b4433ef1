#include "gateway/intake/held_persons.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include <google/protobuf/arena.h>

#include "fhir-mappings/runtime/resource.h"
#include "gateway/base/decision.h"
#include "gateway/base/error.h"
#include "gateway/base/status_macros.h"
#include "gateway/directory/identity.h"
#include "gateway/intake/identity.h"
#include "gateway/intake/router.h"

namespace handoff::intake {
namespace {

using store::LinkKind;

// One commit moves them all: some 40 MB.
constexpr std::size_t kMaxResources = 20'000;
// Held deliveries that one commit releases; the rest follows at once.
constexpr std::size_t kMaxReleased = 10'000;
constexpr std::size_t kPage = 500;
constexpr int kMaxAttempts = 32;

// How many doubts stand among what is held.
std::ptrdiff_t Doubts(const std::vector<v1::Delivery>& held) {
  return std::count_if(held.begin(), held.end(), [](const v1::Delivery& one) {
    return one.event().kind() == v1::EVENT_KIND_UNSPECIFIED;
  });
}

// What one decision changes: pure from a snapshot to a batch.
class ReleasePlan {
 public:
  ReleasePlan(std::shared_ptr<store::Snapshot> snapshot,
              const Rules& rules,
              const Decision& decision,
              Timestamp now)
      : snapshot_(std::move(snapshot)),
        rules_(rules),
        decision_(decision),
        now_(now),
        router_(
            rules,
            now,
            [this](std::string_view type, std::string_view id) { return Resolve(type, id); },
            &batch_) {}

  absl::StatusOr<store::Batch> Run(const std::vector<v1::Delivery>& held) {
    HANDOFF_RETURN_IF_ERROR(Decide(!held.empty()));
    for (const v1::Delivery& one : held) HANDOFF_RETURN_IF_ERROR(Tell(one));
    HANDOFF_RETURN_IF_ERROR(status_);
    for (auto& [id, person] : persons_) {
      person.set_version(person.version() + 1);
      batch_.persons.push_back(std::move(person));
    }
    for (auto& [id, stay] : stays_) batch_.transitions.push_back(std::move(stay));
    for (auto& [id, referral] : referrals_) batch_.referrals.push_back(std::move(referral));
    batch_.planned_on = std::move(snapshot_);
    return std::move(batch_);
  }

  std::uint32_t deliveries() const { return sent_on_ + router_.deliveries(); }

 private:
  // Sets `target_`, and all that follows from the decision alone. Once it is made, what was held
  // meanwhile goes the way that was decided.
  absl::Status Decide(bool has_held) {
    HANDOFF_ASSIGN_OR_RETURN(v1::Person * person, Person(decision_.person));
    if (person == nullptr) return MakeError(ErrorId::kNotFound, "no such person");
    if (!person->held()) {
      if (!has_held) return MakeError(ErrorId::kIllegalMove, "the person is not held");
      HANDOFF_ASSIGN_OR_RETURN(const auto survivor,
                               store::ReadSurvivor(*snapshot_, decision_.person));
      HANDOFF_ASSIGN_OR_RETURN(target_, Person(PersonId{survivor->id()}));
      if (target_->held()) return MakeError(ErrorId::kIllegalMove, "the person is in doubt anew");
      return absl::OkStatus();
    }
    target_ = person;
    if (decision_.merge_into != PersonId::kNone) {
      HANDOFF_ASSIGN_OR_RETURN(target_, Person(decision_.merge_into));
      HANDOFF_RETURN_IF_ERROR(CheckOther(target_));
      HANDOFF_RETURN_IF_ERROR(Merge(person));
    }
    target_->set_held(false);
    return LinkIdentifiers();
  }

  absl::Status CheckOther(const v1::Person* other) const {
    if (other == nullptr) return MakeError(ErrorId::kNotFound, "no such person to merge into");
    if (decision_.merge_into == decision_.person)
      return MakeError(ErrorId::kInvalidRequest, "a person cannot be merged into itself");
    if (other->held())
      return MakeError(ErrorId::kIllegalMove, "the person to merge into is held itself");
    if (other->merged_into() != 0)
      return MakeError(
          ErrorId::kIllegalMove,
          "the person to merge into was merged into " + std::to_string(other->merged_into()));
    return absl::OkStatus();
  }

  // All that is of `person` is of `target_`.
  absl::Status Merge(v1::Person* person) {
    for (const v1::Identifier& identifier : person->identifiers()) {
      if (!HasIdentifier(*target_, identifier)) *target_->add_identifiers() = identifier;
    }
    target_->mutable_attributions()->MergeFrom(person->attributions());
    for (const std::string& party : person->known_to()) router_.MakeKnown(target_, PartyKey(party));
    for (const std::string& id : person->transitions()) {
      AddOnce(id, target_->mutable_transitions());
      HANDOFF_ASSIGN_OR_RETURN(v1::Transition * stay, Stay(id));
      if (stay != nullptr) stay->set_person_id(target_->id());
    }
    for (const std::string& id : person->referrals()) {
      AddOnce(id, target_->mutable_referrals());
      HANDOFF_ASSIGN_OR_RETURN(v1::Referral * referral, Referral(id));
      if (referral != nullptr) referral->set_person_id(target_->id());
    }
    for (const std::uint64_t other : person->distinct_from())
      HANDOFF_RETURN_IF_ERROR(SetDistinct(PersonId{other}));
    target_->mutable_patients()->MergeFrom(person->patients());
    HANDOFF_RETURN_IF_ERROR(MoveResources());
    person->Clear();
    person->set_id(static_cast<std::uint64_t>(decision_.person));
    person->set_merged_into(target_->id());
    return absl::OkStatus();
  }

  absl::Status MoveResources() {
    HANDOFF_ASSIGN_OR_RETURN(const std::vector<ResourceKey> keys,
                             snapshot_->ResourcesOf(decision_.person));
    if (keys.size() > kMaxResources)
      return MakeError(ErrorId::kTooLarge, "the person has more records than one commit moves");
    HANDOFF_ASSIGN_OR_RETURN(const auto resources, snapshot_->ReadMany(keys));
    for (const store::SharedResource& resource : resources) {
      if (!resource || PersonId{resource->person_id()} != decision_.person) continue;
      v1::StoredResource moved;
      if (!moved.ParseFromString(std::string(resource->record())))
        return absl::DataLossError("a record is damaged");
      moved.set_person_id(target_->id());
      moved.set_updated_us(ToMicros(now_));
      moved.mutable_name()->set_version(resource->version() + 1);
      for (v1::ResourceName& name : *target_->mutable_patients()) {
        if (name.type() == moved.name().type() && name.id() == moved.name().id())
          name.set_version(moved.name().version());
      }
      batch_.resources.emplace_back(moved);
    }
    return absl::OkStatus();
  }

  // The identifiers of the person's records lead to the person, those apart that lead to another,
  // who is somebody else from now on.
  absl::Status LinkIdentifiers() {
    const std::vector<v1::ResourceName> patients(target_->patients().begin(),
                                                 target_->patients().end());
    for (const v1::ResourceName& name : patients) {
      HANDOFF_ASSIGN_OR_RETURN(const auto stored, snapshot_->Read({name.type(), name.id()}));
      if (!stored || stored->deleted()) continue;
      const directory::Party* const owner = rules_.directory->Find(PartyKey(stored->owner()));
      const v1::Resource* const patient = Resolve(name.type(), name.id());
      if (owner == nullptr || patient == nullptr) continue;
      for (const v1::Identifier& identifier : patient->patient().identifiers()) {
        if (const auto key = directory::LinkKey(identifier, *owner))
          HANDOFF_RETURN_IF_ERROR(Link(*key));
      }
    }
    return absl::OkStatus();
  }

  absl::Status Link(const std::string& key) {
    HANDOFF_ASSIGN_OR_RETURN(const PersonId linked, store::PersonByIdentifier(*snapshot_, key));
    const PersonId target{target_->id()};
    if (linked == target) return absl::OkStatus();
    if (linked != PersonId::kNone && linked != decision_.person) return SetDistinct(linked);
    batch_.links.push_back({{LinkKind::kIdentifierToPerson, key}, std::to_string(target_->id())});
    return absl::OkStatus();
  }

  absl::Status SetDistinct(PersonId id) {
    if (id == PersonId{target_->id()} || id == decision_.person) return absl::OkStatus();
    HANDOFF_ASSIGN_OR_RETURN(v1::Person * other, Person(id));
    if (other == nullptr) return absl::OkStatus();
    AddOnce(other->id(), target_->mutable_distinct_from());
    AddOnce(target_->id(), other->mutable_distinct_from());
    return absl::OkStatus();
  }

  absl::Status Tell(const v1::Delivery& held) {
    const std::string how = PersonId{target_->id()} == decision_.person
                                ? "somebody of its own"
                                : "person " + std::to_string(target_->id());
    router_
        .Log(held.event(),
             v1::LedgerEntry::RELEASED,
             held.recipient(),
             "by " + decision_.by + ", " + how + ": " + decision_.reason)
        .set_delivery_id(held.id());
    if (!held.recipient().empty()) {
      SendOn(held);
      return absl::OkStatus();
    }
    Remove(held);
    if (held.event().kind() == v1::EVENT_KIND_UNSPECIFIED) return absl::OkStatus();
    v1::Event event = held.event();
    event.set_person_id(target_->id());
    HANDOFF_ASSIGN_OR_RETURN(v1::Transition * stay, Stay(event.transition_id()));
    HANDOFF_ASSIGN_OR_RETURN(v1::Referral * referral, Referral(event.referral_id()));
    router_.Route(event, {.person = target_, .stay = stay, .referral = referral});
    return absl::OkStatus();
  }

  void Remove(const v1::Delivery& held) {
    v1::Delivery& settled = batch_.settle.emplace_back(held);
    settled.set_state(v1::DELIVERY_STATE_WITHHELD);
    settled.set_settled_us(ToMicros(now_));
  }

  // A delivery that had its recipient when the doubt came: to its old place in the lane; for who
  // was merged, to the end of the survivor's lane; or to the end of the stream.
  void SendOn(const v1::Delivery& held) {
    ++sent_on_;
    v1::Delivery delivery = held;
    delivery.set_state(v1::DELIVERY_STATE_PENDING);
    delivery.set_attempts(0);
    delivery.set_created_us(ToMicros(now_));
    delivery.set_due_us(ToMicros(now_));
    delivery.clear_settled_us();
    delivery.clear_last_error();
    const PartyKey recipient(held.recipient());
    const directory::Party* const party = rules_.directory->Find(recipient);
    const directory::Endpoint* const endpoint =
        party == nullptr ? nullptr : party->FindEndpoint(held.channel());
    const bool is_stream =
        endpoint != nullptr && endpoint->kind == directory::EndpointKind::kStream;
    if (!is_stream && held.person_id() == target_->id()) {
      batch_.release.push_back(std::move(delivery));
      return;
    }
    Remove(held);
    delivery.set_person_id(target_->id());
    delivery.mutable_event()->set_person_id(target_->id());
    if (!is_stream) {
      batch_.enqueue.push_back(std::move(delivery));
      return;
    }
    // Under its own name: of the old one the ledger says that it was passed over.
    delivery.set_id(MintId('d', ToMicros(now_)));
    v1::LedgerEntry& entry = router_.Log(held.event(),
                                         v1::LedgerEntry::ROUTED,
                                         held.recipient(),
                                         held.route() + ": again, after it was held");
    entry.set_view(held.view());
    entry.set_delivery_id(delivery.id());
    batch_.append.push_back({StreamFor(recipient, held.event().kind()), std::move(delivery)});
  }

  // To be changed in place; null if there is none.
  absl::StatusOr<v1::Person*> Person(PersonId id) {
    return Open(
        static_cast<std::uint64_t>(id), &persons_, [&] { return snapshot_->ReadPerson(id); });
  }
  absl::StatusOr<v1::Transition*> Stay(const std::string& id) {
    if (id.empty()) return nullptr;
    return Open(id, &stays_, [&] { return snapshot_->ReadTransition(id); });
  }
  absl::StatusOr<v1::Referral*> Referral(const std::string& id) {
    if (id.empty()) return nullptr;
    return Open(id, &referrals_, [&] { return snapshot_->ReadReferral(id); });
  }

  template <class Id, class Record, class Read>
  static absl::StatusOr<Record*> Open(const Id& id,
                                      std::map<Id, Record>* opened,
                                      const Read& read) {
    if (const auto known = opened->find(id); known != opened->end()) return &known->second;
    HANDOFF_ASSIGN_OR_RETURN(const auto stored, read());
    return stored ? &opened->emplace(id, *stored).first->second : nullptr;
  }

  const v1::Resource* Resolve(std::string_view type, std::string_view id) {
    const auto stored = snapshot_->Read({std::string(type), std::string(id)});
    if (!stored.ok()) status_ = stored.status();
    if (!stored.ok() || !*stored || (*stored)->deleted()) return nullptr;
    auto* const resource = google::protobuf::Arena::CreateMessage<v1::Resource>(&arena_);
    return fhir::ParseResource((*stored)->resource(), resource) ? resource : nullptr;
  }

  std::shared_ptr<store::Snapshot> snapshot_;
  const Rules& rules_;
  const Decision& decision_;
  const Timestamp now_;
  google::protobuf::Arena arena_;
  absl::Status status_;  // of reads that could not fail
  store::Batch batch_;
  Router router_;
  std::map<std::uint64_t, v1::Person> persons_;
  std::map<std::string, v1::Transition> stays_;
  std::map<std::string, v1::Referral> referrals_;
  v1::Person* target_ = nullptr;
  std::uint32_t sent_on_ = 0;  // deliveries that had their recipient
};

}  // namespace

absl::StatusOr<Released> HeldPersons::Release(const Decision& decision) {
  HANDOFF_RETURN_IF_ERROR(CheckOperator(decision.by));
  HANDOFF_RETURN_IF_ERROR(CheckReason(decision.reason));
  absl::MutexLock lock(&one_at_a_time_);
  Decision about = decision;
  HANDOFF_ASSIGN_OR_RETURN(const auto person,
                           store::ReadSurvivor(*services_->store->GetSnapshot(), about.person));
  if (person) about.person = PersonId{person->id()};
  Released released;
  // Once is enough unless there is very much, or something was held while the decision was on its
  // way. A new doubt is for a new decision.
  for (bool first = true;; first = false) {
    HANDOFF_ASSIGN_OR_RETURN(const std::vector<v1::Delivery> held, HeldOf(about.person));
    if (!first) {
      HANDOFF_ASSIGN_OR_RETURN(const auto now,
                               store::ReadSurvivor(*services_->store->GetSnapshot(), about.person));
      if (held.empty() || now->held()) return released;
    }
    HANDOFF_ASSIGN_OR_RETURN(const Released part, ReleaseOnce(about, held));
    released.held += part.held;
    released.deliveries += part.deliveries;
  }
}

absl::StatusOr<Released> HeldPersons::ReleaseOnce(const Decision& decision,
                                                  const std::vector<v1::Delivery>& held) {
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    const std::shared_ptr<const Rules> rules = services_->rules();
    ReleasePlan release(services_->store->GetSnapshot(), *rules, decision, services_->clock->Now());
    HANDOFF_ASSIGN_OR_RETURN(store::Batch batch, release.Run(held));
    const absl::Status status = services_->store->CommitAndWait(std::move(batch)).status();
    if (status.ok()) return Released{static_cast<std::uint32_t>(held.size()), release.deliveries()};
    if (!absl::IsAborted(status)) return status;
    services_->metrics->commit_conflicts.Increment();
    HANDOFF_ASSIGN_OR_RETURN(const std::vector<v1::Delivery> now_held, HeldOf(decision.person));
    if (Doubts(now_held) != Doubts(held)) {
      return MakeError(ErrorId::kCommitConflict,
                       "a new doubt came meanwhile: look what is held, and decide again");
    }
  }
  return MakeError(ErrorId::kCommitConflict, "others were faster too often: repeat the call");
}

// In the order in which it came to be told.
absl::StatusOr<std::vector<v1::Delivery>> HeldPersons::HeldOf(PersonId person) const {
  const std::shared_ptr<store::Snapshot> snapshot = services_->store->GetSnapshot();
  std::map<std::uint64_t, bool> is_person;  // by id, which may be of one who was merged
  is_person[static_cast<std::uint64_t>(person)] = true;
  std::vector<v1::Delivery> held;
  std::string after;
  while (true) {
    HANDOFF_ASSIGN_OR_RETURN(
        std::vector<v1::Delivery> page,
        services_->store->ListDeliveries(v1::DELIVERY_STATE_HELD, "", after, kPage));
    if (page.empty()) break;
    after = page.back().id();
    for (v1::Delivery& delivery : page) {
      const auto [known, is_new] = is_person.try_emplace(delivery.person_id());
      if (is_new) {
        HANDOFF_ASSIGN_OR_RETURN(const auto survivor,
                                 store::ReadSurvivor(*snapshot, PersonId{delivery.person_id()}));
        known->second = survivor && PersonId{survivor->id()} == person;
      }
      if (known->second) held.push_back(std::move(delivery));
    }
  }
  // What a stream passed over has its sequence from then.
  std::sort(held.begin(), held.end(), [](const v1::Delivery& a, const v1::Delivery& b) {
    return std::pair(a.created_us(), a.sequence()) < std::pair(b.created_us(), b.sequence());
  });
  if (held.size() > kMaxReleased) held.resize(kMaxReleased);
  return held;
}

}  // namespace handoff::intake
