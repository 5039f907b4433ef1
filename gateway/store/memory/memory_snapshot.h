// A snapshot of the in-memory store.
#pragma once

#include "gateway/store/memory/memory_tables.h"
#include "gateway/store/tracked_snapshot.h"

namespace handoff::store {

class MemorySnapshot final : public TrackedSnapshot {
 public:
  MemorySnapshot(MemoryTables& tables, std::uint64_t sequence)
      : TrackedSnapshot(sequence), tables_(tables) {}

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
  MemoryTables& tables_;
};

}  // namespace handoff::store
