#include "gateway/delivery/engine.h"

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "tests/unit/delivery/engine_fixture.h"

namespace handoff::delivery {
namespace {

using connectors::Outbound;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::Contains;
using testing::Delivered;
using ::testing::ElementsAre;
using testing::Failed;
using ::testing::Ge;
using ::testing::Le;
using ::testing::Not;
using testing::Refused;
using testing::ScriptedRenderer;

class EngineTest : public testing::EngineFixture {
 protected:
  std::string OnlyEntry(const std::string& delivery_id, v1::LedgerEntry::Kind kind) {
    const std::vector<v1::LedgerEntry> entries = store_.LedgerOf("m-" + delivery_id);
    EXPECT_EQ(entries.size(), 1u);
    if (entries.size() != 1) return {};
    EXPECT_EQ(entries[0].kind(), kind);
    EXPECT_EQ(entries[0].delivery_id(), delivery_id);
    return entries[0].text();
  }
};

TEST_F(EngineTest, DeliversWhatIsDue) {
  StartEngine();
  Enqueue("d1", "nha", 1);
  clock_.Advance(seconds(2));
  connector_->Answer("d1", Delivered());
  const v1::Delivery recorded = store_.AwaitRecorded("d1");
  EXPECT_EQ(recorded.state(), v1::DELIVERY_STATE_DELIVERED);
  EXPECT_EQ(recorded.attempts(), 1u);
  EXPECT_EQ(recorded.settled_us(), ToMicros(clock_.Now()));
  EXPECT_EQ(*store_.ReadDelivery("d1"), std::nullopt);
  EXPECT_EQ(Count("nha", "delivered"), 1);
  EXPECT_EQ(metrics_.delivery_seconds.Collect().histogram.sample_sum, 2);
}

v1::Referral Requested(const std::string& performer) {
  v1::Referral referral;
  referral.set_id("f1");
  referral.set_version(1);
  referral.set_state(v1::REFERRAL_STATE_REQUESTED);
  referral.set_performer(performer);
  return referral;
}

TEST_F(EngineTest, AReferralIsDeliveredOnceItsPerformerHasTheRequest) {
  store::Batch batch;
  batch.referrals = {Requested("fnfb")};
  for (const char* recipient : {"lfm", "fnfb"}) {
    v1::Delivery delivery = ADelivery(std::string("to-") + recipient, recipient, 1);
    delivery.mutable_event()->set_kind(v1::EVENT_KIND_REFERRAL_REQUESTED);
    delivery.mutable_event()->set_referral_id("f1");
    batch.enqueue.push_back(std::move(delivery));
  }
  HANDOFF_ASSERT_OK(store_.CommitAndWait(std::move(batch)));
  StartEngine();
  connector_->Answer("to-lfm", Delivered());
  store_.AwaitRecorded("to-lfm");
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto before, store_.GetSnapshot()->ReadReferral("f1"));
  EXPECT_EQ(before->state(), v1::REFERRAL_STATE_REQUESTED);

  connector_->Answer("to-fnfb", Delivered());
  store_.AwaitRecorded("to-fnfb");
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto after, store_.GetSnapshot()->ReadReferral("f1"));
  EXPECT_EQ(after->state(), v1::REFERRAL_STATE_DELIVERED);
  ASSERT_EQ(after->steps_size(), 1);
  EXPECT_EQ(after->steps(0).message_id(), "m-to-fnfb");
  EXPECT_EQ(after->steps(0).at_us(), ToMicros(clock_.Now()));
}

TEST_F(EngineTest, ARetryThatIsDueBeforeTheFailureIsReportedIsNotHeldUp) {
  StartEngine();
  Enqueue("d1", "nha", 1);
  store_.BeforeNextReport([this] {
    Advance(minutes(1));
    store_.AwaitClaimed("d1", 2);
    // What was claimed has met the attempt that is not over.
    store_.AwaitLook([this] { engine_->Wake(); });
  });
  connector_->Answer("d1", Failed());
  connector_->Answer("d1", Delivered());
  EXPECT_EQ(store_.AwaitRecorded("d1", 2).state(), v1::DELIVERY_STATE_DELIVERED);
}

TEST_F(EngineTest, TellsTheConnectorWhatItNeeds) {
  StartEngine();
  Enqueue("d1", "nha", 1);
  connector_->AwaitSent(1);
  const Outbound message = connector_->sent()[0].message;
  EXPECT_EQ(message.delivery_id, "d1");
  EXPECT_EQ(message.message_id, "m-d1");
  EXPECT_EQ(message.event, "DISCHARGE");
  EXPECT_EQ(message.operation, "$process-message");
  EXPECT_EQ(message.attempt, 1u);
}

TEST_F(EngineTest, TheLedgerSaysWhatLeft) {
  StartEngine();
  Enqueue("d1", "nha", 1);
  connector_->Answer("d1", Delivered());
  store_.AwaitRecorded("d1");
  const v1::LedgerEntry entry = store_.LedgerOf("m-d1").at(0);
  EXPECT_EQ(entry.kind(), v1::LedgerEntry::DELIVERED);
  EXPECT_EQ(entry.text(), "attempt 1: HTTP 200");
  EXPECT_EQ(entry.party(), "nha");
  EXPECT_EQ(entry.event(), v1::EVENT_KIND_DISCHARGE);
  EXPECT_EQ(entry.view(), "treatment-full");
  EXPECT_EQ(entry.at_us(), ToMicros(clock_.Now()));
  ASSERT_EQ(entry.resources_size(), 1);
  EXPECT_EQ(entry.resources(0).id(), "e1");
}

TEST_F(EngineTest, RetriesAfterBackoffUnderTheSameId) {
  StartEngine();
  Enqueue("d1", "nha", 1);
  connector_->Answer("d1", Failed());
  const v1::Delivery recorded = store_.AwaitRecorded("d1");
  EXPECT_EQ(recorded.state(), v1::DELIVERY_STATE_PENDING);
  EXPECT_EQ(recorded.last_error(), "HTTP 503");
  EXPECT_THAT(FromMicros(recorded.due_us()),
              AllOf(Ge(clock_.Now()), Le(clock_.Now() + seconds(1))));
  EXPECT_EQ(OnlyEntry("d1", v1::LedgerEntry::ATTEMPTED), "attempt 1: HTTP 503");
  Advance(seconds(1));
  connector_->Answer("d1", Delivered());
  EXPECT_EQ(store_.AwaitRecorded("d1", 2).attempts(), 2u);
  EXPECT_EQ(Count("nha", "retry"), 1);
}

TEST_F(EngineTest, DoesNotRetryBeforeItIsDue) {
  StartEngine();
  Enqueue("d1", "nha", 1);
  connector_->Answer("d1", Failed(minutes(2)));
  const v1::Delivery recorded = store_.AwaitRecorded("d1");
  EXPECT_EQ(FromMicros(recorded.due_us()), clock_.Now() + minutes(2));  // Retry-After
  clock_.Advance(minutes(2) - seconds(1));
  LetItLook();
  EXPECT_EQ(connector_->SentTo("nha"), 1u);
  Advance(seconds(1));
  connector_->Answer("d1", Delivered());
}

TEST_F(EngineTest, RetryAfterDoesNotShortenTheBackoff) {
  StartEngine({.backoff = {.first = hours(1), .max = hours(1)}});
  Enqueue("d1", "nha", 1);
  connector_->Answer("d1", Failed(seconds(0)));
  EXPECT_GT(FromMicros(store_.AwaitRecorded("d1").due_us()), clock_.Now());
}

TEST_F(EngineTest, TheSecondOfALaneWaitsForTheFirst) {
  StartEngine();
  Enqueue("d1", "nha", 1);
  Enqueue("d2", "nha", 1);
  connector_->Answer("d1", Failed());
  store_.AwaitRecorded("d1");
  LetItLook();
  EXPECT_THAT(connector_->SentIds(), Not(Contains("d2")));
  Advance(seconds(1));
  connector_->Answer("d1", Delivered());
  store_.AwaitRecorded("d1", 2);
  connector_->Answer("d2", Delivered());
  EXPECT_EQ(store_.AwaitRecorded("d2").state(), v1::DELIVERY_STATE_DELIVERED);
}

TEST_F(EngineTest, LanesOfOneRecipientDoNotWaitForEachOther) {
  StartEngine();
  Enqueue("d1", "nha", 1);
  Enqueue("d2", "nha", 2);
  connector_->AwaitSent(2);
  connector_->Answer("d2", Delivered());
  store_.AwaitRecorded("d2");
  EXPECT_EQ(store_.RecordedTimes("d1"), 0u);
}

TEST_F(EngineTest, ADeadRecipientDelaysNobody) {
  StartEngine();
  std::vector<v1::Delivery> deliveries;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    deliveries.push_back(ADelivery("x" + std::to_string(i), "silent", i));
  }
  Enqueue(std::move(deliveries));
  Enqueue("d1", "nha", 1);
  connector_->Answer("d1", Delivered());
  store_.AwaitRecorded("d1");
  EXPECT_EQ(connector_->SentTo("silent"), 8u);
}

TEST_F(EngineTest, KeepsToTheCapOfTheRecipient) {
  renderer_.SetMaxInFlight(1);
  StartEngine();
  Enqueue("d1", "nha", 1);
  Enqueue("d2", "nha", 2);
  LetItLook();
  EXPECT_THAT(connector_->SentIds(), Not(Contains("d2")));
  connector_->Answer("d1", Delivered());
  connector_->Answer("d2", Delivered());
  store_.AwaitRecorded("d2");
}

TEST_F(EngineTest, KeepsToItsOwnCap) {
  StartEngine({.max_in_flight = 2});
  Enqueue("d1", "a", 1);
  Enqueue("d2", "b", 1);
  Enqueue("d3", "c", 1);
  connector_->AwaitSent(2);
  connector_->Answer("d1", Delivered());
  store_.AwaitRecorded("d1");
  connector_->Answer("d3", Delivered());
  store_.AwaitRecorded("d3");
  EXPECT_THAT(connector_->SentIds(), ElementsAre("d1", "d2", "d3"));
}

TEST_F(EngineTest, ARefusedOneIsDeadAndTheLaneGoesOn) {
  StartEngine();
  Enqueue("d1", "nha", 1);
  Enqueue("d2", "nha", 1);
  connector_->Answer("d1", Refused());
  connector_->Answer("d2", Delivered());
  store_.AwaitRecorded("d2");
  EXPECT_EQ((*store_.ReadDelivery("d1"))->state(), v1::DELIVERY_STATE_DEAD);
  EXPECT_EQ((*store_.ReadDelivery("d1"))->last_error(), "HTTP 404");
  EXPECT_EQ(OnlyEntry("d1", v1::LedgerEntry::DEAD), "refused at attempt 1: HTTP 404");
  EXPECT_EQ(Count("nha", "refused"), 1);
}

TEST_F(EngineTest, WhatMayLeaveIsDecidedAtEveryAttempt) {
  StartEngine();
  Enqueue("d1", "nha", 1);
  connector_->Answer("d1", Failed());
  store_.AwaitRecorded("d1");
  renderer_.Decide("d1", [](const v1::Delivery&) { return Withheld{"no consent"}; });
  Advance(seconds(1));
  const v1::Delivery recorded = store_.AwaitRecorded("d1", 2);
  EXPECT_EQ(recorded.state(), v1::DELIVERY_STATE_WITHHELD);
  EXPECT_EQ(connector_->sent().size(), 1u);
  const v1::LedgerEntry entry = store_.LedgerOf("m-d1").at(1);
  EXPECT_EQ(entry.kind(), v1::LedgerEntry::WITHHELD);
  EXPECT_EQ(entry.text(), "no consent");
  EXPECT_EQ(*store_.ReadDelivery("d1"), std::nullopt);
}

TEST_F(EngineTest, WhatIsHeldWaitsForAStewardAndTheLaneGoesOn) {
  SetHeld(1, true);
  StartEngine();
  renderer_.Decide("d1", [](const v1::Delivery&) { return Withheld{"in doubt", true}; });
  Enqueue({ADelivery("d1", "nha", 1), ADelivery("d2", "nha", 1)});
  connector_->Answer("d2", Delivered());
  EXPECT_EQ(store_.AwaitRecorded("d1").state(), v1::DELIVERY_STATE_HELD);
  EXPECT_EQ(store_.AwaitRecorded("d2").state(), v1::DELIVERY_STATE_DELIVERED);
  EXPECT_EQ(OnlyEntry("d1", v1::LedgerEntry::HELD), "in doubt");
  EXPECT_EQ((*store_.ReadDelivery("d1"))->state(), v1::DELIVERY_STATE_HELD);
  EXPECT_EQ(Count("nha", "held"), 1);
}

TEST_F(EngineTest, WhatIsInDoubtNoMoreByThenIsRenderedAnew) {
  StartEngine();
  int looks = 0;
  renderer_.Decide("d1", [&](const v1::Delivery& delivery) -> absl::StatusOr<Rendering> {
    if (++looks == 1) return Withheld{"in doubt", true};
    return ScriptedRenderer::Allow(delivery);
  });
  Enqueue("d1", "nha", 1);  // whose person is not held
  connector_->Answer("d1", Delivered());
  EXPECT_EQ(store_.AwaitRecorded("d1").state(), v1::DELIVERY_STATE_DELIVERED);
  EXPECT_EQ(looks, 2);
}

TEST_F(EngineTest, WhatCannotBeBuiltIsTriedAgain) {
  StartEngine();
  renderer_.Decide("d1", [](const v1::Delivery&) -> absl::StatusOr<Rendering> {
    return absl::FailedPreconditionError("the recipient has no endpoint");
  });
  Enqueue("d1", "nha", 1);
  EXPECT_EQ(store_.AwaitRecorded("d1").state(), v1::DELIVERY_STATE_PENDING);
  EXPECT_EQ(OnlyEntry("d1", v1::LedgerEntry::ATTEMPTED),
            "attempt 1: not sent: the recipient has no endpoint");
  renderer_.Decide("d1", ScriptedRenderer::Allow);
  Advance(seconds(1));
  connector_->Answer("d1", Delivered());
  EXPECT_EQ(store_.AwaitRecorded("d1", 2).state(), v1::DELIVERY_STATE_DELIVERED);
}

TEST_F(EngineTest, AnEndpointWithoutAConnectorIsTriedAgain) {
  StartEngine();
  renderer_.Decide("d1", [](const v1::Delivery&) {
    Ready ready;
    ready.connector = "carrier-pigeon";
    return ready;
  });
  Enqueue("d1", "nha", 1);
  EXPECT_EQ(store_.AwaitRecorded("d1").last_error(), "not sent: no connector for this endpoint");
}

TEST_F(EngineTest, GivesUpWhenAnAttemptFailsTooLate) {
  StartEngine();
  v1::Delivery old = ADelivery("d1", "nha", 1);
  old.set_created_us(ToMicros(clock_.Now() - hours(7 * 24)));
  Enqueue({old});
  connector_->Answer("d1", Failed());
  EXPECT_EQ(store_.AwaitRecorded("d1").state(), v1::DELIVERY_STATE_DEAD);
  EXPECT_EQ(OnlyEntry("d1", v1::LedgerEntry::DEAD), "gave up after attempt 1: HTTP 503");
  EXPECT_EQ(Count("nha", "gave_up"), 1);
}

TEST_F(EngineTest, AnOldOneIsStillAttempted) {
  StartEngine();
  v1::Delivery old = ADelivery("d1", "nha", 1);
  old.set_created_us(ToMicros(clock_.Now() - hours(8 * 24)));
  Enqueue({old});
  connector_->Answer("d1", Delivered());
  EXPECT_EQ(store_.AwaitRecorded("d1").state(), v1::DELIVERY_STATE_DELIVERED);
}

TEST_F(EngineTest, RecordsAnOutcomeThatTheStoreDidNotTakeAtFirst) {
  StartEngine();
  Enqueue("d1", "nha", 1);
  connector_->AwaitSent(1);
  store_.RefuseCommits(1);
  connector_->Answer("d1", Delivered());
  store_.AwaitRefused();
  Advance(seconds(1));
  EXPECT_EQ(store_.AwaitRecorded("d1").state(), v1::DELIVERY_STATE_DELIVERED);
  EXPECT_EQ(connector_->sent().size(), 1u);
}

TEST_F(EngineTest, AnOutcomeWaitingToBeRecordedKeepsItsLane) {
  StartEngine({.lease = seconds(1)});
  Enqueue("d1", "nha", 1);
  connector_->AwaitSent(1);
  store_.RefuseCommits(2);
  connector_->Answer("d1", Delivered());
  clock_.Advance(milliseconds(1'500));  // beyond the lease
  LetItLook();                          // refuses the barrier's commit once
  Advance(seconds(2));
  store_.AwaitRecorded("d1");
  EXPECT_EQ(connector_->SentTo("nha"), 1u);
}

TEST_F(EngineTest, ManyLanesInRandomWeatherAllSettleInOrder) {
  StartEngine({.backoff = {.first = milliseconds(1), .max = milliseconds(1)},
               .breaker = {.failures = 3, .open = milliseconds(1), .max_open = milliseconds(1)}});
  std::mt19937 weather(11);
  const auto script = [&weather](const Outbound&) {
    switch (weather() % 8) {
      case 0:
        return Refused();
      case 1:
      case 2:
        return Failed();
      default:
        return Delivered();
    }
  };
  std::vector<std::string> ids;
  std::vector<v1::Delivery> deliveries;
  for (int n = 0; n < 4; ++n) {
    for (const char* party : {"a", "b", "c"}) {
      connector_->SetScript(party, script);
      for (std::uint64_t person = 1; person <= 20; ++person) {
        ids.push_back(std::string(party) + "-" + std::to_string(person) + "-" + std::to_string(n));
        deliveries.push_back(ADelivery(ids.back(), party, person));
      }
    }
  }
  Enqueue(std::move(deliveries));
  while (store_.GetStatistics().deliveries_pending > 0) {
    Advance(milliseconds(2));
    std::this_thread::yield();
  }
  std::map<std::string, char> last_of_lane;
  for (const std::string& id : connector_->SentIds()) {
    const std::string lane = id.substr(0, id.size() - 2);
    EXPECT_GE(id.back(), last_of_lane[lane]) << id;
    last_of_lane[lane] = id.back();
  }
  const std::vector<std::string> sent = connector_->SentIds();
  EXPECT_EQ(std::set<std::string>(sent.begin(), sent.end()).size(), ids.size());
}

}  // namespace
}  // namespace handoff::delivery
