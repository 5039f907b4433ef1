// The store through the eyes of one caller, for the length of one call.
//
// Relations of the caller to a resource, in the words of `access` in config/views.yaml:
//   source                who wrote it
//   medical-home, payer, care-team, treating
//                         live attributions of the person that it is about
//   requester, performer  of a referral whose story holds it: the ServiceRequest, the Task and what
//                         these refer to. Of a closed referral the performer keeps the two and the
//                         outputs of the Task, not the patient
//   directory             anyone, of an Organization, Practitioner, Location, ... that is about no
//                         one
//
// What a label keeps from the rest of its message when the message is sent it keeps here too: the
// labels of scope `message` count for every resource that came with the labelled one.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"

#include "gateway/access/reader.h"
#include "gateway/access/sources.h"
#include "gateway/base/ids.h"
#include "gateway/care/story.h"
#include "gateway/policy/views.h"
#include "gateway/store/store.h"
#include "handoff/v1/model.pb.h"

namespace handoff::access {

using care::IsDirectoryType;
using care::KeyOf;
// "Type/id".
std::string PathOf(const ResourceKey& key);

// The answer to what is absent and to what is not for this caller.
absl::Status NotFound();

// Thread safety: one thread. Remembers what it decided, so that a page of results asks once.
class Viewer {
 public:
  Viewer(const Sources& sources, const PartyKey& caller);
  // Sees the store as of `snapshot`.
  Viewer(const Sources& sources, const PartyKey& caller, std::shared_ptr<store::Snapshot> snapshot);

  store::Snapshot& snapshot() { return *snapshot_; }
  const Rules& rules() const { return rules_; }
  const PartyKey& caller() const { return caller_; }

  // `stored` as the caller may see it; nullopt if nothing of it may be seen or it is deleted.
  absl::StatusOr<std::optional<Visible>> Show(const store::ResourceVersion& stored);
  // As Show, but with no reference in it: for who asks for other elements. Takes fewer reads.
  absl::StatusOr<std::optional<Visible>> ShowAlone(const store::ResourceVersion& stored);
  // As Show for a past version: a label that came later counts for it as well.
  absl::StatusOr<std::optional<Visible>> ShowVersion(const store::ResourceVersion& past,
                                                     const store::ResourceVersion& current);
  // The current versions of `keys` that the caller may see, in order.
  absl::StatusOr<std::vector<Visible>> ShowAll(const std::vector<ResourceKey>& keys);

  // `roots`, then what their current versions refer to, each once. Not filtered.
  absl::StatusOr<std::vector<ResourceKey>> StoryOf(std::vector<ResourceKey> roots);

  // Whether the caller may see, or of a deleted resource might have seen, anything of it.
  absl::StatusOr<bool> MaySee(const store::ResourceVersion& stored);

 private:
  using Keys = absl::flat_hash_set<ResourceKey>;

  // What the caller has to do with one person.
  struct Ties {
    std::uint64_t person = 0;        // merges followed; 0: there is none
    std::vector<std::string> roles;  // by attribution
    Keys requested;                  // stories of referrals that the caller asked for
    Keys performed;                  // ... that it was asked to do
  };

  // What a resource of a referral refers to.
  struct Named {
    ResourceKey key;
    bool by_right = false;    // who wrote the reference may see it
    bool is_patient = false;  // whom the referral is for
    bool is_output = false;   // of the Task
  };

  absl::StatusOr<const policy::View*> ViewOf(const store::ResourceVersion& stored,
                                             const policy::Labels& labels);
  absl::StatusOr<const Ties*> TiesTo(PersonId person);
  absl::Status AddReferral(const v1::Person& person, const std::string& id, Ties* ties);
  absl::StatusOr<std::vector<Named>> Story(const v1::Person& person,
                                           const v1::Referral& referral,
                                           const store::ResourceVersion& stored);
  absl::StatusOr<policy::Labels> LabelsOf(const store::ResourceVersion& stored);
  // Labels of scope `message` among what came with one message about the person.
  absl::StatusOr<const policy::Labels*> MessageLabels(const std::string& message_id,
                                                      std::uint64_t person_id);
  // Those of the referenced resources that the caller may see.
  absl::StatusOr<policy::KeptSet> KeptOf(const store::ResourceVersion& stored);
  absl::StatusOr<std::optional<Visible>> Project(const store::ResourceVersion& stored,
                                                 const policy::View* view);
  absl::StatusOr<std::optional<Visible>> Project(const store::ResourceVersion& stored,
                                                 const policy::View& view,
                                                 const policy::KeptSet& kept) const;

  const PartyKey caller_;
  const Rules rules_;
  const Timestamp now_;
  const std::shared_ptr<store::Snapshot> snapshot_;

  absl::flat_hash_map<PersonId, std::unique_ptr<Ties>> ties_;
  // By message and person.
  absl::flat_hash_map<std::pair<std::string, std::uint64_t>, std::unique_ptr<policy::Labels>>
      message_labels_;
  absl::flat_hash_map<ResourceKey, bool> seen_;
};

}  // namespace handoff::access
