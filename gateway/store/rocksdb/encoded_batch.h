// A batch as the thread that commits it prepares it, so that the one committer has little to do.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

#include "gateway/store/ledger_chain.h"
#include "gateway/store/rocksdb/block.h"
#include "gateway/store/store.h"
#include "gateway/store/tracked_snapshot.h"

namespace handoff::store {

// The resources that a commit lists under a person (key::Listing).
class Listings {
 public:
  void Add(std::uint64_t person, std::string_view type, std::string_view id);
  // Person, and packed pairs of type and id.
  const std::vector<std::pair<std::uint64_t, std::string>>& all() const { return all_; }

 private:
  std::vector<std::pair<std::uint64_t, std::string>> all_;
};

struct EncodedBatch {
  // A resource that replaces one which the plan has not read: the committer has to.
  struct Unread {
    std::string key;
    std::uint64_t person = 0;
    std::string type;
    std::string id;
  };

  Durability durability = Durability::kOnDisk;
  ReadSet reads;
  std::vector<std::uint64_t> writes;  // hashes of keys of current state
  std::vector<std::pair<std::string, std::string>> records;
  std::vector<Block> blocks;
  std::vector<std::pair<std::string, Slice>> slices;  // keys of the records that stand in blocks
  Listings listings;
  std::vector<Unread> unread;
  std::vector<EncodedEntries> ledger;
  Batch deliveries;  // what is left of the batch: deliveries and streams
};

// Errors: kInvalidArgument.
absl::StatusOr<EncodedBatch> Encode(Batch batch);

}  // namespace handoff::store
