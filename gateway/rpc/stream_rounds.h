// Lets streams that have something to send at the same moment make it together.
//
// A message mostly concerns several streams, which all wake when it is committed. Those of one
// round stand on one snapshot, so that what they tell is read once.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

#include "gateway/base/worker_pool.h"
#include "gateway/store/cached_snapshot.h"
#include "gateway/store/store.h"

namespace handoff::rpc {

// A stream in a round. Calls come one after the other, on a thread of the pool.
class RoundMember {
 public:
  virtual ~RoundMember() = default;
  // Reads what is new in the stream.
  virtual void Gather() = 0;
  // Sends it. `snapshot` is of this moment, and not before Gather().
  virtual void Send(const std::shared_ptr<store::CachedSnapshot>& snapshot) = 0;
};

struct StreamRoundsOptions {
  // Streams of one round; one waits at most until the others have rendered a burst. Range 1..1'000.
  std::size_t max_members = 8;
  // A snapshot that holds as much is not handed on. At least 1.
  std::size_t max_snapshot_bytes = std::size_t{4} << 20;
};

// Thread safety: all methods may be called concurrently. Must outlive the pool's tasks.
class StreamRounds {
 public:
  StreamRounds(store::Store& store, WorkerPool& pool, StreamRoundsOptions options = {});

  // `member` takes part once, in the next round. It does not join again before that.
  void Join(std::shared_ptr<RoundMember> member);

 private:
  void Run();

  const StreamRoundsOptions options_;
  store::Store& store_;
  WorkerPool& pool_;

  absl::Mutex mutex_;
  // At most one for each open stream. Not empty: a round is about to run.
  std::deque<std::shared_ptr<RoundMember>> waiting_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace handoff::rpc
