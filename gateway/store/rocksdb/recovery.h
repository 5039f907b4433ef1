// What is rebuilt in memory when a store opens.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "gateway/store/delivery_book.h"
#include "gateway/store/delivery_stage.h"
#include "gateway/store/ledger_chain.h"
#include "gateway/store/rocksdb/rocks_db.h"

namespace handoff::store {

// The record of key::Meta, written with every group of commits.
struct Meta {
  std::uint64_t commit = 0;  // the last one
  std::string ledger_head = LedgerChain().head();
};

std::string EncodeMeta(const Meta& meta);
// kFailedPrecondition for another disk format, kDataLoss for damage.
absl::StatusOr<Meta> DecodeMeta(std::string_view record);

// Reads the record, or writes the first one into an empty database. kFailedPrecondition if the
// database has records of someone else, or another disk format.
absl::StatusOr<Meta> RecoverMeta(RocksDb& db);

absl::Status RecoverDeliveries(const RocksDb& db, DeliveryBook& book);
absl::StatusOr<Streams> RecoverStreams(const RocksDb& db);

}  // namespace handoff::store
