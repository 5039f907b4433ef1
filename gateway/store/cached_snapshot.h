// A snapshot that asks for each thing once: for who reads the same story from several sides.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"

#include "gateway/base/ids.h"
#include "gateway/store/store.h"

namespace handoff::store {

// Keeps what was read of current resources, persons, stays, referrals and messages, as of the
// snapshot that it stands on, and so grows with what is asked of it: it is to live for a few
// messages, and to be replaced when bytes() is too much. The rest is passed on. A plan is not made
// on it.
//
// Thread safety: one thread at a time.
class CachedSnapshot final : public Snapshot {
 public:
  explicit CachedSnapshot(std::shared_ptr<Snapshot> snapshot);

  // Of the records of resources that it holds.
  std::size_t bytes() const { return bytes_; }

  absl::StatusOr<SharedResource> Read(const ResourceKey& key) override;
  absl::StatusOr<std::vector<SharedResource>> ReadMany(
      const std::vector<ResourceKey>& keys) override;
  absl::StatusOr<SharedResource> ReadVersion(const ResourceKey& key,
                                             std::uint64_t version) override;
  absl::StatusOr<std::vector<SharedResource>> History(const ResourceKey& key,
                                                      std::uint64_t before_version,
                                                      std::size_t limit) override;
  absl::StatusOr<Page> Find(const Query& query) override;
  absl::StatusOr<std::vector<ResourceKey>> ResourcesOf(PersonId person) override;
  absl::StatusOr<std::optional<std::string>> Lookup(LinkKind kind, std::string_view key) override;
  absl::StatusOr<SharedPerson> ReadPerson(PersonId id) override;
  absl::StatusOr<SharedTransition> ReadTransition(std::string_view id) override;
  absl::StatusOr<SharedReferral> ReadReferral(std::string_view id) override;
  absl::StatusOr<std::vector<PersonId>> PersonsOf(const PartyKey& party,
                                                  PersonId after,
                                                  std::size_t limit) override;
  absl::StatusOr<SharedMessage> ReadMessage(const MessageId& id) override;
  absl::StatusOr<std::optional<std::string>> ReadOriginal(const MessageId& id) override;
  absl::StatusOr<std::vector<v1::LedgerEntry>> Ledger(const MessageId& id) override;

 private:
  const std::shared_ptr<Snapshot> snapshot_;
  std::size_t bytes_ = 0;

  absl::flat_hash_map<ResourceKey, SharedResource> resources_;
  absl::flat_hash_map<PersonId, SharedPerson> persons_;
  absl::flat_hash_map<std::string, SharedTransition> transitions_;
  absl::flat_hash_map<std::string, SharedReferral> referrals_;
  absl::flat_hash_map<std::string, SharedMessage> messages_;
};

}  // namespace handoff::store
