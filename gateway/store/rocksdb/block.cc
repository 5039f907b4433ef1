#include "gateway/store/rocksdb/block.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <rocksdb/cache.h>

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

// What was accepted in the last tenth of a second at full load.
constexpr std::size_t kMaxCached = std::size_t{32} << 20;
// The cache is so many, each with its lock and its share of the bytes, as a power of two.
constexpr int kCacheShardBits = 2;

rocksdb::Slice ToSlice(const BlockCache::Key& key) {
  return {reinterpret_cast<const char*>(&key), sizeof key};
}

absl::Status Damaged() { return absl::DataLossError("a record of the store is damaged"); }

}  // namespace

std::string EncodeSlice(std::uint64_t commit, const Slice& slice) {
  std::string record(1, '\0');
  for (const std::uint64_t part : {commit, slice.block, slice.offset, slice.size}) {
    key::AppendNumber(record, part);
  }
  return record;
}

void BlockBuilder::Reserve(std::size_t bytes) { open_.reserve(std::min(bytes, 2 * kFullBlock)); }

Slice BlockBuilder::Add(std::initializer_list<std::string_view> parts) {
  std::size_t size = 0;
  for (const std::string_view part : parts) size += part.size();
  const bool large = size >= kFullBlock;
  if (!open_.empty() && (large || open_.size() >= kFullBlock)) Close();
  const std::size_t offset = open_.size();
  for (const std::string_view part : parts) open_.append(part);
  return {closed_.size(), offset, size};
}

std::vector<Block> BlockBuilder::Finish() {
  if (!open_.empty()) Close();
  return std::move(closed_);
}

void BlockBuilder::Close() {
  std::string packed = Compress(open_);
  const bool large = open_.size() > 2 * kFullBlock;
  closed_.push_back(
      {std::move(packed), large ? nullptr : std::make_shared<const std::string>(std::move(open_))});
  open_ = std::string();
}

BlockCache::BlockCache() : cache_(rocksdb::NewLRUCache(kMaxCached, kCacheShardBits)) {}

std::shared_ptr<const std::string> BlockCache::Find(const Key& key) const {
  rocksdb::Cache::Handle* const found = cache_->Lookup(ToSlice(key));
  if (found == nullptr) return nullptr;
  auto block = *static_cast<std::shared_ptr<const std::string>*>(cache_->Value(found));
  cache_->Release(found);
  return block;
}

void BlockCache::Put(const Key& key, std::shared_ptr<const std::string> block) {
  if (block == nullptr) return;
  const std::size_t bytes = block->size();
  const auto forget = [](const rocksdb::Slice&, void* value) {
    delete static_cast<std::shared_ptr<const std::string>*>(value);
  };
  // Without a handle it cannot fail: what finds no room is forgotten.
  const rocksdb::Status ignored = cache_->Insert(
      ToSlice(key), new std::shared_ptr<const std::string>(std::move(block)), bytes, forget);
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
  if (known != recent_.end()) return *known->second;
  std::shared_ptr<const std::string> block = cache_.Find(key);
  if (block == nullptr) {
    HANDOFF_ASSIGN_OR_RETURN(block, Read(key));
    cache_.Put(key, block);
  }
  if (recent_.size() >= kMaxRecent) recent_.pop_front();
  return *recent_.emplace_back(key, std::move(block)).second;
}

absl::StatusOr<std::shared_ptr<const std::string>> BlockReader::Read(const Key& key) const {
  HANDOFF_ASSIGN_OR_RETURN(const std::optional<std::string> packed,
                           db_.Get(key::Block(key.first, key.second), snapshot_));
  if (!packed) return Damaged();
  absl::StatusOr<std::string> block = Decompress(*packed, kMaxBlock);
  if (!block.ok()) return Damaged();
  return std::make_shared<const std::string>(*std::move(block));
}

}  // namespace handoff::store
