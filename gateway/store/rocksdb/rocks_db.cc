#include "gateway/store/rocksdb/rocks_db.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>
#include <system_error>

#include <rocksdb/cache.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/rate_limiter.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>

#include "gateway/base/error.h"
#include "gateway/base/log.h"
#include "gateway/base/status_macros.h"
#include "gateway/store/keys.h"

namespace handoff::store {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

// The cache is so many as a power of two, each with its share of the bytes: a filter of a table
// that an earlier build wrote, some megabytes, must find room in one.
constexpr int kBlockCacheShardBits = 2;

// Whose neighbours in the memtable a key is inserted between.
class KeyFamily final : public rocksdb::SliceTransform {
 public:
  const char* Name() const override { return "handoff.KeyFamily"; }
  rocksdb::Slice Transform(const rocksdb::Slice& key) const override {
    return ToSlice(key::Family(ToView(key)));
  }
  bool InDomain(const rocksdb::Slice&) const override { return true; }
};

rocksdb::BlockBasedTableOptions TableOptions() {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(256 * kMiB, kBlockCacheShardBits);
  // Counted in the cache, so that memory stays bounded however many files there are.
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  // In parts, of which one is read for a key: whole, those of a large store do not fit into the
  // cache together, and are read from their files anew for every key that is looked for.
  table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
  table.partition_filters = true;
  table.metadata_block_size = 16 * 1024;
  table.metadata_cache_options.top_level_index_pinning = rocksdb::PinningTier::kAll;
  // Most planning reads ask for what is not there yet: a new resource, a new link.
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.block_size = 16 * 1024;
  table.checksum = rocksdb::kXXH3;
  table.format_version = 5;
  return table;
}

// Measured with store_bench: inserting into the memtable is the cost, not the disk sync.
rocksdb::Options DatabaseOptions(std::shared_ptr<rocksdb::RateLimiter> limiter) {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.paranoid_checks = true;
  // A torn end of the log was never acknowledged; damage before it is, and must not pass silently
  // (the default mode would drop what follows).
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;

  // There is one writer: no locking and no second queue for others.
  options.allow_concurrent_memtable_write = false;
  options.enable_write_thread_adaptive_yield = false;

  // Smaller memtables make more files, which are all searched until they are merged.
  options.write_buffer_size = 128 * kMiB;
  options.max_write_buffer_number = 3;
  // Most keys follow the one of their family that was written last: found from there, not from the
  // top of the list.
  options.memtable_insert_with_hint_prefix_extractor = std::make_shared<KeyFamily>();
  // Answers "not there" for a new key without a walk through the skip list.
  options.memtable_prefix_bloom_size_ratio = 0.02;
  options.memtable_whole_key_filtering = true;
  options.max_total_wal_size = 512 * kMiB;

  // Two: a flush must not wait behind a compaction, or commits stall.
  options.max_background_jobs = 2;
  options.max_open_files = 1024;
  options.level_compaction_dynamic_level_bytes = true;
  // The bulk of it is compressed before it comes (block.h).
  options.compression = rocksdb::kNoCompression;
  // What sinks to the bottom is read seldom. Not zstd: it took half of what merging takes.
  options.bottommost_compression = rocksdb::kLZ4Compression;
  // Blocks go to files of their own: compaction moves where they are, not what they say.
  options.enable_blob_files = true;
  options.min_blob_size = 1024;
  options.enable_blob_garbage_collection = true;
  options.bytes_per_sync = kMiB;  // a flush does not hit the disk in one burst
  // Nor does it take a core for a tenth of a second, in which deliveries would wait: it goes in
  // steps, as fast as Write() finds right.
  options.rate_limiter = std::move(limiter);

  options.keep_log_file_num = 4;
  options.max_log_file_size = 4 * kMiB;
  options.info_log_level = rocksdb::WARN_LEVEL;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(TableOptions()));
  return options;
}

bool SaysLocked(const rocksdb::Status& status) {
  const std::string text = status.ToString();
  return text.find("lock hold by current process") != std::string::npos ||
         text.find("/LOCK: Resource temporarily unavailable") != std::string::npos;
}

// RocksDB looks for its other files when it opens, for these only when they are read.
absl::Status CheckBlobFiles(rocksdb::DB& db) {
  rocksdb::ColumnFamilyMetaData all;
  db.GetColumnFamilyMetaData(&all);
  for (const rocksdb::BlobMetaData& file : all.blob_files) {
    std::uint64_t size = 0;
    const rocksdb::Status found =
        db.GetEnv()->GetFileSize(file.blob_file_path + file.blob_file_name, &size);
    if (!found.ok() || size < file.blob_file_size) {
      return absl::DataLossError("a file of the store is missing or cut short: " +
                                 file.blob_file_name.substr(1));  // behind its slash
    }
  }
  return absl::OkStatus();
}

// Of files that somebody else keeps there, some would be taken for the store's and deleted.
absl::Status CheckFolder(const std::string& directory) {
  constexpr std::array<std::string_view, 8> kOwn = {
      "CURRENT", "IDENTITY", "LOCK", "LOG", "MANIFEST-", "OPTIONS-", "archive", "lost+found"};
  constexpr std::array<std::string_view, 4> kOwnEndings = {".log", ".sst", ".blob", ".dbtmp"};
  std::error_code error;  // what cannot be listed cannot be opened either, and says so better
  for (std::filesystem::directory_iterator file(directory, error), end; !error && file != end;
       file.increment(error)) {
    const std::string name = file->path().filename().string();
    const auto begins = [&](std::string_view own) { return name.starts_with(own); };
    const auto ends = [&](std::string_view own) { return name.ends_with(own); };
    if (name.front() == '.' || std::any_of(kOwn.begin(), kOwn.end(), begins) ||
        std::any_of(kOwnEndings.begin(), kOwnEndings.end(), ends))
      continue;
    return absl::FailedPreconditionError("the store's folder holds what is not of a store: " +
                                         name);
  }
  return absl::OkStatus();
}

// The least text that is greater than all that begin with `prefix`, which has a byte below 0xff.
std::string EndOf(std::string prefix) {
  while (prefix.back() == '\xff') prefix.pop_back();
  prefix.back() = static_cast<char>(prefix.back() + 1);
  return prefix;
}

rocksdb::ReadOptions ScanOptions(const rocksdb::Snapshot* snapshot,
                                 const rocksdb::Slice* begin,
                                 const rocksdb::Slice* end) {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot;
  options.iterate_lower_bound = begin;
  options.iterate_upper_bound = end;
  return options;
}

}  // namespace

absl::Status FromRocks(const rocksdb::Status& status) {
  if (status.ok()) return absl::OkStatus();
  if (status.IsCorruption()) {
    log::Error("store.damaged", {{"detail", log::Safe(status.ToString())}});
    return absl::DataLossError("a record of the store is damaged");
  }
  return MakeError(ErrorId::kUnavailable, "the disk of the store fails", status.ToString());
}

absl::StatusOr<std::unique_ptr<RocksDb>> RocksDb::Open(const std::string& directory) {
  HANDOFF_RETURN_IF_ERROR(CheckFolder(directory));
  rocksdb::DB* db = nullptr;
  const std::shared_ptr<rocksdb::RateLimiter> limiter(
      rocksdb::NewGenericRateLimiter(WritePace::kMaxBytesPerSecond, /*refill_period_us=*/5'000));
  const rocksdb::Status status = rocksdb::DB::Open(DatabaseOptions(limiter), directory, &db);
  if (SaysLocked(status)) {
    return absl::FailedPreconditionError("another process holds the store's directory");
  }
  // No key or value stands in it: paths and what the system says of them.
  if (status.IsIOError()) {
    return MakeError(ErrorId::kUnavailable, "the store cannot be opened: " + status.ToString());
  }
  HANDOFF_RETURN_IF_ERROR(FromRocks(status));
  std::unique_ptr<rocksdb::DB> open(db);
  HANDOFF_RETURN_IF_ERROR(CheckBlobFiles(*open));
  return std::unique_ptr<RocksDb>(new RocksDb(std::move(open), limiter));
}

absl::StatusOr<std::optional<std::string>> RocksDb::Get(std::string_view key,
                                                        const rocksdb::Snapshot* snapshot) const {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot;
  std::string value;
  const rocksdb::Status status = db_->Get(options, ToSlice(key), &value);
  if (status.IsNotFound()) return std::nullopt;
  HANDOFF_RETURN_IF_ERROR(FromRocks(status));
  return value;
}

absl::Status RocksDb::Write(rocksdb::WriteBatch& batch, Durability durability) {
  rocksdb::WriteOptions options;
  options.sync = durability == Durability::kOnDisk;
  HANDOFF_RETURN_IF_ERROR(FromRocks(db_->Write(options, &batch)));
  if (pace_.Committed(batch.GetDataSize(), WritePace::Clock::now())) {
    std::uint64_t unmerged = 0;
    db_->GetIntProperty(rocksdb::DB::Properties::kEstimatePendingCompactionBytes, &unmerged);
    limiter_->SetBytesPerSecond(pace_.BytesPerSecond(unmerged));
  }
  return absl::OkStatus();
}

Scan::Scan(const RocksDb& db, const rocksdb::Snapshot* snapshot, std::string prefix)
    : prefix_(std::move(prefix)),
      end_(EndOf(prefix_)),
      begin_bound_(ToSlice(prefix_)),
      end_bound_(ToSlice(end_)),
      iterator_(db.raw().NewIterator(ScanOptions(snapshot, &begin_bound_, &end_bound_))) {}

void Scan::Seek(std::string_view rest) {
  std::string target = prefix_;
  target.append(rest);
  iterator_->Seek(target);
}

void Scan::SeekBack(std::string_view rest) {
  std::string target = prefix_;
  target.append(rest);
  iterator_->SeekForPrev(target);
}

}  // namespace handoff::store
