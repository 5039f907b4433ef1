// The large records of one commit, compressed together.
//
// A message and the resources that came with it say nearly everything twice: compressed as one they
// take little more room than either, and what a commit copies, logs, flushes and compacts is a few
// kilobytes. Where such a record would stand, a *slice* stands: where in which block it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

#include "gateway/store/rocksdb/rocks_db.h"

namespace handoff::store {

// Where a record is among the blocks of its commit.
struct Slice {
  std::uint64_t block = 0;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

// What stands in the place of a record of that commit. It begins with a zero byte, with which no
// encoded protobuf message begins.
std::string EncodeSlice(std::uint64_t commit, const Slice& slice);

// Compressed, as it is written, and as it was: who delivers what was just accepted reads it at
// once.
struct Block {
  std::string packed;
  std::shared_ptr<const std::string> plain;
};

// Thread safety: one thread at a time.
class BlockBuilder {
 public:
  // A smaller record costs less where it is looked up.
  static constexpr std::size_t kMinRecord = 256;

  // Memory for so many bytes of records, of one block at most.
  void Reserve(std::size_t bytes);
  // A record of some parts.
  Slice Add(std::initializer_list<std::string_view> parts);
  // The blocks, compressed, by their number.
  std::vector<Block> Finish();

 private:
  void Close();

  std::string open_;
  std::vector<Block> closed_;
};

// Blocks that were written or read lately, decompressed; bounded by bytes.
//
// Thread safety: all methods may be called concurrently.
class BlockCache {
 public:
  using Key = std::pair<std::uint64_t, std::uint64_t>;  // commit, number of the block

  BlockCache();

  std::shared_ptr<const std::string> Find(const Key& key) const;
  void Put(const Key& key, std::shared_ptr<const std::string> block);

 private:
  const std::shared_ptr<rocksdb::Cache> cache_;
};

// Thread safety: one thread at a time.
class BlockReader {
 public:
  // `snapshot` null: as of now. All must outlive it.
  BlockReader(const RocksDb& db, BlockCache& cache, const rocksdb::Snapshot* snapshot)
      : db_(db), cache_(cache), snapshot_(snapshot) {}

  // The record that `stored` is or leads to; holds until the next call and as long as `stored`.
  // Errors: kDataLoss, kUnavailable.
  absl::StatusOr<std::string_view> Resolve(std::string_view stored);

 private:
  using Key = BlockCache::Key;

  absl::StatusOr<std::string_view> Load(const Key& key);
  absl::StatusOr<std::shared_ptr<const std::string>> Read(const Key& key) const;

  const RocksDb& db_;
  BlockCache& cache_;
  const rocksdb::Snapshot* const snapshot_;
  std::deque<std::pair<Key, std::shared_ptr<const std::string>>> recent_;  // newest last; bounded
};

}  // namespace handoff::store
