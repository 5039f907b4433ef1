#include "gateway/store/rocksdb/rocks_store.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "gateway/base/log.h"
#include "gateway/base/status_macros.h"
#include "gateway/store/commit_queue.h"
#include "gateway/store/delivery_book.h"
#include "gateway/store/keys.h"
#include "gateway/store/ledger_chain.h"
#include "gateway/store/listener.h"
#include "gateway/store/rocksdb/encoded_batch.h"
#include "gateway/store/rocksdb/group_committer.h"
#include "gateway/store/rocksdb/recent_writes.h"
#include "gateway/store/rocksdb/recovery.h"
#include "gateway/store/rocksdb/rocks_db.h"
#include "gateway/store/rocksdb/rocks_snapshot.h"

namespace handoff::store {
namespace {

// With 10 kB a commit, some 1 MB: written in a few milliseconds, so no one waits long for others.
constexpr std::size_t kMaxGroup = 128;
// Of a stream, to be looked for one by one before a scan takes over.
constexpr std::size_t kFewItems = 16;

class RocksStore final : public Store {
 public:
  RocksStore(StoreOptions options, std::unique_ptr<RocksDb> db)
      : options_(options), db_(std::move(db)) {}

  // Before anything else.
  absl::Status Recover();

  std::shared_ptr<Snapshot> GetSnapshot() override;
  void Commit(Batch batch, absl::AnyInvocable<void(absl::StatusOr<Committed>)> done) override;

  std::vector<Claim> ClaimDue(Timestamp now,
                              std::chrono::milliseconds lease,
                              std::size_t limit,
                              const Wanted& wanted) override;
  void Release(const std::string& delivery_id) override { book_.Release(delivery_id); }
  std::optional<Timestamp> NextDue(const Wanted& wanted) override { return book_.NextDue(wanted); }

  absl::StatusOr<std::vector<v1::Delivery>> ListDeliveries(v1::DeliveryState state,
                                                           const std::string& recipient,
                                                           const std::string& after_id,
                                                           std::size_t limit) override;
  absl::StatusOr<std::optional<v1::Delivery>> ReadDelivery(const std::string& id) override;

  absl::StatusOr<std::vector<v1::Delivery>> ReadStream(const std::string& stream,
                                                       std::uint64_t after,
                                                       std::size_t limit) override;
  absl::StatusOr<std::uint64_t> StreamEnd(const std::string& stream) override;
  absl::StatusOr<std::uint64_t> StreamPosition(const std::string& stream) override;

  void SetListener(std::function<void(const Notice&)> listener) override {
    listener_.Set(std::move(listener));
  }

  absl::Status VerifyLedger() override;
  absl::Status Health() override;
  Statistics GetStatistics() override;

 private:
  absl::StatusOr<std::optional<v1::Delivery>> ReadAt(const std::string& id,
                                                     const DeliveryPlace& place) const;

  const StoreOptions options_;
  const std::unique_ptr<RocksDb> db_;
  BlockCache cache_;
  RecentWrites recent_;
  DeliveryBook book_;
  Listener listener_;
  std::unique_ptr<GroupCommitter> committer_;
  std::unique_ptr<CommitQueue<EncodedBatch>> queue_;  // last: its thread uses all of the above
};

absl::Status RocksStore::Recover() {
  HANDOFF_ASSIGN_OR_RETURN(Meta meta, RecoverMeta(*db_));
  HANDOFF_RETURN_IF_ERROR(RecoverDeliveries(*db_, book_));
  HANDOFF_ASSIGN_OR_RETURN(Streams streams, RecoverStreams(*db_));
  log::Info("store.open",
            {{"commit", meta.commit},
             {"pending", book_.pending()},
             {"held", book_.held()},
             {"dead", book_.dead()}});
  committer_ = std::make_unique<GroupCommitter>(
      *db_, cache_, recent_, book_, listener_, options_, std::move(meta), std::move(streams));
  queue_ = std::make_unique<CommitQueue<EncodedBatch>>(
      CommitQueueOptions{options_.max_queued_commits, kMaxGroup, options_.commit_interval},
      [this](auto group) { committer_->Commit(group); });
  return absl::OkStatus();
}

std::shared_ptr<Snapshot> RocksStore::GetSnapshot() {
  // The number first: the view may then include more than it says, and a plan may be refused that
  // holds; the other way round, a change would be missed.
  const std::uint64_t sequence = committer_->published();
  return std::make_shared<RocksSnapshot>(*db_, cache_, recent_, sequence);
}

void RocksStore::Commit(Batch batch, absl::AnyInvocable<void(absl::StatusOr<Committed>)> done) {
  absl::StatusOr<EncodedBatch> encoded = Encode(std::move(batch));
  if (!encoded.ok()) return done(encoded.status());
  queue_->Push(*std::move(encoded), std::move(done));
}

std::vector<Claim> RocksStore::ClaimDue(Timestamp now,
                                        std::chrono::milliseconds lease,
                                        std::size_t limit,
                                        const Wanted& wanted) {
  const auto load = [this](const std::string& id,
                           const DeliveryPlace& place) -> std::optional<v1::Delivery> {
    auto delivery = ReadAt(id, place);
    if (delivery.ok()) return *std::move(delivery);
    log::Error("store.delivery_unreadable",
               {{"delivery", log::Safe(id)}, {"error", delivery.status()}});
    return std::nullopt;
  };
  return book_.ClaimDue(now, lease, limit, wanted, load);
}

absl::StatusOr<std::optional<v1::Delivery>> RocksStore::ReadAt(const std::string& id,
                                                               const DeliveryPlace& place) const {
  HANDOFF_ASSIGN_OR_RETURN(const std::optional<std::string> record,
                           db_->Get(key::Delivery(id, place)));
  if (!record) return std::nullopt;
  return Decode<v1::Delivery>(*record);
}

absl::StatusOr<std::optional<v1::Delivery>> RocksStore::ReadDelivery(const std::string& id) {
  // It may be moved between the look into the book and the read; then the book soon knows where.
  constexpr int kLooks = 1000;
  for (int look = 0; look < kLooks; ++look) {
    const std::optional<DeliveryPlace> place = book_.Find(id);
    if (!place) return std::nullopt;
    HANDOFF_ASSIGN_OR_RETURN(std::optional<v1::Delivery> delivery, ReadAt(id, *place));
    if (delivery) return delivery;
    std::this_thread::yield();
  }
  return absl::UnavailableError("the delivery keeps moving");
}

absl::StatusOr<std::vector<v1::Delivery>> RocksStore::ListDeliveries(v1::DeliveryState state,
                                                                     const std::string& recipient,
                                                                     const std::string& after_id,
                                                                     std::size_t limit) {
  std::vector<v1::Delivery> deliveries;
  std::string last = after_id;
  while (deliveries.size() < limit) {
    const auto ids = book_.List(state, recipient, last, limit - deliveries.size());
    if (ids.empty()) break;
    for (const std::string& id : ids) {
      HANDOFF_ASSIGN_OR_RETURN(std::optional<v1::Delivery> delivery, ReadDelivery(id));
      // It may have been settled or moved since it was listed.
      if (delivery && delivery->state() == state) deliveries.push_back(*std::move(delivery));
    }
    last = ids.back();
  }
  return deliveries;
}

absl::StatusOr<std::vector<v1::Delivery>> RocksStore::ReadStream(const std::string& stream,
                                                                 std::uint64_t after,
                                                                 std::size_t limit) {
  std::vector<v1::Delivery> items;
  // Who follows a stream asks for the few that came last. They are numbered without a gap and stand
  // in the memtable, where each is found at once: a scan would begin in every file.
  for (; items.size() < std::min(limit, kFewItems) && after != UINT64_MAX; ++after) {
    HANDOFF_ASSIGN_OR_RETURN(const std::optional<std::string> record,
                             db_->Get(key::StreamItem(stream, after + 1)));
    if (!record) break;
    HANDOFF_ASSIGN_OR_RETURN(items.emplace_back(), Decode<v1::Delivery>(*record));
  }
  const bool at_end = !items.empty() && items.size() < kFewItems;
  if (at_end || items.size() == limit || after == UINT64_MAX) return items;
  // More, or the oldest are gone.
  Scan scan(*db_, nullptr, key::StreamPrefix(stream));
  std::string from;
  key::AppendNumber(from, after + 1);
  for (scan.Seek(from); scan.Valid() && items.size() < limit; scan.Next()) {
    HANDOFF_ASSIGN_OR_RETURN(items.emplace_back(), Decode<v1::Delivery>(scan.value()));
  }
  HANDOFF_RETURN_IF_ERROR(scan.status());
  return items;
}

absl::StatusOr<std::uint64_t> RocksStore::StreamEnd(const std::string& stream) {
  Scan scan(*db_, nullptr, key::StreamPrefix(stream));
  std::string last;
  key::AppendNumber(last, UINT64_MAX);
  scan.SeekBack(last);
  HANDOFF_RETURN_IF_ERROR(scan.status());
  if (!scan.Valid()) return 0;
  HANDOFF_ASSIGN_OR_RETURN(const auto item, Decode<v1::Delivery>(scan.value()));
  return item.sequence();
}

absl::StatusOr<std::uint64_t> RocksStore::StreamPosition(const std::string& stream) {
  HANDOFF_ASSIGN_OR_RETURN(const std::optional<std::string> record,
                           db_->Get(key::StreamAck(stream)));
  if (!record) return 0;
  std::string_view rest = *record;
  const auto position = key::TakeNumber(rest);
  if (!position) return absl::DataLossError("a record of the store is damaged");
  return *position;
}

absl::Status RocksStore::VerifyLedger() {
  const RocksSnapshot snapshot(*db_, cache_, recent_, committer_->published());
  return snapshot.VerifyLedger();
}

absl::Status RocksStore::Health() {
  HANDOFF_RETURN_IF_ERROR(committer_->health());
  return db_->Get(key::Meta()).status();
}

Statistics RocksStore::GetStatistics() {
  return Statistics{.commits = committer_->commits(),
                    .disk_syncs = committer_->disk_syncs(),
                    .conflicts = committer_->conflicts(),
                    .deliveries_pending = book_.pending(),
                    .deliveries_dead = book_.dead(),
                    .deliveries_held = book_.held(),
                    .backlogs = book_.Backlogs()};
}

}  // namespace

absl::StatusOr<std::unique_ptr<Store>> OpenRocksStore(const std::string& directory,
                                                      StoreOptions options) {
  HANDOFF_RETURN_IF_ERROR(CheckOptions(options));
  HANDOFF_ASSIGN_OR_RETURN(std::unique_ptr<RocksDb> db, RocksDb::Open(directory));
  auto store = std::make_unique<RocksStore>(options, std::move(db));
  HANDOFF_RETURN_IF_ERROR(store->Recover());
  return store;
}

}  // namespace handoff::store
