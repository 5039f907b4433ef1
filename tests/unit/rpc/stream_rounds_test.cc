#include "gateway/rpc/stream_rounds.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/store/memory/memory_store.h"
#include "tests/support/status_matchers.h"

namespace handoff::rpc {
namespace {

using ::testing::ElementsAre;

// What the members of the rounds of a test were told, in order. Rounds run on one thread.
struct Told {
  std::vector<std::string> calls;
  std::vector<std::shared_ptr<store::CachedSnapshot>> snapshots;
};

class Member final : public RoundMember {
 public:
  Member(std::string name, Told& told, std::string reads = "")
      : name_(std::move(name)), told_(told), reads_(std::move(reads)) {}

  void Gather() override { told_.calls.push_back("gather " + name_); }
  void Send(const std::shared_ptr<store::CachedSnapshot>& snapshot) override {
    told_.calls.push_back("send " + name_);
    told_.snapshots.push_back(snapshot);
    if (!reads_.empty()) EXPECT_THAT(snapshot->Read({"Goal", reads_}), ::handoff::testing::IsOk());
  }

 private:
  const std::string name_;
  Told& told_;
  const std::string reads_;
};

class StreamRoundsTest : public ::testing::Test {
 protected:
  StreamRoundsTest() {
    EXPECT_TRUE(pool_.Submit([this] { start_.WaitForNotification(); }));
  }

  void Join(StreamRounds& rounds, std::string name, std::string reads = "") {
    rounds.Join(std::make_shared<Member>(std::move(name), told_, std::move(reads)));
  }
  // All members have joined.
  const Told& Run() {
    start_.Notify();
    // Rounds go on in further tasks.
    for (int i = 0; i < 10; ++i) {
      absl::Notification reached;
      EXPECT_TRUE(pool_.Submit([&] { reached.Notify(); }));
      reached.WaitForNotification();
    }
    pool_.Stop();
    return told_;
  }

  const std::unique_ptr<store::Store> store_ = store::OpenMemoryStore();
  absl::Notification start_;
  Told told_;
  WorkerPool pool_{{.name = "test", .threads = 1, .max_queued = 100}};
};

TEST_F(StreamRoundsTest, AllGatherBeforeTheSnapshotOnWhichTheySend) {
  StreamRounds rounds(*store_, pool_);
  for (const char* name : {"a", "b", "c"}) Join(rounds, name);
  const Told& told = Run();
  EXPECT_THAT(told.calls,
              ElementsAre("gather a", "gather b", "gather c", "send a", "send b", "send c"));
  EXPECT_EQ(told.snapshots[0], told.snapshots[1]);
  EXPECT_EQ(told.snapshots[0], told.snapshots[2]);
}

TEST_F(StreamRoundsTest, WhoDoesNotFitIsInTheNextRound) {
  StreamRounds rounds(*store_, pool_, {.max_members = 2});
  for (const char* name : {"a", "b", "c"}) Join(rounds, name);
  const Told& told = Run();
  EXPECT_THAT(told.calls,
              ElementsAre("gather a", "gather b", "send a", "send b", "gather c", "send c"));
  EXPECT_NE(told.snapshots[0], told.snapshots[2]);
}

TEST_F(StreamRoundsTest, HandsOnNoSnapshotThatHoldsMuch) {
  store::Batch batch;
  v1::StoredResource goal;
  goal.mutable_name()->set_type("Goal");
  goal.mutable_name()->set_id("g");
  goal.mutable_name()->set_version(1);
  goal.set_resource("content");
  batch.resources.emplace_back(goal);
  HANDOFF_ASSERT_OK(store_->CommitAndWait(std::move(batch)));
  StreamRounds rounds(*store_, pool_, {.max_snapshot_bytes = 7});
  Join(rounds, "a");
  Join(rounds, "b", "g");
  Join(rounds, "c");
  const Told& told = Run();
  ASSERT_EQ(told.snapshots.size(), 3u);
  EXPECT_EQ(told.snapshots[0], told.snapshots[1]);
  EXPECT_NE(told.snapshots[1], told.snapshots[2]);
}

}  // namespace
}  // namespace handoff::rpc
