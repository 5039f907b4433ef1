// The large records of one commit, compressed together.
//
// A message and the resources that came with it say nearly everything twice: compressed as one they
// take little more room than either, and what a commit copies, logs, flushes and compacts is a few
// kilobytes. Where such a record would stand, a *slice* stands: where in which block it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
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

// Thread safety: one thread at a time.
class BlockBuilder {
 public:
  // A smaller record costs less where it is looked up.
  static constexpr std::size_t kMinRecord = 256;

  Slice Add(const google::protobuf::MessageLite& record);
  // The blocks, compressed, by their number.
  std::vector<std::string> Finish();

 private:
  void Close();

  std::string open_;
  std::vector<std::string> closed_;
};

// Thread safety: one thread at a time.
class BlockReader {
 public:
  // `snapshot` null: as of now. Both must outlive it.
  BlockReader(const RocksDb& db, const rocksdb::Snapshot* snapshot)
      : db_(db), snapshot_(snapshot) {}

  // The record that `stored` is or leads to; holds until the next call and as long as `stored`.
  // Errors: kDataLoss, kUnavailable.
  absl::StatusOr<std::string_view> Resolve(std::string_view stored);

 private:
  using Key = std::pair<std::uint64_t, std::uint64_t>;  // commit, number of the block

  absl::StatusOr<std::string_view> Load(const Key& key);

  const RocksDb& db_;
  const rocksdb::Snapshot* const snapshot_;
  std::deque<std::pair<Key, std::string>> recent_;  // newest last; bounded
};

}  // namespace handoff::store
