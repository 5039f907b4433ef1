#include "gateway/store/memory/memory_store.h"

#include <atomic>

#include "absl/container/flat_hash_map.h"

#include "gateway/base/status_macros.h"
#include "gateway/store/commit_queue.h"
#include "gateway/store/delivery_book.h"
#include "gateway/store/delivery_stage.h"
#include "gateway/store/ledger_chain.h"
#include "gateway/store/listener.h"
#include "gateway/store/memory/memory_snapshot.h"

namespace handoff::store {
namespace {

constexpr std::size_t kMaxGroup = 128;

struct Prepared {
  Batch batch;
  ReadSet reads;
};

class MemoryStore final : public Store {
 public:
  explicit MemoryStore(StoreOptions options)
      : options_(options), queue_({options.max_queued_commits, kMaxGroup}, [this](auto group) {
          CommitGroup(group);
        }) {}

  std::shared_ptr<Snapshot> GetSnapshot() override {
    absl::MutexLock lock(&tables_.mutex);
    return std::make_shared<MemorySnapshot>(tables_, tables_.sequence);
  }

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
  absl::Status Health() override { return absl::OkStatus(); }
  Statistics GetStatistics() override;

 private:
  using Queue = CommitQueue<Prepared>;

  void CommitGroup(std::span<Queue::Item> group);
  absl::StatusOr<Committed> CommitOne(Prepared& prepared, DeliveryStage& stage, Notice& notice);
  bool Holds(const ReadSet& reads) const;
  void Write(Batch& batch, const StagedDeliveries& staged, std::uint64_t commit)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(tables_.mutex);
  void WriteDeliveries(const StagedDeliveries& staged) ABSL_EXCLUSIVE_LOCKS_REQUIRED(tables_.mutex);

  const StoreOptions options_;
  MemoryTables tables_;
  LedgerChain chain_ ABSL_GUARDED_BY(tables_.mutex);
  DeliveryBook book_;
  Listener listener_;
  std::atomic<std::uint64_t> commits_ = 0;
  std::atomic<std::uint64_t> syncs_ = 0;
  std::atomic<std::uint64_t> conflicts_ = 0;

  // Of the committer thread alone.
  Streams streams_;
  std::uint64_t last_ = 0;                                     // commit
  absl::flat_hash_map<std::uint64_t, std::uint64_t> written_;  // key's hash to last commit

  Queue queue_;  // last: its thread uses all of the above
};

void MemoryStore::Commit(Batch batch, absl::AnyInvocable<void(absl::StatusOr<Committed>)> done) {
  absl::StatusOr<ReadSet> reads = ReadsOf(batch);
  if (!reads.ok()) return done(reads.status());
  batch.planned_on.reset();
  if (batch.message) batch.message->set_original(std::string(std::exchange(batch.original, {})));
  queue_.Push(Prepared{std::move(batch), *std::move(reads)}, std::move(done));
}

void MemoryStore::CommitGroup(std::span<Queue::Item> group) {
  std::vector<absl::StatusOr<Committed>> outcomes;
  outcomes.reserve(group.size());
  Notice notice;
  bool synced = false;
  for (Queue::Item& item : group) {
    DeliveryStage stage(book_, streams_, options_);
    synced = synced || item.work.batch.durability == Durability::kOnDisk;
    outcomes.push_back(CommitOne(item.work, stage, notice));
  }
  if (synced) ++syncs_;
  for (std::size_t i = 0; i < group.size(); ++i) group[i].done(std::move(outcomes[i]));
  listener_.Tell(notice);
}

absl::StatusOr<Committed> MemoryStore::CommitOne(Prepared& prepared,
                                                 DeliveryStage& stage,
                                                 Notice& notice) {
  if (!Holds(prepared.reads)) {
    ++conflicts_;
    return absl::AbortedError("what was read has changed");
  }
  const std::vector<std::uint64_t> writes = WritesOf(prepared.batch);
  const std::uint64_t commit = last_ + 1;
  absl::StatusOr<StagedDeliveries> staged = stage.Add(prepared.batch, commit);
  if (!staged.ok()) return staged.status();
  last_ = commit;
  {
    absl::MutexLock lock(&tables_.mutex);
    Write(prepared.batch, *staged, commit);
    tables_.sequence = commit;
  }
  for (const std::uint64_t key : writes) written_[key] = commit;
  staged->ApplyTo(book_);
  staged->AddTo(notice);
  ++commits_;
  return Committed{commit};
}

bool MemoryStore::Holds(const ReadSet& reads) const {
  for (const std::uint64_t key : reads.keys) {
    if (const auto it = written_.find(key); it != written_.end() && it->second > reads.sequence) {
      return false;
    }
  }
  return true;
}

void MemoryStore::Write(Batch& batch, const StagedDeliveries& staged, std::uint64_t commit) {
  if (batch.message) tables_.messages.Put(batch.message->id(), commit, std::move(*batch.message));
  for (const ResourceRecord& record : batch.resources) {
    absl::StatusOr<SharedResource> resource = ResourceVersion::Read(record.encoded);
    HANDOFF_CHECK(resource.ok());
    tables_.listed.emplace(record.person, record.key.type, record.key.id);
    tables_.resources.Put(record.key, commit, *std::move(resource));
  }
  for (auto& [link, target] : batch.links) tables_.links.Put(link, commit, std::move(target));
  for (v1::Person& person : batch.persons) {
    tables_.persons.Put(person.id(), commit, std::move(person));
  }
  for (v1::Transition& transition : batch.transitions) {
    tables_.transitions.Put(transition.id(), commit, std::move(transition));
  }
  for (v1::Referral& referral : batch.referrals) {
    tables_.referrals.Put(referral.id(), commit, std::move(referral));
  }
  for (const auto& [party, person] : batch.visible) {
    tables_.visible.try_emplace({party.value(), static_cast<std::uint64_t>(person)}, commit);
  }
  for (auto& [message_id, entries] : EncodeEntries(batch.ledger)) {
    v1::LedgerRecord& record = tables_.ledger[message_id].emplace_back();
    HANDOFF_CHECK(record.ParseFromString(chain_.Append(std::move(entries), commit)));
  }
  WriteDeliveries(staged);
}

void MemoryStore::WriteDeliveries(const StagedDeliveries& staged) {
  for (const DeliveryChange& change : staged.deliveries) {
    if (change.after) {
      tables_.deliveries.insert_or_assign(change.id, change.delivery);
    } else {
      tables_.deliveries.erase(change.id);
    }
  }
  for (const StreamChange& change : staged.streams) {
    auto& items = tables_.streams[change.stream];
    if (change.item) items.emplace(change.item->sequence(), *change.item);
    if (change.remove != 0) items.erase(change.remove);
    if (change.acknowledged) tables_.acknowledged[change.stream] = *change.acknowledged;
  }
}

std::vector<Claim> MemoryStore::ClaimDue(Timestamp now,
                                         std::chrono::milliseconds lease,
                                         std::size_t limit,
                                         const Wanted& wanted) {
  return book_.ClaimDue(
      now, lease, limit, wanted, [this](const std::string& id, const DeliveryPlace&) {
        absl::MutexLock lock(&tables_.mutex);
        const auto it = tables_.deliveries.find(id);
        return it == tables_.deliveries.end() ? std::nullopt : std::optional(it->second);
      });
}

absl::StatusOr<std::vector<v1::Delivery>> MemoryStore::ListDeliveries(v1::DeliveryState state,
                                                                      const std::string& recipient,
                                                                      const std::string& after_id,
                                                                      std::size_t limit) {
  std::vector<v1::Delivery> deliveries;
  absl::MutexLock lock(&tables_.mutex);
  for (auto it = tables_.deliveries.upper_bound(after_id); it != tables_.deliveries.end(); ++it) {
    if (deliveries.size() == limit) break;
    if (it->second.state() != state) continue;
    if (!recipient.empty() && it->second.recipient() != recipient) continue;
    deliveries.push_back(it->second);
  }
  return deliveries;
}

absl::StatusOr<std::optional<v1::Delivery>> MemoryStore::ReadDelivery(const std::string& id) {
  absl::MutexLock lock(&tables_.mutex);
  const auto it = tables_.deliveries.find(id);
  if (it == tables_.deliveries.end()) return std::nullopt;
  return it->second;
}

absl::StatusOr<std::vector<v1::Delivery>> MemoryStore::ReadStream(const std::string& stream,
                                                                  std::uint64_t after,
                                                                  std::size_t limit) {
  std::vector<v1::Delivery> items;
  absl::MutexLock lock(&tables_.mutex);
  const auto own = tables_.streams.find(stream);
  if (own == tables_.streams.end()) return items;
  auto it = own->second.upper_bound(after);
  for (; it != own->second.end() && items.size() < limit; ++it) items.push_back(it->second);
  return items;
}

absl::StatusOr<std::uint64_t> MemoryStore::StreamEnd(const std::string& stream) {
  absl::MutexLock lock(&tables_.mutex);
  const auto own = tables_.streams.find(stream);
  return own == tables_.streams.end() || own->second.empty() ? 0 : own->second.rbegin()->first;
}

absl::StatusOr<std::uint64_t> MemoryStore::StreamPosition(const std::string& stream) {
  absl::MutexLock lock(&tables_.mutex);
  const auto it = tables_.acknowledged.find(stream);
  return it == tables_.acknowledged.end() ? 0 : it->second;
}

absl::Status MemoryStore::VerifyLedger() {
  LedgerVerifier verifier;
  absl::MutexLock lock(&tables_.mutex);
  for (const auto& [message_id, records] : tables_.ledger) {
    for (const v1::LedgerRecord& record : records) HANDOFF_RETURN_IF_ERROR(verifier.Add(record));
  }
  return verifier.Finish(chain_.head());
}

Statistics MemoryStore::GetStatistics() {
  return Statistics{.commits = commits_,
                    .disk_syncs = syncs_,
                    .conflicts = conflicts_,
                    .deliveries_pending = book_.pending(),
                    .deliveries_dead = book_.dead(),
                    .deliveries_held = book_.held(),
                    .backlogs = book_.Backlogs()};
}

}  // namespace

std::unique_ptr<Store> OpenMemoryStore(StoreOptions options) {
  HANDOFF_CHECK(CheckOptions(options).ok());
  return std::make_unique<MemoryStore>(options);
}

}  // namespace handoff::store
