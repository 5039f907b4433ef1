#include "gateway/store/rocksdb/recent_writes.h"

#include <algorithm>

#include "gateway/store/keys.h"

namespace handoff::store {

RecentWrites::RecentWrites() : shards_(std::make_unique<Shard[]>(kShards)) {}

void RecentWrites::Put(std::string_view key, std::string_view record, std::uint64_t commit) {
  const std::uint64_t hash = key::Hash(key);
  Shard& shard = ShardOf(hash);
  const absl::MutexLock lock(&shard.mutex);
  Place& place = shard.places[hash / kShards % kPlaces];
  place.hash = hash;
  place.commit = commit;
  place.key_size = 0;
  const std::size_t size = key.size() + record.size();
  if (size > place.text.size()) return;
  place.key_size = static_cast<std::uint16_t>(key.size());
  place.size = static_cast<std::uint16_t>(size);
  std::copy(record.begin(), record.end(), std::copy(key.begin(), key.end(), place.text.begin()));
}

std::optional<std::string> RecentWrites::Find(std::string_view key, std::uint64_t commit) const {
  const std::uint64_t hash = key::Hash(key);
  const Shard& shard = ShardOf(hash);
  const absl::MutexLock lock(&shard.mutex);
  const Place& place = shard.places[hash / kShards % kPlaces];
  if (place.hash != hash || place.commit > commit || place.key_size == 0) return std::nullopt;
  const std::string_view text(place.text.data(), place.size);
  if (text.substr(0, place.key_size) != key) return std::nullopt;
  return std::string(text.substr(place.key_size));
}

}  // namespace handoff::store
