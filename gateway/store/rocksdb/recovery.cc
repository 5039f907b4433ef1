#include "gateway/store/rocksdb/recovery.h"

#include "gateway/base/status_macros.h"
#include "gateway/store/keys.h"

namespace handoff::store {
namespace {

// Of keys and values. A store of another version is refused; a migration is a step of its own.
// In format 2 every delivery has the story of its event with it; in 3 the message may have it; in 4
// deliveries may be held. What reads 4 reads 2 and 3, and the first commit makes it a 4.
constexpr std::uint64_t kDiskFormat = 4;
constexpr std::uint64_t kOldestFormat = 2;

absl::Status Damaged() { return absl::DataLossError("a record of the store is damaged"); }

}  // namespace

std::string EncodeMeta(const Meta& meta) {
  std::string record;
  key::AppendNumber(record, kDiskFormat);
  key::AppendNumber(record, meta.commit);
  key::AppendText(record, meta.ledger_head);
  return record;
}

absl::StatusOr<Meta> DecodeMeta(std::string_view record) {
  const auto format = key::TakeNumber(record);
  if (!format) return Damaged();
  if (*format < kOldestFormat || *format > kDiskFormat) {
    return absl::FailedPreconditionError("the store has disk format " + std::to_string(*format) +
                                         ", this version reads " + std::to_string(kOldestFormat) +
                                         " to " + std::to_string(kDiskFormat));
  }
  const auto commit = key::TakeNumber(record);
  const auto head = key::TakeText(record);
  if (!commit || !head || !record.empty()) return Damaged();
  return Meta{*commit, std::string(*head)};
}

absl::StatusOr<Meta> RecoverMeta(RocksDb& db) {
  HANDOFF_ASSIGN_OR_RETURN(const std::optional<std::string> record, db.Get(key::Meta()));
  if (record) return DecodeMeta(*record);

  const std::unique_ptr<rocksdb::Iterator> any(db.raw().NewIterator(rocksdb::ReadOptions()));
  any->SeekToFirst();
  HANDOFF_RETURN_IF_ERROR(FromRocks(any->status()));
  if (any->Valid()) {
    return absl::FailedPreconditionError("the directory holds a database that is no Handoff store");
  }
  rocksdb::WriteBatch first;
  first.Put(key::Meta(), EncodeMeta(Meta()));
  HANDOFF_RETURN_IF_ERROR(db.Write(first, Durability::kOnDisk));
  return Meta();
}

absl::Status RecoverDeliveries(const RocksDb& db, DeliveryBook& book) {
  for (const auto& [table, state] : {std::pair(key::Table::kPending, v1::DELIVERY_STATE_PENDING),
                                     std::pair(key::Table::kDead, v1::DELIVERY_STATE_DEAD),
                                     std::pair(key::Table::kHeld, v1::DELIVERY_STATE_HELD)}) {
    Scan scan(db, nullptr, key::TablePrefix(table));
    for (scan.Seek(""); scan.Valid(); scan.Next()) {
      HANDOFF_ASSIGN_OR_RETURN(const auto delivery, Decode<v1::Delivery>(scan.value()));
      book.Put(delivery.id(),
               DeliveryPlace{.state = state,
                             .recipient = delivery.recipient(),
                             .person = delivery.person_id(),
                             .sequence = delivery.sequence(),
                             .due_us = delivery.due_us()});
    }
    HANDOFF_RETURN_IF_ERROR(scan.status());
  }
  return absl::OkStatus();
}

absl::StatusOr<Streams> RecoverStreams(const RocksDb& db) {
  Streams streams;
  // One seek to each stream and one to its newest item, however many it has.
  Scan items(db, nullptr, key::TablePrefix(key::Table::kStreamItem));
  std::string next;
  for (items.Seek(next); items.Valid(); items.Seek(next)) {
    std::string_view rest = items.rest();
    const auto stream = key::TakeText(rest);
    if (!stream) return Damaged();
    const std::string name(*stream);
    next.clear();
    key::AppendText(next, name);
    const std::size_t stream_bytes = next.size();
    key::AppendNumber(next, UINT64_MAX);
    items.SeekBack(next);
    if (!items.Valid()) break;
    std::string_view number = items.rest().substr(stream_bytes);
    const auto last = key::TakeNumber(number);
    if (!last) return Damaged();
    streams[name].last = *last;
  }
  HANDOFF_RETURN_IF_ERROR(items.status());

  Scan acks(db, nullptr, key::TablePrefix(key::Table::kStreamAck));
  for (acks.Seek(""); acks.Valid(); acks.Next()) {
    std::string_view record = acks.value();
    const auto position = key::TakeNumber(record);
    if (!position || !record.empty()) return Damaged();
    streams[std::string(acks.rest())].acknowledged = *position;
  }
  HANDOFF_RETURN_IF_ERROR(acks.status());
  return streams;
}

}  // namespace handoff::store
