// Records that an item of a stream was withheld from its recipient: once, and for good.
//
// A withheld item is settled, as a withheld push delivery is: a consent that is given later opens
// what comes later, not this. Streams re-read what is not acknowledged, so the ledger itself tells
// whether the item was withheld before.
#pragma once

#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

#include "gateway/base/clock.h"
#include "gateway/base/metrics.h"
#include "gateway/store/store.h"

namespace handoff::rpc {

// True if `ledger`, of the message that `delivery` is about, says that it was withheld.
bool SaysWithheld(const std::vector<v1::LedgerEntry>& ledger, const v1::Delivery& delivery);

// Thread safety: all methods may be called concurrently. Must outlive the store's callbacks.
class WithheldRecorder {
 public:
  using Done = absl::AnyInvocable<void(absl::Status)>;

  WithheldRecorder(store::Store& store, const Clock& clock, Metrics& metrics);

  // Blocks while it reads. Errors: those of the store.
  absl::StatusOr<bool> WasWithheld(const v1::Delivery& delivery);

  // REQUIRES: not WasWithheld(). `done` runs once, on the committer's thread; calls for the same
  // delivery that overlap share one entry.
  void Record(const v1::Delivery& delivery, std::string reason, Done done);

 private:
  void Finish(const std::string& delivery_id, const std::string& party, const absl::Status& status);

  store::Store& store_;
  const Clock& clock_;
  Metrics& metrics_;

  absl::Mutex mutex_;
  // Of the deliveries whose entry is being committed.
  absl::flat_hash_map<std::string, std::vector<Done>> waiting_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace handoff::rpc
