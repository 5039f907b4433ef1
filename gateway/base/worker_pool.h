// Threads for calls that may wait: reads of the store, rendering, commits.
//
// The threads of a transport only take calls in and hand answers out; everything that may block
// runs here, so that a slow disk never stops the transport.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/synchronization/mutex.h"

namespace handoff {

struct WorkerPoolOptions {
  std::string name;  // of the threads, at most 15 characters
  std::size_t threads = 4;
  // Calls that wait for a thread before Submit() refuses. Range 1..1'000'000.
  std::size_t max_queued = 4'096;
};

// Thread safety: all methods may be called concurrently.
class WorkerPool {
 public:
  using Task = absl::AnyInvocable<void()>;

  explicit WorkerPool(WorkerPoolOptions options);
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;
  ~WorkerPool();

  // New work; false, and `task` is dropped, if the queue is at its bound or the pool has stopped.
  [[nodiscard]] bool Submit(Task task);

  // The next step of work that was admitted before: never refused for want of room, so its number
  // is bounded by what was admitted. Dropped once the pool has stopped.
  void Continue(Task task);

  // Runs what is queued, then ends the threads. Idempotent; not from a thread of the pool.
  void Stop();

 private:
  void Run();

  const WorkerPoolOptions options_;

  absl::Mutex mutex_;
  std::deque<Task> queue_ ABSL_GUARDED_BY(mutex_);
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;

  std::vector<std::thread> threads_;
};

}  // namespace handoff
