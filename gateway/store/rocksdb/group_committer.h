// What the one committer thread does with a group of commits: check, number, write once, tell.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

#include "gateway/store/commit_queue.h"
#include "gateway/store/delivery_book.h"
#include "gateway/store/delivery_stage.h"
#include "gateway/store/ledger_chain.h"
#include "gateway/store/listener.h"
#include "gateway/store/options.h"
#include "gateway/store/rocksdb/conflict_table.h"
#include "gateway/store/rocksdb/encoded_batch.h"
#include "gateway/store/rocksdb/recent_writes.h"
#include "gateway/store/rocksdb/recovery.h"
#include "gateway/store/rocksdb/rocks_db.h"

namespace handoff::store {

// Thread safety: Commit() is for one thread; the rest may be called concurrently.
class GroupCommitter {
 public:
  using Item = CommitQueue<EncodedBatch>::Item;

  // All but `meta` and `streams` must outlive it.
  GroupCommitter(RocksDb& db,
                 BlockCache& cache,
                 RecentWrites& recent,
                 DeliveryBook& book,
                 Listener& listener,
                 const StoreOptions& options,
                 Meta meta,
                 Streams streams);

  // Calls each `done`, in order.
  void Commit(std::span<Item> group);

  // The last commit that is on disk and can be read.
  std::uint64_t published() const { return published_.load(std::memory_order_acquire); }
  std::uint64_t commits() const { return commits_; }
  std::uint64_t disk_syncs() const { return disk_syncs_; }
  std::uint64_t conflicts() const { return conflicts_; }
  // Why nothing is written any more; OK as long as it is.
  absl::Status health() const ABSL_LOCKS_EXCLUDED(health_mutex_);

 private:
  // The part of a group that goes to the disk at once.
  struct Write;

  // Takes items from the front for as long as they fit one write; returns how many.
  std::size_t CommitSome(std::span<Item> items);
  absl::StatusOr<Committed> Add(EncodedBatch& batch, Write& write);
  absl::Status AddUnread(EncodedBatch& batch);
  void Put(const EncodedBatch& batch, std::uint64_t commit);
  void Put(const StagedDeliveries& staged);
  void Cache(std::span<const Item> items, const Write& write);
  absl::Status Put(const Write& write);

  RocksDb& db_;
  BlockCache& cache_;
  RecentWrites& recent_;
  DeliveryBook& book_;
  Listener& listener_;
  const StoreOptions& options_;

  // Of the committer thread alone.
  std::uint64_t last_;  // commit
  LedgerChain chain_;
  Streams streams_;
  ConflictTable conflict_table_;
  rocksdb::WriteBatch batch_;  // kept for its memory
  std::string record_;         // likewise

  std::atomic<std::uint64_t> published_;
  std::atomic<std::uint64_t> commits_ = 0;
  std::atomic<std::uint64_t> disk_syncs_ = 0;
  std::atomic<std::uint64_t> conflicts_ = 0;
  mutable absl::Mutex health_mutex_;
  absl::Status health_ ABSL_GUARDED_BY(health_mutex_);
};

}  // namespace handoff::store
