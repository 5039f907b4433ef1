// Which commit wrote a key last, by the key's hash.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "gateway/store/tracked_snapshot.h"

namespace handoff::store {

// A table of fixed size (32 MiB) in which keys share slots: it may see a conflict where there is
// none (with 1'000 commits of 20 keys between plan and commit, once in some 200 keys read), and
// never misses one. The caller plans again either way.
//
// Thread safety: one thread at a time.
class ConflictTable {
 public:
  ConflictTable() : last_(std::make_unique<std::uint64_t[]>(kSlots)) {}

  bool Holds(const ReadSet& reads) const {
    return std::all_of(reads.keys.begin(), reads.keys.end(), [&](std::uint64_t key) {
      return last_[key % kSlots] <= reads.sequence;
    });
  }

  void Wrote(const std::vector<std::uint64_t>& keys, std::uint64_t commit) {
    for (const std::uint64_t key : keys) last_[key % kSlots] = commit;
  }

 private:
  static constexpr std::size_t kSlots = std::size_t{1} << 22;
  const std::unique_ptr<std::uint64_t[]> last_;
};

}  // namespace handoff::store
