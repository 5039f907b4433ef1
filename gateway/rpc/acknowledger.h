// Settles stream items that a client says it has handled.
//
// An acknowledgement names one item and covers all before it: the position of the stream moves,
// and the ledger says DELIVERED for each item that was newly covered, in one commit. Items that
// were withheld are covered in silence. Acknowledgements of one stream run one after the other,
// and those that wait meanwhile share the next commit. It survives a crash of the process, not of
// the machine: after that clients get the items again, and acknowledge them again.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

#include "gateway/base/clock.h"
#include "gateway/base/metrics.h"
#include "gateway/base/worker_pool.h"
#include "gateway/rpc/withheld_recorder.h"
#include "gateway/store/store.h"

namespace handoff::rpc {

// Thread safety: all methods may be called concurrently. Must outlive the pool's tasks and the
// store's callbacks.
class Acknowledger {
 public:
  using Done = absl::AnyInvocable<void(absl::Status)>;

  Acknowledger(store::Store& store,
               const Clock& clock,
               Metrics& metrics,
               WithheldRecorder& withheld,
               WorkerPool& pool);

  // `done` runs once, on a thread of the pool, after the position is written. What was acknowledged
  // before is acknowledged again without effect.
  //
  // Errors:
  //   kInvalidArgument  the stream has no item of this sequence
  //   others            the store's; the position may have moved over a part
  void Acknowledge(const std::string& stream, std::uint64_t sequence, Done done);

  // Until no acknowledgement is under way. The pool must still run.
  void WaitUntilIdle();

 private:
  struct Waiting {
    std::uint64_t sequence;
    Done done;
  };

  // One commit's worth of `stream`, then itself again until nobody waits.
  void Step(const std::string& stream);
  // The items after `position` up to `target`, at most one commit's worth.
  absl::StatusOr<std::vector<v1::Delivery>> Covered(const std::string& stream,
                                                    std::uint64_t position,
                                                    std::uint64_t target);
  absl::StatusOr<store::Batch> Settle(const std::string& stream,
                                      const std::vector<v1::Delivery>& items,
                                      std::vector<v1::Delivery>* delivered);
  // REQUIRES: of one stream, and so of one recipient.
  void CountDelivered(const std::vector<v1::Delivery>& delivered);
  std::uint64_t Target(const std::string& stream);
  // Answers who waits for at most `position`; false if nobody waits any more.
  bool AnswerUpTo(const std::string& stream, std::uint64_t position);
  void AnswerAll(const std::string& stream, const absl::Status& status);

  store::Store& store_;
  const Clock& clock_;
  Metrics& metrics_;
  WithheldRecorder& withheld_;
  WorkerPool& pool_;

  absl::Mutex mutex_;
  // Streams with a step under way.
  absl::flat_hash_map<std::string, std::vector<Waiting>> streams_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace handoff::rpc
