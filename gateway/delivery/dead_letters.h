// What a named operator may do with a dead letter: replay or discard it. Nobody edits one.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

#include "gateway/base/clock.h"
#include "gateway/store/store.h"
#include "handoff/v1/model.pb.h"

namespace handoff::delivery {

// Both calls wait for the disk and leave a ledger entry that names the operator.
//
// Errors of both: kNotFound no such delivery; kFailedPrecondition it is not dead; kInvalidArgument
// no operator is named, or a text is too long; and those of Store::Commit.
//
// Thread safety: all methods may be called concurrently.
class DeadLetters {
 public:
  // Both must outlive it.
  DeadLetters(store::Store& store, const Clock& clock) : store_(store), clock_(clock) {}

  // Puts it at the end of its lane, due now, under the same id. What may leave is decided again at
  // the attempt, and the time after which it is given up starts again.
  absl::StatusOr<v1::Delivery> Replay(const std::string& delivery_id, std::string_view by);

  // Gives it up. `reason` is for the ledger: plain words, no patient data, at most 500 bytes.
  absl::StatusOr<v1::Delivery> Discard(const std::string& delivery_id,
                                       std::string_view by,
                                       std::string_view reason);

 private:
  absl::StatusOr<v1::Delivery> ReadDead(const std::string& delivery_id);

  store::Store& store_;
  const Clock& clock_;
  absl::Mutex one_at_a_time_;  // between reading a dead letter and committing what becomes of it
};

}  // namespace handoff::delivery
