// What a party may read: the one door to stored resources, plans, referrals, stays and the ledger
// for FHIR over HTTP and gRPC alike.
//
// Every answer is the caller's own projection. What the caller has no relation to is answered like
// what does not exist, and a search matches only on elements that the caller may see. Relations
// (owner, attribution, referral, directory) are looked up at each call: an attribution that ended
// no longer opens anything.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "gateway/access/search.h"
#include "gateway/base/clock.h"
#include "gateway/base/ids.h"
#include "gateway/store/store.h"
#include "handoff/v1/model.pb.h"

namespace handoff::access {

// One resource as one caller may see it.
struct Visible {
  v1::ResourceName name;
  Timestamp updated;
  std::string encoded;  // projected, with meta.versionId and meta.lastUpdated
};

struct SearchPage {
  std::vector<Visible> items;  // in the order (person, id)
  std::string next;            // SearchRequest::page of the next page; empty: no more
};

struct PageRequest {
  std::size_t size = 0;  // 0: 50; more than 200: 200
  std::string token;     // `next` of the page before; empty: from the start
};

struct PlanStatusPage {
  std::vector<v1::PlanStatus> items;
  std::string next;
};

// A referral and the resources of its story that the caller may see, each encoded.
struct ReferralStory {
  v1::Referral referral;
  std::vector<std::string> resources;
};

struct ReferralPage {
  std::vector<v1::Referral> items;
  std::string next;
};

// A stay, and the resources of its story that the caller may see as an encoded Bundle (collection).
struct TransitionStory {
  v1::Transition transition;
  std::string bundle;
};

// What became of one message.
struct Explanation {
  v1::Receipt receipt;
  std::vector<v1::LedgerEntry> entries;
  std::vector<v1::Delivery> pending;
};

struct Sources;  // what reading works with: store, directory, views, clock (sources.h)

// Thread safety: all methods may be called concurrently. Calls read the disk and may block.
//
// Errors of every method:
//   kNotFound         absent, or not for this caller: the two are the same answer. ErrorId::kGone
//                     (HTTP 410) if deleted and the caller might have seen it
//   kInvalidArgument  a page token or parameter that was not understood
//   kUnavailable      the store cannot be read now
class Reader {
 public:
  explicit Reader(std::shared_ptr<const Sources> sources);

  absl::StatusOr<Visible> Read(const PartyKey& caller, const ResourceKey& key) const;
  // A past version, as the caller's relation of today lets it be seen.
  absl::StatusOr<Visible> VRead(const PartyKey& caller,
                                const ResourceKey& key,
                                std::uint64_t version) const;
  absl::StatusOr<SearchPage> Search(const PartyKey& caller, const SearchRequest& request) const;

  absl::StatusOr<v1::PlanStatus> GetPlanStatus(const PartyKey& caller,
                                               std::string_view plan_id) const;
  // The same as of `snapshot`.
  absl::StatusOr<v1::PlanStatus> GetPlanStatus(const PartyKey& caller,
                                               std::string_view plan_id,
                                               std::shared_ptr<store::Snapshot> snapshot) const;
  // `patient_identifier` is "system|value"; empty: every plan that the caller may see.
  absl::StatusOr<PlanStatusPage> ListPlanStatus(const PartyKey& caller,
                                                std::string_view patient_identifier,
                                                const PageRequest& page) const;

  // Referrals are seen by their requester and their performer.
  absl::StatusOr<ReferralStory> GetReferral(const PartyKey& caller, std::string_view id) const;
  // Without the story, as of `snapshot`.
  absl::StatusOr<v1::Referral> GetReferralAlone(const PartyKey& caller,
                                                std::string_view id,
                                                store::Snapshot& snapshot) const;
  // `state` unspecified: any.
  absl::StatusOr<ReferralPage> ListReferrals(const PartyKey& caller,
                                             v1::ReferralState state,
                                             const PageRequest& page) const;

  // Stays are seen by the facility and by whoever may see the Encounter now.
  absl::StatusOr<TransitionStory> GetTransition(const PartyKey& caller, std::string_view id) const;
  // Without the story, as of `snapshot`.
  absl::StatusOr<v1::Transition> GetTransitionAlone(
      const PartyKey& caller, std::string_view id, std::shared_ptr<store::Snapshot> snapshot) const;

  // `message_id` is ours, or the Bundle.id or MessageHeader.id that the sender gave. Senders see
  // their own messages, operators all.
  absl::StatusOr<Explanation> Explain(const PartyKey& caller, std::string_view message_id) const;

 private:
  const std::shared_ptr<const Sources> sources_;
};

}  // namespace handoff::access
