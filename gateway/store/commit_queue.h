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
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <limits>
#include <mutex>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"

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
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_one();
    committer_.join();
  }

  // A full queue calls `done` with kResourceExhausted at once, on the calling thread.
  void Push(Work work, Done done) {
    std::unique_lock lock(mutex_);
    if (queue_.size() >= options_.max_queued) {
      lock.unlock();
      return done(absl::ResourceExhaustedError("too many commits are waiting"));
    }
    queue_.push_back(Item{std::move(work), std::move(done)});
    const bool wake = queue_.size() == awaited_;
    lock.unlock();
    if (wake) changed_.notify_one();
  }

 private:
  using Clock = std::chrono::steady_clock;

  void Run() {
    std::vector<Item> group;
    Clock::time_point started;  // the last group
    double usual = 1;           // the largest of the last groups
    while (true) {
      {
        std::unique_lock lock(mutex_);
        Await(lock, 1, Clock::time_point::max());
        Await(lock, static_cast<std::size_t>(usual), started + options_.interval);
        if (queue_.empty()) return;
        started = Clock::now();
        const std::size_t n = std::min(queue_.size(), options_.max_group);
        usual = std::max(static_cast<double>(n), usual * kForgetting);
        for (std::size_t i = 0; i < n; ++i) {
          group.push_back(std::move(queue_.front()));
          queue_.pop_front();
        }
      }
      commit_(group);
      group.clear();
    }
  }

  // Until so many are queued, at most until `deadline`.
  void Await(std::unique_lock<std::mutex>& lock, std::size_t queued, Clock::time_point deadline) {
    awaited_ = queued;
    changed_.wait_until(lock, deadline, [&] { return stopping_ || queue_.size() >= queued; });
    awaited_ = kNobody;
  }

  // A group of ten is forgotten after some twenty of one.
  static constexpr double kForgetting = 0.9;
  static constexpr std::size_t kNobody = std::numeric_limits<std::size_t>::max();

  const CommitQueueOptions options_;
  const CommitGroup commit_;

  // Of the standard library: it waits by the steady clock. absl::Mutex waits by the wall clock, and
  // who sets that back must not hold up a commit.
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Item> queue_;  // guarded by mutex_, as is what follows
  bool stopping_ = false;
  std::size_t awaited_ = kNobody;  // length of the queue at which the committer is to wake up

  std::thread committer_;  // last: it uses all of the above
};

}  // namespace handoff::store
