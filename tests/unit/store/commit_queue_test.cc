// How concurrent commits become groups.
#include "gateway/store/commit_queue.h"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace handoff::store {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::SizeIs;

constexpr std::chrono::hours kForEver{1};

class CommitQueueTest : public ::testing::Test {
 protected:
  using Queue = CommitQueue<int>;

  void Open(std::chrono::microseconds interval) {
    queue_ = std::make_unique<Queue>(CommitQueueOptions{.interval = interval},
                                     [this](std::span<Queue::Item> group) {
                                       sizes_.push_back(group.size());
                                       for (Queue::Item& item : group) item.done(Committed{});
                                     });
  }

  void PushAndWait(int n) {
    absl::BlockingCounter done(n);
    for (int i = 0; i < n; ++i) {
      queue_->Push(0, [&done](absl::StatusOr<Committed>) { done.DecrementCount(); });
    }
    done.Wait();
  }

  // A group of one, and of `n` that come while it is being written.
  void PushDuringAGroup(int n) {
    absl::Notification begun;
    absl::Notification pushed;
    queue_->Push(0, [&](absl::StatusOr<Committed>) {
      begun.Notify();
      pushed.WaitForNotification();
    });
    begun.WaitForNotification();
    absl::BlockingCounter done(n);
    for (int i = 0; i < n; ++i) {
      queue_->Push(0, [&done](absl::StatusOr<Committed>) { done.DecrementCount(); });
    }
    pushed.Notify();
    done.Wait();
  }

  std::vector<std::size_t> sizes_;  // of groups; to be read while none is being written
  std::unique_ptr<Queue> queue_;
};

TEST_F(CommitQueueTest, WhoCommitsOneAfterTheOtherIsNotHeldUp) {
  Open(kForEver);
  for (int i = 0; i < 20; ++i) PushAndWait(1);
  queue_.reset();
  EXPECT_THAT(sizes_, SizeIs(20));
  EXPECT_THAT(sizes_, Each(1u));
}

TEST_F(CommitQueueTest, WhatComesDuringAGroupIsTheNextOne) {
  Open({});
  PushDuringAGroup(3);
  queue_.reset();
  EXPECT_THAT(sizes_, ElementsAre(1u, 3u));
}

TEST_F(CommitQueueTest, CallersWhoseNumberDoesNotChangeWaitForEachOtherOnly) {
  Open(kForEver);
  PushDuringAGroup(4);
  for (int i = 0; i < 3; ++i) PushAndWait(4);
  queue_.reset();
  EXPECT_THAT(sizes_, ElementsAre(1u, 4u, 4u, 4u, 4u));
}

TEST_F(CommitQueueTest, ASmallerGroupWaitsNoLongerThanTheInterval) {
  Open(std::chrono::milliseconds(1));
  PushDuringAGroup(2);
  PushAndWait(1);
  queue_.reset();
  EXPECT_THAT(sizes_, ElementsAre(1u, 2u, 1u));
}

TEST_F(CommitQueueTest, WhatWaitsIsCommittedWhenTheQueueEnds) {
  Open(kForEver);
  PushDuringAGroup(2);
  std::atomic<bool> done = false;
  queue_->Push(0, [&done](absl::StatusOr<Committed> committed) { done = committed.ok(); });
  queue_.reset();
  EXPECT_TRUE(done);
  EXPECT_THAT(sizes_, ElementsAre(1u, 2u, 1u));
}

}  // namespace
}  // namespace handoff::store
