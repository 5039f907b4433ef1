// The queue in front of the one committer thread: concurrent commits become groups.
//
// What arrives while a group is being written forms the next group, so the longer a disk sync
// takes, the more commits share it. Order is kept: across groups, within a group, and of callbacks.
#pragma once

#include <algorithm>
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

#include "gateway/store/store.h"

namespace handoff::store {

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

  CommitQueue(std::size_t max_queued, std::size_t max_group, CommitGroup commit)
      : max_queued_(max_queued),
        max_group_(max_group),
        commit_(std::move(commit)),
        committer_([this] { Run(); }) {}

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
      if (queue_.size() < max_queued_) {
        queue_.push_back(Item{std::move(work), std::move(done)});
        return;
      }
    }
    done(absl::ResourceExhaustedError("too many commits are waiting"));
  }

 private:
  void Run() {
    std::vector<Item> group;
    while (true) {
      {
        absl::MutexLock lock(&mutex_);
        mutex_.Await(absl::Condition(this, &CommitQueue::HasWork));
        if (queue_.empty()) return;
        const std::size_t n = std::min(queue_.size(), max_group_);
        for (std::size_t i = 0; i < n; ++i) {
          group.push_back(std::move(queue_.front()));
          queue_.pop_front();
        }
      }
      commit_(group);
      group.clear();
    }
  }

  bool HasWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return stopping_ || !queue_.empty();
  }

  const std::size_t max_queued_;
  const std::size_t max_group_;
  const CommitGroup commit_;

  absl::Mutex mutex_;
  std::deque<Item> queue_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  std::thread committer_;  // last: it uses all of the above
};

}  // namespace handoff::store
