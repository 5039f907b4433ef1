#include "gateway/base/worker_pool.h"

#include <atomic>

#include "absl/synchronization/notification.h"
#include <gtest/gtest.h>

namespace handoff {
namespace {

// One thread, held until Release(), and room for two behind it.
class WorkerPoolTest : public ::testing::Test {
 protected:
  WorkerPoolTest() {
    EXPECT_TRUE(pool_.Submit([this] {
      held_.Notify();
      release_.WaitForNotification();
    }));
    held_.WaitForNotification();
  }
  ~WorkerPoolTest() override { Release(); }

  void Release() {
    if (!release_.HasBeenNotified()) release_.Notify();
  }
  [[nodiscard]] bool SubmitOne() {
    return pool_.Submit([this] { ++ran_; });
  }

  std::atomic<int> ran_ = 0;
  absl::Notification held_;
  absl::Notification release_;
  WorkerPool pool_{{.name = "test", .threads = 1, .max_queued = 2}};
};

TEST_F(WorkerPoolTest, RefusesNewWorkAtItsBound) {
  EXPECT_TRUE(SubmitOne());
  EXPECT_TRUE(SubmitOne());
  EXPECT_FALSE(SubmitOne());
}

TEST_F(WorkerPoolTest, TakesTheNextStepOfAdmittedWorkAboveItsBound) {
  EXPECT_TRUE(SubmitOne());
  EXPECT_TRUE(SubmitOne());
  pool_.Continue([this] { ++ran_; });
  Release();
  pool_.Stop();
  EXPECT_EQ(ran_, 3);
}

TEST_F(WorkerPoolTest, RunsWhatIsQueuedBeforeItStopsAndNothingAfter) {
  EXPECT_TRUE(SubmitOne());
  Release();
  pool_.Stop();
  EXPECT_EQ(ran_, 1);
  EXPECT_FALSE(SubmitOne());
  pool_.Continue([this] { ++ran_; });
  pool_.Stop();
  EXPECT_EQ(ran_, 1);
}

}  // namespace
}  // namespace handoff
