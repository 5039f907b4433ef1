// What a commit's precondition is made of: the keys that its snapshot read, and those that it
// writes.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "gateway/store/keys.h"
#include "gateway/store/store.h"

namespace handoff::store {

// What a plan rests on: the last commit it could see, and hashes of the keys it read, absent ones
// included. The plan holds unless a later commit wrote one of them.
struct ReadSet {
  std::uint64_t sequence = 0;
  std::vector<std::uint64_t> keys;
};

class TrackedSnapshot : public Snapshot {
 public:
  explicit TrackedSnapshot(std::uint64_t sequence) { reads_.sequence = sequence; }

  const ReadSet& reads() const { return reads_; }

 protected:
  void Remember(std::string_view key) { reads_.keys.push_back(key::Hash(key)); }
  std::uint64_t sequence() const { return reads_.sequence; }

 private:
  ReadSet reads_;
};

// Of Batch::planned_on; empty if it is null. kInvalidArgument if it is not a snapshot of a store.
absl::StatusOr<ReadSet> ReadsOf(const Batch& batch);

// Hashes of the keys of current state that the batch writes.
std::vector<std::uint64_t> WritesOf(const Batch& batch);

}  // namespace handoff::store
