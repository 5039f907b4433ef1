// What was written last under the keys of lately, to be read without a search of the memtable: who
// delivers reads what was committed a moment ago, a dozen records at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace handoff::store {

// A table of fixed size (4 MiB) in which each key has one place, from which a later key may drive
// it out. What is in it is the newest of its key, for every write of a key goes through its place;
// so it shows a view of the store what the view shows if the view includes its commit.
//
// Thread safety: all methods may be called concurrently, but Put() by one thread at a time.
class RecentWrites {
 public:
  RecentWrites();

  // To be called before the write that brings `commit`: who can see that write finds it here or
  // does not find the one before it. Every write of a key once put is to be put.
  void Put(std::string_view key, std::string_view record, std::uint64_t commit);

  // What a view that includes all up to `commit` shows under the key; nullopt: unknown here.
  std::optional<std::string> Find(std::string_view key, std::uint64_t commit) const;

 private:
  // Four cache lines, and nothing elsewhere: what is written here is mostly not in the cache.
  struct alignas(64) Place {
    std::uint64_t hash = 0;
    std::uint64_t commit = 0;
    std::uint16_t key_size = 0;  // 0: none
    std::uint16_t size = 0;      // of key and record
    // A larger record is read from the store.
    std::array<char, 236> text;
  };
  static_assert(sizeof(Place) == 256);
  static constexpr std::size_t kShards = 64;
  static constexpr std::size_t kPlaces = 256;  // of a shard

  struct alignas(64) Shard {
    mutable absl::Mutex mutex;
    std::array<Place, kPlaces> places ABSL_GUARDED_BY(mutex);
  };

  Shard& ShardOf(std::uint64_t hash) const { return shards_[hash % kShards]; }

  const std::unique_ptr<Shard[]> shards_;
};

}  // namespace handoff::store
