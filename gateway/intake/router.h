// Who is told of an event: by routes and the roles of its person, from an event to deliveries and
// stream items. What is about a person in doubt is held for a steward instead.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "gateway/base/clock.h"
#include "gateway/directory/attribution.h"
#include "gateway/intake/pipeline.h"
#include "gateway/store/store.h"
#include "handoff/v1/model.pb.h"

namespace handoff::intake {

// The stream on which a party that pulls is told of such an event.
std::string StreamFor(const PartyKey& party, v1::EventKind kind);

// Thread safety: one thread at a time.
class Router {
 public:
  // `rules` and `batch` must outlive it. `resolve` reads the person's Patient resources.
  Router(const Rules& rules,
         Timestamp now,
         directory::ResourceResolver resolve,
         store::Batch* batch);

  // What an event is about, as the commit will leave it; null where there is none. A party that is
  // told gets known to the person and is remembered by the stay; one that is chosen by service and
  // area becomes the performer of the referral.
  struct Subjects {
    v1::Person* person = nullptr;  // null: nobody is told
    v1::Transition* stay = nullptr;
    v1::Referral* referral = nullptr;
  };
  // Adds to the batch what follows from `event`, which comes without its story, and what the ledger
  // says of it.
  void Route(const v1::Event& event, const Subjects& about);

  // Keeps the event until a steward has decided whom it is about. `why`: no patient data.
  void Hold(const v1::Event& event, const std::string& why);

  void MakeKnown(v1::Person* person, const PartyKey& party);

  // A new entry of the batch's ledger, good until the next one.
  v1::LedgerEntry& Log(const std::string& message_id,
                       v1::LedgerEntry::Kind kind,
                       const std::string& party);
  // The same for an event.
  v1::LedgerEntry& Log(const v1::Event& event,
                       v1::LedgerEntry::Kind kind,
                       const std::string& party,
                       std::string text);

  // Of Route(), so far.
  std::uint32_t deliveries() const { return deliveries_; }

 private:
  std::vector<care::RouteDecision> Decide(const v1::Event& event, const Subjects& about);
  // A role that the configuration no longer grants counts for nothing.
  bool MayHold(const std::string& party, const std::string& role) const;
  const directory::Place& PlaceOf(const v1::Person& person);
  directory::Place FindPlace(const v1::Person& person) const;
  void Enqueue(const v1::Event& event, const care::RouteDecision& decision);

  const Rules& rules_;
  const Timestamp now_;
  const directory::ResourceResolver resolve_;
  store::Batch& batch_;
  absl::flat_hash_map<std::uint64_t, directory::Place> places_;  // by person
  std::uint32_t deliveries_ = 0;
};

}  // namespace handoff::intake
