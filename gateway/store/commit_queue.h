// The queue in front of the one committer thread: concurrent commits become groups.
//
// What arrives while a group is being written forms the next group, so the longer a disk sync
// takes, the more commits share it. Where the disk is fast that is not enough: a sync takes more
// processor time than a commit. So a group that is smaller than groups were lately waits a moment
// for more. Who commits one after the other is not held up, and callers whose number does not
// change wait for each other only. Order is kept: across groups, within a group, and of callbacks.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "gateway/store/store.h"

namespace handoff::store {

struct CommitQueueOptions {
  std::size_t max_queued = 4096;
  std::size_t max_group = 128;
  // How long after the start of a group a smaller one waits at most. Zero: none waits.
  std::chrono::microseconds interval{0};
};

// Thread safety: Push may be called concurrently.
template <class Work>
class CommitQueue {
 public:
  using Done = absl::AnyInvocable<void(absl::StatusOr<Committed>)>;

  struct Item {
    Work work;
    Done done;
  };
  // Commits the items of a group and calls each `done`, in order. Runs on: the committer thread.
  using CommitGroup = std::function<void(std::span<Item>)>;

  CommitQueue(CommitQueueOptions options, CommitGroup commit)
      : options_(options), commit_(std::move(commit)), committer_([this] { Run(); }) {}

  CommitQueue(const CommitQueue&) = delete;
  CommitQueue& operator=(const CommitQueue&) = delete;

  // Commits what is queued, then stops.
  ~CommitQueue() {
    {
      absl::MutexLock lock(&mutex_);
      stopping_ = true;
    }
    committer_.join();
  }

  // A full queue calls `done` with kResourceExhausted at once, on the calling thread.
  void Push(Work work, Done done) {
    {
      absl::MutexLock lock(&mutex_);
      if (queue_.size() < options_.max_queued) {
        queue_.push_back(Item{std::move(work), std::move(done)});
        return;
      }
    }
    done(absl::ResourceExhaustedError("too many commits are waiting"));
  }

 private:
  using Clock = std::chrono::steady_clock;

  void Run() {
    std::vector<Item> group;
    Clock::time_point started;
    while (true) {
      {
        absl::MutexLock lock(&mutex_);
        mutex_.Await(absl::Condition(this, &CommitQueue::HasWork));
        if (const auto wait = started + options_.interval - Clock::now(); wait.count() > 0) {
          mutex_.AwaitWithTimeout(absl::Condition(this, &CommitQueue::HasAsUsual),
                                  absl::FromChrono(wait));
        }
        if (queue_.empty()) return;
        started = Clock::now();
        const std::size_t n = std::min(queue_.size(), options_.max_group);
        usual_ = std::max(static_cast<double>(n), usual_ * kForgetting);
        for (std::size_t i = 0; i < n; ++i) {
          group.push_back(std::move(queue_.front()));
          queue_.pop_front();
        }
      }
      commit_(group);
      group.clear();
    }
  }

  bool HasAsUsual() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return stopping_ || queue_.size() >= static_cast<std::size_t>(usual_);
  }

  bool HasWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return stopping_ || !queue_.empty();
  }

  // A group of ten is forgotten after some twenty of one.
  static constexpr double kForgetting = 0.9;

  const CommitQueueOptions options_;
  const CommitGroup commit_;

  absl::Mutex mutex_;
  std::deque<Item> queue_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  double usual_ ABSL_GUARDED_BY(mutex_) = 1;  // the largest of the last groups

  std::thread committer_;  // last: it uses all of the above
};

}  // namespace handoff::store
