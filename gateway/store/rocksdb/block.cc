#include "gateway/store/rocksdb/block.h"

#include <algorithm>
#include <optional>

#include "gateway/base/bytes.h"
#include "gateway/base/status_macros.h"
#include "gateway/store/keys.h"

namespace handoff::store {
namespace {

// A block takes no further record from here on, and a record as large is a block of its own: who
// reads one record decompresses its whole block.
constexpr std::size_t kFullBlock = std::size_t{128} << 10;
// What a damaged block may make us allocate: the largest protobuf message and what may stand
// before it.
constexpr std::size_t kMaxBlock = (std::size_t{1} << 31) + kFullBlock;
// Blocks that a reader keeps: what is read together was mostly written together.
constexpr std::size_t kMaxRecent = 4;

absl::Status Damaged() { return absl::DataLossError("a record of the store is damaged"); }

}  // namespace

std::string EncodeSlice(std::uint64_t commit, const Slice& slice) {
  std::string record(1, '\0');
  for (const std::uint64_t part : {commit, slice.block, slice.offset, slice.size}) {
    key::AppendNumber(record, part);
  }
  return record;
}

Slice BlockBuilder::Add(const google::protobuf::MessageLite& record) {
  const bool large = record.ByteSizeLong() >= kFullBlock;
  if (!open_.empty() && (large || open_.size() >= kFullBlock)) Close();
  const std::size_t offset = open_.size();
  record.AppendToString(&open_);
  return {closed_.size(), offset, open_.size() - offset};
}

std::vector<std::string> BlockBuilder::Finish() {
  if (!open_.empty()) Close();
  return std::move(closed_);
}

void BlockBuilder::Close() {
  closed_.push_back(Compress(open_));
  open_.clear();
}

absl::StatusOr<std::string_view> BlockReader::Resolve(std::string_view stored) {
  if (!stored.starts_with('\0')) return stored;
  stored.remove_prefix(1);
  Key key;
  Slice slice;
  for (std::uint64_t* part : {&key.first, &key.second, &slice.offset, &slice.size}) {
    const auto number = key::TakeNumber(stored);
    if (!number) return Damaged();
    *part = *number;
  }
  HANDOFF_ASSIGN_OR_RETURN(const std::string_view block, Load(key));
  if (slice.offset > block.size() || slice.size > block.size() - slice.offset) return Damaged();
  return block.substr(slice.offset, slice.size);
}

absl::StatusOr<std::string_view> BlockReader::Load(const Key& key) {
  const auto known =
      std::find_if(recent_.begin(), recent_.end(), [&](const auto& b) { return b.first == key; });
  if (known != recent_.end()) return known->second;
  HANDOFF_ASSIGN_OR_RETURN(const std::optional<std::string> packed,
                           db_.Get(key::Block(key.first, key.second), snapshot_));
  if (!packed) return Damaged();
  absl::StatusOr<std::string> block = Decompress(*packed, kMaxBlock);
  if (!block.ok()) return Damaged();
  if (recent_.size() >= kMaxRecent) recent_.pop_front();
  return recent_.emplace_back(key, *std::move(block)).second;
}

}  // namespace handoff::store
