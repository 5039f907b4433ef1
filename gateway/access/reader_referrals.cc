#include <algorithm>
#include <utility>

#include "gateway/access/page_token.h"
#include "gateway/access/reader.h"
#include "gateway/access/sources.h"
#include "gateway/access/viewer.h"
#include "gateway/base/status_macros.h"
#include "gateway/care/referral.h"

namespace handoff::access {
namespace {

constexpr std::size_t kPersonsAtOnce = 64;

// It is for its parties; while whom it is about is in doubt, for who asked alone.
bool IsFor(const v1::Referral& referral,
           const store::SharedPerson& person,
           const PartyKey& caller) {
  if (person && person->held()) return referral.requester() == caller.value();
  return care::ActorOf(referral, caller) != care::Actor::kNone;
}

// Walks the referrals of the caller's persons in the order (person, as opened).
class ReferralList {
 public:
  ReferralList(Viewer& viewer, v1::ReferralState state, std::size_t size, PagePosition position)
      : viewer_(viewer), state_(state), size_(size), position_(std::move(position)) {}

  // True if there is more: position() is then where.
  absl::StatusOr<bool> Fill(std::vector<v1::Referral>* items) {
    while (true) {
      HANDOFF_ASSIGN_OR_RETURN(
          const std::vector<PersonId> persons,
          viewer_.snapshot().PersonsOf(viewer_.caller(), position_.after, kPersonsAtOnce));
      if (persons.empty()) return false;
      for (const PersonId person : persons) {
        HANDOFF_ASSIGN_OR_RETURN(const bool full, TakePerson(person, items));
        if (full) return true;
        position_.after = person;
        position_.last_id.clear();
      }
    }
  }

  const PagePosition& position() const { return position_; }

 private:
  absl::StatusOr<bool> TakePerson(PersonId id, std::vector<v1::Referral>* items) {
    HANDOFF_ASSIGN_OR_RETURN(const store::SharedPerson person, viewer_.snapshot().ReadPerson(id));
    if (!person) return false;
    const auto& ids = person->referrals();
    auto next = ids.begin();
    if (!position_.last_id.empty()) {
      next = std::find(ids.begin(), ids.end(), position_.last_id);
      if (next != ids.end()) ++next;
    }
    for (; next != ids.end(); ++next) {
      HANDOFF_ASSIGN_OR_RETURN(const store::SharedReferral referral,
                               viewer_.snapshot().ReadReferral(*next));
      if (!referral || !Wanted(*referral, person)) continue;
      if (items->size() == size_) return true;
      position_.last_id = *next;
      items->push_back(*referral);
    }
    return false;
  }

  bool Wanted(const v1::Referral& referral, const store::SharedPerson& person) const {
    return IsFor(referral, person, viewer_.caller()) &&
           (state_ == v1::REFERRAL_STATE_UNSPECIFIED || referral.state() == state_);
  }

  Viewer& viewer_;
  const v1::ReferralState state_;
  const std::size_t size_;
  PagePosition position_;
};

}  // namespace

absl::StatusOr<v1::Referral> Reader::GetReferralAlone(const PartyKey& caller,
                                                      std::string_view id,
                                                      store::Snapshot& snapshot) const {
  HANDOFF_ASSIGN_OR_RETURN(const store::SharedReferral referral, snapshot.ReadReferral(id));
  if (!referral) return NotFound();
  HANDOFF_ASSIGN_OR_RETURN(const store::SharedPerson person,
                           store::ReadSurvivor(snapshot, PersonId{referral->person_id()}));
  if (!IsFor(*referral, person, caller)) return NotFound();
  return *referral;
}

absl::StatusOr<ReferralStory> Reader::GetReferral(const PartyKey& caller,
                                                  std::string_view id) const {
  Viewer viewer(*sources_, caller);
  ReferralStory story;
  HANDOFF_ASSIGN_OR_RETURN(story.referral, GetReferralAlone(caller, id, viewer.snapshot()));
  HANDOFF_ASSIGN_OR_RETURN(
      const std::vector<ResourceKey> keys,
      viewer.StoryOf({KeyOf(story.referral.service_request()), KeyOf(story.referral.task())}));
  HANDOFF_ASSIGN_OR_RETURN(const std::vector<Visible> shown, viewer.ShowAll(keys));
  for (const Visible& visible : shown) story.resources.push_back(visible.encoded);
  return story;
}

absl::StatusOr<ReferralPage> Reader::ListReferrals(const PartyKey& caller,
                                                   v1::ReferralState state,
                                                   const PageRequest& page) const {
  Viewer viewer(*sources_, caller);
  const std::string asked = "referrals " + v1::ReferralState_Name(state);
  HANDOFF_ASSIGN_OR_RETURN(PagePosition position, DecodePage(caller, asked, page.token));
  ReferralPage answer;
  ReferralList list(viewer, state, PageSize(page.size), std::move(position));
  HANDOFF_ASSIGN_OR_RETURN(const bool more, list.Fill(&answer.items));
  if (more) answer.next = EncodePage(caller, asked, list.position());
  return answer;
}

}  // namespace handoff::access
