// A snapshot of the embedded store.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "gateway/store/query.h"
#include "gateway/store/rocksdb/block.h"
#include "gateway/store/rocksdb/recent_writes.h"
#include "gateway/store/rocksdb/rocks_db.h"
#include "gateway/store/tracked_snapshot.h"

namespace handoff::store {

class RocksSnapshot final : public TrackedSnapshot {
 public:
  // `sequence`: of a commit that the view taken now includes.
  RocksSnapshot(const RocksDb& db,
                BlockCache& cache,
                const RecentWrites& recent,
                std::uint64_t sequence);
  ~RocksSnapshot() override;
  RocksSnapshot(const RocksSnapshot&) = delete;
  RocksSnapshot& operator=(const RocksSnapshot&) = delete;

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

  // See Store::VerifyLedger.
  absl::Status VerifyLedger() const;

  // A resource as it was read: what a commit that replaces it needs of it.
  struct Seen {
    std::uint64_t person = 0;
    std::uint64_t version = 0;
    std::string stored;  // the record, or the slice that leads to it; empty: there is none
  };
  // By key::Resource; null if Read() was not asked for it.
  const Seen* FindSeen(const std::string& key) const;

 private:
  template <class Message>
  absl::StatusOr<std::optional<Message>> Get(const std::string& key);
  absl::StatusOr<SharedResource> GetResource(const std::string& key);
  // What stands at a key, nullopt if nothing does: a record or a slice.
  absl::StatusOr<std::optional<std::string>> GetStored(const std::string& key) const;
  // The same of many.
  absl::StatusOr<std::vector<std::optional<std::string>>> GetMany(
      const std::vector<std::string>& keys) const;
  // Calls `visit(type, id)` for all that is, or once was, listed under the person.
  template <class Visit>
  absl::Status VisitListed(std::uint64_t person, const Visit& visit) const;
  // One person's part of a page. Returns the last candidate looked at if the page is then full or
  // the budget used up, and there are more; nullopt if the person is done.
  absl::StatusOr<std::optional<std::string>> FindOf(std::uint64_t person,
                                                    std::vector<std::string> ids,
                                                    const Query& query,
                                                    std::size_t& budget,
                                                    Page& page);

  const RocksDb& db_;
  const RecentWrites& recent_;
  const rocksdb::Snapshot* const snapshot_;
  BlockReader blocks_;
  absl::flat_hash_map<std::string, Seen> seen_;
};

}  // namespace handoff::store
