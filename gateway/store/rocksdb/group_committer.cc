#include "gateway/store/rocksdb/group_committer.h"

#include <utility>

#include "gateway/base/log.h"
#include "gateway/base/status_macros.h"
#include "gateway/store/keys.h"

namespace handoff::store {
namespace {

// A group of bundles of ordinary size stays below it; large ones share a write with few others, so
// that memory is bounded and nobody waits long for them.
constexpr std::size_t kMaxWriteBytes = std::size_t{8} << 20;

// By those who deliver what the commit brings.
bool IsReadSoon(std::string_view key) {
  switch (static_cast<key::Table>(key.front())) {
    case key::Table::kMessage:
    case key::Table::kPerson:
    case key::Table::kReferral:
    case key::Table::kResource:
    case key::Table::kTransition:
      return true;
    default:
      return false;
  }
}

}  // namespace

struct GroupCommitter::Write {
  DeliveryStage stage;
  std::vector<StagedDeliveries> staged = {};             // one per commit that was added
  std::vector<absl::StatusOr<Committed>> outcomes = {};  // one per item
  Durability durability = Durability::kWritten;          // the most that one of them asks for
};

GroupCommitter::GroupCommitter(RocksDb& db,
                               BlockCache& cache,
                               RecentWrites& recent,
                               DeliveryBook& book,
                               Listener& listener,
                               const StoreOptions& options,
                               Meta meta,
                               Streams streams)
    : db_(db),
      cache_(cache),
      recent_(recent),
      book_(book),
      listener_(listener),
      options_(options),
      last_(meta.commit),
      chain_(std::move(meta.ledger_head)),
      streams_(std::move(streams)),
      published_(meta.commit) {}

absl::Status GroupCommitter::health() const {
  absl::MutexLock lock(&health_mutex_);
  return health_;
}

void GroupCommitter::Commit(std::span<Item> group) {
  while (!group.empty()) group = group.subspan(CommitSome(group));
}

std::size_t GroupCommitter::CommitSome(std::span<Item> items) {
  batch_.Clear();
  Write write{.stage = DeliveryStage(book_, streams_, options_)};
  if (const absl::Status failed = health(); !failed.ok()) {
    write.outcomes.assign(items.size(), failed);
  }
  for (Item& item : items.subspan(write.outcomes.size())) {
    // What an unread resource replaces is read from the disk, so what is before it has to be there.
    const bool own_write = !item.work.unread.empty() || batch_.GetDataSize() > kMaxWriteBytes;
    if (own_write && !write.staged.empty()) break;
    write.outcomes.push_back(Add(item.work, write));
  }
  Store::Notice notice;
  if (!write.staged.empty()) {
    if (const absl::Status status = Put(write); !status.ok()) {
      for (auto& outcome : write.outcomes) {
        if (outcome.ok()) outcome = status;
      }
    } else {
      Cache(items, write);
      for (const StagedDeliveries& staged : write.staged) staged.AddTo(notice);
    }
  }
  const std::size_t n = write.outcomes.size();
  for (std::size_t i = 0; i < n; ++i) items[i].done(std::move(write.outcomes[i]));
  listener_.Tell(notice);
  return n;
}

absl::StatusOr<Committed> GroupCommitter::Add(EncodedBatch& batch, Write& write) {
  if (!conflict_table_.Holds(batch.reads)) {
    ++conflicts_;
    return absl::AbortedError("what was read has changed");
  }
  HANDOFF_RETURN_IF_ERROR(AddUnread(batch));
  HANDOFF_ASSIGN_OR_RETURN(StagedDeliveries staged, write.stage.Add(batch.deliveries, last_ + 1));
  const std::uint64_t commit = ++last_;
  conflict_table_.Wrote(batch.writes, commit);
  Put(batch, commit);
  Put(staged);
  write.staged.push_back(std::move(staged));
  if (batch.durability == Durability::kOnDisk) write.durability = Durability::kOnDisk;
  return Committed{commit};
}

absl::Status GroupCommitter::AddUnread(EncodedBatch& batch) {
  BlockReader blocks(db_, cache_, nullptr);
  for (const EncodedBatch::Unread& resource : batch.unread) {
    HANDOFF_ASSIGN_OR_RETURN(std::optional<std::string> stored, db_.Get(resource.key));
    std::optional<std::uint64_t> person;
    if (stored) {
      HANDOFF_ASSIGN_OR_RETURN(const std::string_view record, blocks.Resolve(*stored));
      HANDOFF_ASSIGN_OR_RETURN(const SharedResource before, ResourceVersion::Read(record));
      person = before->person_id();
      batch.records.emplace_back(key::Version(resource.type, resource.id, before->version()),
                                 *std::move(stored));
    }
    if (person != resource.person) batch.listings.Add(resource.person, resource.type, resource.id);
  }
  return absl::OkStatus();
}

void GroupCommitter::Put(const EncodedBatch& batch, std::uint64_t commit) {
  for (const auto& [key, record] : batch.records) {
    if (IsReadSoon(key)) recent_.Put(key, record, commit);
    batch_.Put(key, record);
  }
  for (std::size_t i = 0; i < batch.blocks.size(); ++i) {
    batch_.Put(key::Block(commit, i), batch.blocks[i].packed);
  }
  for (const auto& [key, slice] : batch.slices) {
    const std::string record = EncodeSlice(commit, slice);
    recent_.Put(key, record, commit);
    batch_.Put(key, record);
  }
  for (const auto& [person, listing] : batch.listings.all()) {
    batch_.Put(key::Listing(person, commit), listing);
  }
  for (const auto& [message_id, entries] : batch.ledger) {
    batch_.Put(key::Ledger(message_id, commit), chain_.Append(entries, commit));
  }
}

void GroupCommitter::Put(const StagedDeliveries& staged) {
  const auto key_of = [](const std::string& id, const std::optional<DeliveryPlace>& place) {
    return place ? key::Delivery(id, *place) : std::string();
  };
  for (const DeliveryChange& change : staged.deliveries) {
    const std::string before = key_of(change.id, change.before);
    const std::string after = key_of(change.id, change.after);
    if (!before.empty() && before != after) batch_.Delete(before);
    if (after.empty()) continue;
    change.delivery.SerializeToString(&record_);
    batch_.Put(after, record_);
  }
  for (const StreamChange& change : staged.streams) {
    if (change.item) {
      change.item->SerializeToString(&record_);
      batch_.Put(key::StreamItem(change.stream, change.item->sequence()), record_);
    }
    if (change.remove != 0) batch_.Delete(key::StreamItem(change.stream, change.remove));
    if (change.acknowledged) {
      record_.clear();
      key::AppendNumber(record_, *change.acknowledged);
      batch_.Put(key::StreamAck(change.stream), record_);
    }
  }
}

// What is written is read next: by those who deliver it.
void GroupCommitter::Cache(std::span<const Item> items, const Write& write) {
  for (std::size_t i = 0; i < write.outcomes.size(); ++i) {
    if (!write.outcomes[i].ok()) continue;
    const std::vector<Block>& blocks = items[i].work.blocks;
    for (std::size_t n = 0; n < blocks.size(); ++n)
      cache_.Put({write.outcomes[i]->sequence, n}, blocks[n].plain);
  }
}

absl::Status GroupCommitter::Put(const Write& write) {
  batch_.Put(key::Meta(), EncodeMeta({last_, chain_.head()}));
  if (absl::Status status = db_.Write(batch_, write.durability); !status.ok()) {
    log::Error("store.write_refused", {{"error", status}});
    absl::MutexLock lock(&health_mutex_);
    return health_ = status;
  }
  if (write.durability == Durability::kOnDisk) ++disk_syncs_;
  commits_ += write.staged.size();
  published_.store(last_, std::memory_order_release);
  for (const StagedDeliveries& staged : write.staged) staged.ApplyTo(book_);
  return absl::OkStatus();
}

}  // namespace handoff::store
