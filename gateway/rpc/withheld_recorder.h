// Records that an item of a stream was withheld from its recipient: once, and for good. One that is
// held for a steward is kept for them beside, and comes back as a new item.
//
// A withheld item is settled, as a withheld push delivery is: a consent that is given later opens
// what comes later, not this. Streams re-read what is not acknowledged, so it is asked of every
// item whether it was withheld before. Of items that came in since this process looked at their
// stream first, it was withheld here or not at all, and memory tells; of older ones the ledger
// does. For this the process must be the only one that serves the store.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

#include "gateway/base/clock.h"
#include "gateway/base/metrics.h"
#include "gateway/delivery/renderer.h"
#include "gateway/store/store.h"

namespace handoff::rpc {

struct WithheldRecorderOptions {
  // Items withheld from one stream that are remembered; of older ones the ledger is asked. Range
  // 1..1'000'000.
  std::size_t max_remembered = 4'096;
};

// Thread safety: all methods may be called concurrently. Must outlive the store's callbacks.
class WithheldRecorder {
 public:
  using Done = absl::AnyInvocable<void(absl::Status)>;

  WithheldRecorder(store::Store& store,
                   const Clock& clock,
                   Metrics& metrics,
                   WithheldRecorderOptions options = {});

  // `item` is of `stream`. May block while it reads. Errors: those of the store.
  absl::StatusOr<bool> WasWithheld(const std::string& stream, const v1::Delivery& item);

  // REQUIRES: WasWithheld() has said no. `done` runs once, on the committer's thread or before this
  // returns; calls for the same item that overlap share one entry. kAborted: it was to be held, and
  // there is no doubt any more.
  void Record(const std::string& stream,
              const v1::Delivery& item,
              const delivery::Withheld& withheld,
              Done done);

 private:
  struct Known {
    std::uint64_t unknown_up_to = 0;          // of these the ledger is asked
    absl::btree_set<std::uint64_t> withheld;  // all of the later ones that were
  };

  // nullopt: the ledger knows.
  absl::StatusOr<std::optional<bool>> Recall(const std::string& stream, std::uint64_t sequence);
  absl::Status Hold(const v1::Delivery& item, store::Batch* batch);
  void Finish(const std::string& stream,
              const v1::Delivery& item,
              const char* outcome,
              const absl::Status& status);
  void Remember(const std::string& stream, std::uint64_t sequence)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const WithheldRecorderOptions options_;
  store::Store& store_;
  const Clock& clock_;
  Metrics& metrics_;

  absl::Mutex mutex_;
  absl::flat_hash_map<std::string, Known> streams_ ABSL_GUARDED_BY(mutex_);
  // Of the deliveries whose entry is being committed.
  absl::flat_hash_map<std::string, std::vector<Done>> waiting_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace handoff::rpc
