// A store and a directory small enough to see through: messages go in as JSON, what they meant
// comes out and is kept.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/care/event_rules.h"
#include "gateway/care/events.h"

namespace handoff::care::testing {

// The rules as they are shipped.
const EventRules& ShippedRules();

// The time as FHIR text, e.g. "2026-07-02T15:20:00-04:00", in microseconds.
std::int64_t At(std::string_view text);

class World final : public Facts {
 public:
  // Resources as JSON, each with an id; `header` is the JSON of a MessageHeader or empty. An
  // accepted message is kept, one with errors leaves no trace.
  Understanding Send(const std::string& sender,
                     const std::vector<std::string>& resources,
                     const std::string& header = {});

  // The party that a reference ("Organization/lfm") stands for.
  void Know(const std::string& reference, const std::string& party) { parties_[reference] = party; }
  void SetNow(std::string_view text);
  // How long after midnight UTC the sender's day begins.
  void SetDayBegins(std::chrono::hours after) { day_begins_ = after; }
  // Whom the resources of later messages are about.
  void SetPerson(std::uint64_t person) { person_ = person; }
  // A party with a role that opens all records.
  void Open(const std::string& party) { opening_.insert(party); }

  std::optional<v1::Transition> TransitionOf(const ResourceKey& encounter) override;
  std::optional<v1::Referral> ReferralOf(const ResourceKey& key) override;
  std::optional<StoredNow> Find(const ResourceKey& key) override;
  PartyKey PartyOf(const v1::Reference& reference) override;
  bool OpensRecords(const PartyKey& party, std::uint64_t person_id) override;
  Timestamp StartOfDay(int year, unsigned month, unsigned day) override;

  const v1::Transition& Stay(const std::string& encounter_id) const {
    return stays_.at({"Encounter", encounter_id});
  }
  v1::Referral& Loop(const std::string& type, const std::string& id);

 private:
  struct Stored {
    std::uint64_t version = 0;
    std::uint64_t person = 0;
    std::string owner;
    std::string encoded;
    v1::Resource resource;
  };

  void Keep(const Message& message, const Understanding& understanding);

  Timestamp now_ = FromMicros(1'783'005'600'000'000);  // 2026-07-02T15:20:00Z
  std::chrono::hours day_begins_{0};
  std::uint64_t person_ = 7;
  int messages_ = 0;
  std::map<ResourceKey, Stored> stored_;
  std::map<ResourceKey, v1::Transition> stays_;
  std::map<std::string, v1::Referral> referrals_;
  std::map<ResourceKey, std::string> referral_links_;
  std::map<std::string, std::string> parties_;
  std::set<std::string> opening_;
};

// "ADMIT DISCHARGE": the kinds in order.
std::string Kinds(const Understanding& understanding);
// "Encounter/v1 Patient/p": the story of an event.
std::string Story(const v1::Event& event);

}  // namespace handoff::care::testing
