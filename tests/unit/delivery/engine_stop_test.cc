#include <chrono>
#include <string>
#include <thread>

#include <gmock/gmock.h>

#include "tests/unit/delivery/engine_fixture.h"

namespace handoff::delivery {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::Delivered;
using ::testing::ElementsAre;
using testing::Failed;

using EngineStopTest = testing::EngineFixture;

TEST_F(EngineStopTest, WaitsForWhatIsUnderWay) {
  StartEngine();
  Enqueue("d1", "nha", 1);
  connector_->AwaitSent(1);
  std::thread stopper([this] { engine_->Stop(minutes(1)); });
  connector_->Answer("d1", Delivered());
  stopper.join();
  EXPECT_EQ(store_.AwaitRecorded("d1").state(), v1::DELIVERY_STATE_DELIVERED);
}

// To record it takes a read, which the scheduler does as long as it runs.
TEST_F(EngineStopTest, RecordsADeliveredReferralThatWasUnderWay) {
  v1::Referral referral;
  referral.set_id("f1");
  referral.set_performer("nha");
  referral.set_state(v1::REFERRAL_STATE_REQUESTED);
  store::Batch batch;
  batch.referrals.push_back(referral);
  ASSERT_TRUE(store_.CommitAndWait(std::move(batch)).ok());
  StartEngine();
  v1::Delivery delivery = ADelivery("d1", "nha", 1);
  delivery.mutable_event()->set_kind(v1::EVENT_KIND_REFERRAL_REQUESTED);
  delivery.mutable_event()->set_referral_id("f1");
  Enqueue({delivery});
  connector_->AwaitSent(1);
  std::thread stopper([this] { engine_->Stop(minutes(1)); });
  connector_->Answer("d1", Delivered());
  stopper.join();
  EXPECT_EQ(store_.AwaitRecorded("d1").state(), v1::DELIVERY_STATE_DELIVERED);
  EXPECT_EQ((*store_.GetSnapshot()->ReadReferral("f1"))->state(), v1::REFERRAL_STATE_DELIVERED);
}

TEST_F(EngineStopTest, WhatItCutsOffGoesBackToItsLaneUncounted) {
  StartEngine();
  Enqueue("d1", "nha", 1);
  connector_->AwaitSent(1);
  engine_->Stop(milliseconds(0));
  EXPECT_EQ(store_.RecordedTimes("d1"), 0u);
  EXPECT_EQ((*store_.ReadDelivery("d1"))->attempts(), 0u);
  StopEngine();
  StartEngine();
  connector_->Answer("d1", Delivered());
  EXPECT_EQ(store_.AwaitRecorded("d1").attempts(), 1u);
}

TEST_F(EngineStopTest, NothingStartsAfterwards) {
  StartEngine();
  engine_->Stop(milliseconds(0));
  Enqueue("d1", "nha", 1);
  engine_->Wake();
  EXPECT_TRUE(connector_->sent().empty());
  StopEngine();
  StartEngine();
  connector_->Answer("d1", Delivered());
  store_.AwaitRecorded("d1");
}

// As after a crash between the recipient's answer and the commit: it has the message, we do not
// know.
TEST_F(EngineStopTest, AnOutcomeThatWasNotRecordedIsRepeatedUnderTheSameId) {
  StartEngine();
  Enqueue("d1", "nha", 1);
  connector_->AwaitSent(1);
  store_.RefuseCommits(1);
  connector_->Answer("d1", Delivered());
  store_.AwaitRefused();
  engine_->Stop(milliseconds(0));
  EXPECT_THAT(connector_->SentIds(), ElementsAre("d1"));
  StopEngine();
  StartEngine();
  connector_->Answer("d1", Delivered());
  EXPECT_EQ(store_.AwaitRecorded("d1").state(), v1::DELIVERY_STATE_DELIVERED);
  EXPECT_THAT(connector_->SentIds(), ElementsAre("d1"));
}

TEST_F(EngineStopTest, AFailureDuringTheGraceStillCounts) {
  StartEngine();
  Enqueue("d1", "nha", 1);
  connector_->AwaitSent(1);
  std::thread stopper([this] { engine_->Stop(minutes(1)); });
  connector_->Answer("d1", Failed());
  stopper.join();
  EXPECT_EQ(store_.AwaitRecorded("d1").attempts(), 1u);
}

TEST_F(EngineStopTest, MayBeCalledTwice) {
  StartEngine();
  engine_->Stop(seconds(1));
  engine_->Stop(seconds(1));
}

}  // namespace
}  // namespace handoff::delivery
