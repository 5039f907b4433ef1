// Which deliveries are pending, held or dead, whose turn it is, and who works on it.
//
// Kept in memory and rebuilt from the records when a store opens. Leases live here alone: a store
// is open in one process, so when that process is gone, nobody works under its leases any more.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/synchronization/mutex.h"

#include "gateway/base/clock.h"
#include "gateway/store/store.h"
#include "handoff/v1/model.pb.h"

namespace handoff::store {

// Where a delivery is kept.
struct DeliveryPlace {
  v1::DeliveryState state = v1::DELIVERY_STATE_PENDING;  // or HELD, DEAD
  std::string recipient;
  std::uint64_t person = 0;
  std::uint64_t sequence = 0;
  std::int64_t due_us = 0;
};

// Thread safety: all methods may be called concurrently. Every step costs O(log n) unless
// said.
class DeliveryBook {
 public:
  // Enters a delivery, or moves it from where it was. Ends the lease that it had.
  void Put(const std::string& id, DeliveryPlace place) ABSL_LOCKS_EXCLUDED(mutex_);
  void Remove(const std::string& id) ABSL_LOCKS_EXCLUDED(mutex_);

  std::optional<DeliveryPlace> Find(const std::string& id) const ABSL_LOCKS_EXCLUDED(mutex_);
  // Ids after `after_id`, ascending; of one recipient, or of all if it is empty.
  std::vector<std::string> List(v1::DeliveryState state,
                                const std::string& recipient,
                                const std::string& after_id,
                                std::size_t limit) const ABSL_LOCKS_EXCLUDED(mutex_);
  std::size_t pending() const ABSL_LOCKS_EXCLUDED(mutex_);
  std::size_t dead() const ABSL_LOCKS_EXCLUDED(mutex_);
  std::size_t held() const ABSL_LOCKS_EXCLUDED(mutex_);
  // See Statistics. Costs O(recipients).
  std::vector<Backlog> Backlogs() const ABSL_LOCKS_EXCLUDED(mutex_);

  // Reads the record of a delivery; nullopt if that fails. Called with the lanes locked.
  using Load =
      std::function<std::optional<v1::Delivery>(const std::string& id, const DeliveryPlace& place)>;
  // See Store::ClaimDue. A lane whose record cannot be read rests for as long as a lease: asked
  // again at once, it would do nothing but fill the log. Costs O(recipients) more, and one read for
  // each recipient that is not wanted.
  std::vector<Claim> ClaimDue(Timestamp now,
                              std::chrono::milliseconds lease,
                              std::size_t limit,
                              const Store::Wanted& wanted,
                              const Load& load) ABSL_LOCKS_EXCLUDED(mutex_);
  void Release(const std::string& id) ABSL_LOCKS_EXCLUDED(mutex_);
  std::optional<Timestamp> NextDue(const Store::Wanted& wanted) const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  using LaneId = std::pair<std::string, std::uint64_t>;  // recipient, person

  // When the head of a lane may be claimed, its sequence, and the lane.
  using Turn = std::tuple<std::int64_t, std::uint64_t, const LaneId*>;
  using Turns = absl::btree_set<Turn>;

  struct Waiting {
    std::string id;
    std::int64_t due_us;
  };
  struct Lane {
    absl::btree_map<std::uint64_t, Waiting> queue;  // by sequence; never empty
    std::int64_t leased_until_us = 0;               // 0: none is
    std::uint64_t leased = 0;  // the one; another may have come back in front of it since
    std::optional<Turn> turn;  // as entered in turns_
  };
  using Lanes = std::map<LaneId, Lane>;
  // Deliveries of one state.
  struct Shelf {
    std::map<std::string, DeliveryPlace> by_id;
    absl::btree_map<std::string, absl::btree_set<std::string>> by_recipient;

    void Put(const std::string& id, DeliveryPlace place);
    void Remove(std::map<std::string, DeliveryPlace>::iterator entry);
  };

  // Null for a state in which none is kept.
  const Shelf* ShelfOf(v1::DeliveryState state) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  void Erase(const std::string& id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Enters the lane in turns_ anew. Its queue may be empty: then the lane goes.
  void Reindex(Lanes::iterator lane) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The lanes that ClaimDue() leases, with their records; nullopt: unreadable.
  std::vector<std::pair<Lanes::iterator, std::optional<v1::Delivery>>> Select(
      Timestamp now, std::size_t limit, const Store::Wanted& wanted, const Load& load)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  Shelf pending_ ABSL_GUARDED_BY(mutex_);
  Shelf dead_ ABSL_GUARDED_BY(mutex_);
  Shelf held_ ABSL_GUARDED_BY(mutex_);
  Lanes lanes_ ABSL_GUARDED_BY(mutex_);
  // By recipient, each of its lanes once.
  absl::btree_map<std::string, Turns> turns_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace handoff::store
