// RocksDB as Handoff uses it: our options, our errors, reads and scans by prefix.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include <rocksdb/db.h>
#include <rocksdb/rate_limiter.h>
#include <rocksdb/write_batch.h>

#include "gateway/store/rocksdb/write_pace.h"
#include "gateway/store/store.h"

namespace handoff::store {

inline rocksdb::Slice ToSlice(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view ToView(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

// kDataLoss for damage, kUnavailable for all else; the path and the cause go to the log only.
absl::Status FromRocks(const rocksdb::Status& status);

// The record of a protobuf message; kDataLoss if it is none.
template <class Message>
absl::StatusOr<Message> Decode(std::string_view record) {
  Message message;
  if (!message.ParseFromArray(record.data(), static_cast<int>(record.size()))) {
    return absl::DataLossError("a record is damaged");
  }
  return message;
}

// Thread safety: all methods may be called concurrently, but Write() by one thread at a time.
class RocksDb {
 public:
  static absl::StatusOr<std::unique_ptr<RocksDb>> Open(const std::string& directory);

  // `snapshot` null: as of now.
  absl::StatusOr<std::optional<std::string>> Get(std::string_view key,
                                                 const rocksdb::Snapshot* snapshot = nullptr) const;
  // In the log when it returns; synced, with all that was written before, if `durability` says so.
  absl::Status Write(rocksdb::WriteBatch& batch, Durability durability);

  rocksdb::DB& raw() const { return *db_; }

 private:
  RocksDb(std::unique_ptr<rocksdb::DB> db, std::shared_ptr<rocksdb::RateLimiter> limiter)
      : db_(std::move(db)), limiter_(std::move(limiter)) {}

  const std::unique_ptr<rocksdb::DB> db_;
  const std::shared_ptr<rocksdb::RateLimiter> limiter_;
  WritePace pace_{WritePace::Clock::now()};
};

// The records whose keys begin with a prefix, in either direction.
//
//   Scan scan(db, snapshot, key::LedgerPrefix(id));
//   for (scan.Seek(""); scan.Valid(); scan.Next()) Use(scan.rest(), scan.value());
//   HANDOFF_RETURN_IF_ERROR(scan.status());
//
// Thread safety: one thread at a time.
class Scan {
 public:
  // Stands nowhere until Seek() or SeekBack().
  Scan(const RocksDb& db, const rocksdb::Snapshot* snapshot, std::string prefix);
  Scan(const Scan&) = delete;
  Scan& operator=(const Scan&) = delete;

  // Stands on the first record at or after prefix + rest; on the last one at or before it.
  void Seek(std::string_view rest);
  void SeekBack(std::string_view rest);

  bool Valid() const { return iterator_->Valid(); }
  void Next() { iterator_->Next(); }
  void Previous() { iterator_->Prev(); }
  // The key without the prefix. Views hold until the scan moves.
  std::string_view rest() const { return ToView(iterator_->key()).substr(prefix_.size()); }
  std::string_view value() const { return ToView(iterator_->value()); }
  // To be asked when the scan is no longer valid.
  absl::Status status() const { return FromRocks(iterator_->status()); }

 private:
  const std::string prefix_;
  const std::string end_;  // the least key behind all that have the prefix
  const rocksdb::Slice begin_bound_;
  const rocksdb::Slice end_bound_;
  std::unique_ptr<rocksdb::Iterator> iterator_;
};

}  // namespace handoff::store
