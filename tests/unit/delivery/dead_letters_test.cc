#include "gateway/delivery/dead_letters.h"

#include <chrono>
#include <string>

#include <gmock/gmock.h>

#include "tests/unit/delivery/engine_fixture.h"

namespace handoff::delivery {
namespace {

using handoff::testing::IsOk;
using handoff::testing::StatusIs;
using std::chrono::hours;
using std::chrono::milliseconds;
using testing::Delivered;
using testing::Failed;
using testing::Refused;

class DeadLettersTest : public testing::EngineFixture {
 protected:
  void SetUp() override {
    StartEngine();
    Enqueue("d1", "nha", 1);
    connector_->Answer("d1", Refused());
    store_.AwaitRecorded("d1");
  }

  DeadLetters dead_letters_{store_, clock_};
};

TEST_F(DeadLettersTest, AReplayIsSentAgainUnderTheSameId) {
  clock_.Advance(hours(30 * 24));
  HANDOFF_ASSERT_OK_AND_ASSIGN(const v1::Delivery delivery, dead_letters_.Replay("d1", "ana"));
  EXPECT_EQ(delivery.state(), v1::DELIVERY_STATE_PENDING);
  connector_->Answer("d1", Failed());
  const v1::Delivery recorded = store_.AwaitRecorded("d1", 2);
  EXPECT_EQ(recorded.state(), v1::DELIVERY_STATE_PENDING);  // its seven days start again
  EXPECT_EQ(recorded.attempts(), 1u);
  const v1::LedgerEntry entry = store_.LedgerOf("m-d1").at(1);
  EXPECT_EQ(entry.kind(), v1::LedgerEntry::REPLAYED);
  EXPECT_EQ(entry.text(), "by ana");
  EXPECT_EQ(entry.party(), "nha");
}

TEST_F(DeadLettersTest, WhatMayLeaveIsDecidedAgainAtAReplay) {
  renderer_.Decide("d1", [](const v1::Delivery&) { return Withheld{"no consent"}; });
  ASSERT_THAT(dead_letters_.Replay("d1", "ana"), IsOk());
  EXPECT_EQ(store_.AwaitRecorded("d1", 2).state(), v1::DELIVERY_STATE_WITHHELD);
}

TEST_F(DeadLettersTest, ADiscardedOneIsGoneAndExplained) {
  ASSERT_THAT(dead_letters_.Discard("d1", "ana", "told by telephone"), IsOk());
  EXPECT_EQ(*store_.ReadDelivery("d1"), std::nullopt);
  const v1::LedgerEntry entry = store_.LedgerOf("m-d1").at(1);
  EXPECT_EQ(entry.kind(), v1::LedgerEntry::DISCARDED);
  EXPECT_EQ(entry.text(), "by ana: told by telephone");
}

TEST_F(DeadLettersTest, OnlyTheDeadAreReplayedOrDiscarded) {
  Enqueue("d2", "nha", 2);
  connector_->AwaitSent(2);
  EXPECT_THAT(dead_letters_.Replay("d2", "ana"),
              StatusIs(absl::StatusCode::kFailedPrecondition, "not dead"));
  EXPECT_THAT(dead_letters_.Discard("d2", "ana", "x"),
              StatusIs(absl::StatusCode::kFailedPrecondition, "not dead"));
  EXPECT_THAT(dead_letters_.Replay("d3", "ana"), StatusIs(absl::StatusCode::kNotFound, ""));
}

TEST_F(DeadLettersTest, AnOperatorAndAReasonMustBeNamed) {
  EXPECT_THAT(dead_letters_.Replay("d1", ""),
              StatusIs(absl::StatusCode::kInvalidArgument, "operator"));
  EXPECT_THAT(dead_letters_.Replay("d1", std::string(101, 'x')),
              StatusIs(absl::StatusCode::kInvalidArgument, "operator"));
  EXPECT_THAT(dead_letters_.Discard("d1", "ana", ""),
              StatusIs(absl::StatusCode::kInvalidArgument, "reason"));
  EXPECT_THAT(dead_letters_.Discard("d1", "ana", std::string(501, 'x')),
              StatusIs(absl::StatusCode::kInvalidArgument, "reason"));
  EXPECT_THAT(dead_letters_.Discard("d1", "ana", std::string(500, 'x')), IsOk());
}

}  // namespace
}  // namespace handoff::delivery
