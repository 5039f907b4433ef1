// What the rules of care and attribution ask, answered from the message first and the store second.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

#include "gateway/care/events.h"
#include "gateway/care/routes.h"
#include "gateway/directory/attribution.h"
#include "gateway/directory/directory.h"
#include "gateway/intake/resolve.h"
#include "gateway/store/store.h"

namespace handoff::intake {

// The callbacks of the rules cannot fail, so a store that fails is remembered: check status() after
// the rules ran.
class MessageFacts final : public care::Facts {
 public:
  // All must outlive it.
  MessageFacts(store::Snapshot& snapshot,
               const directory::Directory& directory,
               const directory::Party& sender,
               const Resolved& resolved,
               Timestamp now)
      : snapshot_(snapshot),
        directory_(directory),
        sender_(sender),
        resolved_(resolved),
        now_(now) {}

  std::optional<v1::Transition> TransitionOf(const ResourceKey& encounter) override;
  std::optional<v1::Referral> ReferralOf(const ResourceKey& task_or_service_request) override;
  std::optional<care::StoredNow> Find(const ResourceKey& key) override;
  PartyKey PartyOf(const v1::Reference& reference) override;
  // By what was known before the message.
  bool OpensRecords(const PartyKey& party, std::uint64_t person_id) override;
  Timestamp StartOfDay(int year, unsigned month, unsigned day) override;

  // As the message leaves it; null if there is none. Lives as long as `resolved`.
  const v1::Resource* Resolve(std::string_view type, std::string_view id);

  const absl::Status& status() const { return status_; }

 private:
  std::optional<std::string> LookUp(store::LinkKind kind, const ResourceKey& key);

  // What was read, or nothing, and why.
  template <class T>
  T Take(absl::StatusOr<T> read) {
    if (read.ok()) return *std::move(read);
    status_ = read.status();
    return {};
  }

  store::Snapshot& snapshot_;
  const directory::Directory& directory_;
  const directory::Party& sender_;
  const Resolved& resolved_;
  const Timestamp now_;
  absl::Status status_;
};

// What routes ask of the directory, for one person.
class DirectoryFacts final : public care::PartyFacts {
 public:
  DirectoryFacts(const directory::Directory& directory, directory::Place place)
      : directory_(directory), place_(std::move(place)) {}

  std::string KindOf(const PartyKey& party) const override;
  bool CanReceive(const PartyKey& party) const override;
  std::vector<PartyKey> AgenciesFor(const v1::Referral& referral) const override;

 private:
  const directory::Directory& directory_;
  const directory::Place place_;
};

// Where a person lives, by the Patient's home address.
directory::Place PlaceOf(const v1::Patient& patient);

}  // namespace handoff::intake
