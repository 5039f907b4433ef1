// Bounds of a store, the same for every backend.
#pragma once

#include <chrono>
#include <cstddef>

#include "absl/status/status.h"

namespace handoff::store {

struct StoreOptions {
  // Pending deliveries before a commit that adds one answers kResourceExhausted. Each costs some
  // 300 bytes of memory. Range 1..100'000'000.
  std::size_t max_pending_deliveries = 1'000'000;
  // Dead letters from which on a commit that adds a delivery answers kResourceExhausted; what is
  // pending then may still die, and what is dead be replayed or discarded. Each costs some 300
  // bytes of memory. Range 1..100'000'000.
  std::size_t max_dead_letters = 1'000'000;
  // Commits waiting for the committer before the next one answers kResourceExhausted.
  // Range 1..1'000'000.
  std::size_t max_queued_commits = 4096;
  // Items kept per stream. A later one removes the oldest that is acknowledged; a commit that would
  // leave more unacknowledged answers kResourceExhausted. Range 1..1'000'000'000.
  std::size_t max_stream_items = 1'000'000;
  // Where several callers commit at once: how long after the start of one group of commits the next
  // one may wait for more to share its disk sync. Not in the memory store. Range 0..100 ms.
  std::chrono::milliseconds commit_interval{2};
};

// kInvalidArgument if an option is outside its range.
absl::Status CheckOptions(const StoreOptions& options);

}  // namespace handoff::store
