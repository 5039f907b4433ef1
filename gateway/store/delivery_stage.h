// Works out, for the batches of one group in order, what they change about deliveries and streams,
// before anything is written.
//
// Nothing of it takes effect in the book until the group is on disk. Settling, rescheduling,
// replaying or discarding what is not (or no longer) there is no error and changes nothing, because
// a caller that lost an answer says it again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "gateway/store/delivery_book.h"
#include "gateway/store/options.h"
#include "gateway/store/store.h"

namespace handoff::store {

// One delivery moves from a place to a place.
struct DeliveryChange {
  std::string id;
  std::optional<DeliveryPlace> before;
  std::optional<DeliveryPlace> after;
  v1::Delivery delivery;  // as kept at `after`
};

struct StreamState {
  std::uint64_t last = 0;          // sequence of the newest item
  std::uint64_t acknowledged = 0;  // sequence
};

struct StreamChange {
  std::string stream;
  std::optional<v1::Delivery> item;           // to add, with its sequence
  std::uint64_t remove = 0;                   // sequence of the item that gives way; 0: none
  std::optional<std::uint64_t> acknowledged;  // new position
};

struct StagedDeliveries {
  std::vector<DeliveryChange> deliveries;
  std::vector<StreamChange> streams;

  // Once the batch is on disk.
  void ApplyTo(DeliveryBook& book) const;
  // What the listener is to hear of.
  void AddTo(Store::Notice& notice) const;
};

// The state of all streams: of the committer alone.
using Streams = absl::flat_hash_map<std::string, StreamState>;

// Thread safety: one thread at a time, the only one that changes `book` and `streams`.
class DeliveryStage {
 public:
  DeliveryStage(const DeliveryBook& book, Streams& streams, const StoreOptions& options);

  // Takes the deliveries and stream items out of `batch`.
  // Errors: kResourceExhausted, kInvalidArgument; the batch then has no effect on later ones.
  absl::StatusOr<StagedDeliveries> Add(Batch& batch, std::uint64_t commit);

 private:
  absl::Status Check(const Batch& batch) const;
  absl::Status CheckStreams(const Batch& batch) const;
  std::optional<DeliveryPlace> Find(const std::string& id) const;
  void StageDeliveries(Batch& batch, std::uint64_t commit, StagedDeliveries& staged);
  void StageStreams(Batch& batch, StagedDeliveries& staged);
  void Move(StagedDeliveries& staged,
            v1::Delivery delivery,
            std::optional<DeliveryPlace> before,
            std::optional<DeliveryPlace> after);

  const DeliveryBook& book_;
  Streams& streams_;
  const StoreOptions& options_;
  // As the group leaves them so far.
  std::size_t waiting_;  // pending or held
  std::size_t dead_;
  // Where the group leaves what it moved; nullopt: nowhere.
  absl::flat_hash_map<std::string, std::optional<DeliveryPlace>> moved_;
};

}  // namespace handoff::store
