// The state machine of a closed loop.
#include "gateway/care/referral.h"

#include <set>
#include <string>
#include <tuple>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace handoff::care {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr v1::ReferralState kAll[] = {v1::REFERRAL_STATE_DRAFT,
                                      v1::REFERRAL_STATE_REQUESTED,
                                      v1::REFERRAL_STATE_DELIVERED,
                                      v1::REFERRAL_STATE_ACCEPTED,
                                      v1::REFERRAL_STATE_REJECTED,
                                      v1::REFERRAL_STATE_IN_PROGRESS,
                                      v1::REFERRAL_STATE_ON_HOLD,
                                      v1::REFERRAL_STATE_COMPLETED,
                                      v1::REFERRAL_STATE_CANCELLED,
                                      v1::REFERRAL_STATE_FAILED,
                                      v1::REFERRAL_STATE_ENTERED_IN_ERROR};

v1::Referral In(v1::ReferralState state) {
  v1::Referral referral;
  referral.set_id("r1");
  referral.set_requester("lfm");
  referral.set_performer("llp");
  referral.set_state(state);
  referral.set_version(3);
  referral.add_steps()->set_by("lfm");
  return referral;
}

Move To(v1::ReferralState to, const char* by, const char* reason = "because") {
  return {to, PartyKey(by), reason, MessageId("m9"), FromMicros(1'783'005'600'000'000)};
}

std::string Edge(v1::ReferralState from, v1::ReferralState to, std::string_view by) {
  return std::string(StateCode(from)) + " > " + std::string(StateCode(to)) + " by " +
         std::string(by);
}

// Every move that the table of the implementation guide allows, written out once more; all others
// are refused.
TEST(ReferralTest, AllowsTheMovesOfTheGuideAndNoOther) {
  std::set<std::string> allowed = {"draft > requested by lfm",
                                   "requested > accepted by llp",
                                   "requested > rejected by llp",
                                   "delivered > accepted by llp",
                                   "delivered > rejected by llp",
                                   "accepted > in-progress by llp",
                                   "accepted > on-hold by llp",
                                   "accepted > completed by llp",
                                   "accepted > failed by llp",
                                   "in-progress > on-hold by llp",
                                   "in-progress > completed by llp",
                                   "in-progress > failed by llp",
                                   "on-hold > in-progress by llp",
                                   "on-hold > completed by llp",
                                   "on-hold > failed by llp"};
  for (const char* from : {"requested", "delivered", "accepted", "in-progress", "on-hold"}) {
    for (const char* by : {"lfm", "llp"})
      allowed.insert(std::string(from) + " > cancelled by " + by);
  }
  for (const v1::ReferralState from : kAll) {
    if (from == v1::REFERRAL_STATE_ENTERED_IN_ERROR) continue;
    allowed.insert(std::string(StateCode(from)) + " > entered-in-error by lfm");
  }
  std::set<std::string> moved;
  for (const v1::ReferralState from : kAll) {
    for (const v1::ReferralState to : kAll) {
      for (const char* by : {"lfm", "llp", "nha"}) {
        if (Step(In(from), To(to, by)).outcome == StepOutcome::kMoved)
          moved.insert(Edge(from, to, by));
      }
    }
  }
  EXPECT_EQ(moved, allowed);
}

TEST(ReferralTest, RecordsAMove) {
  const StepResult result =
      Step(In(v1::REFERRAL_STATE_DELIVERED), To(v1::REFERRAL_STATE_REJECTED, "llp", "at capacity"));
  ASSERT_EQ(result.outcome, StepOutcome::kMoved);
  const v1::Referral& next = result.referral;
  EXPECT_EQ(next.state(), v1::REFERRAL_STATE_REJECTED);
  EXPECT_EQ(next.reason(), "at capacity");
  EXPECT_EQ(next.version(), 4u);
  ASSERT_THAT(next.steps(), SizeIs(2));
  EXPECT_EQ(next.steps(1).by(), "llp");
  EXPECT_EQ(next.steps(1).message_id(), "m9");
  EXPECT_EQ(next.steps(1).at_us(), 1'783'005'600'000'000);
}

TEST(ReferralTest, NamesFromToAndActorOfARefusedMove) {
  const StepResult result =
      Step(In(v1::REFERRAL_STATE_ACCEPTED), To(v1::REFERRAL_STATE_REQUESTED, "llp"));
  ASSERT_EQ(result.outcome, StepOutcome::kRefused);
  EXPECT_EQ(result.issue->code, "business-rule");
  EXPECT_EQ(result.issue->severity, fhir::Severity::kError);
  EXPECT_EQ(result.issue->text, "referral cannot go from accepted to requested by performer");
  EXPECT_EQ(result.issue->expression, "Task.status");
  EXPECT_EQ(result.referral.state(), v1::REFERRAL_STATE_ACCEPTED);
  EXPECT_EQ(result.referral.version(), 3u);
}

TEST(ReferralTest, RefusesAPartyThatIsNoPartOfIt) {
  const StepResult result =
      Step(In(v1::REFERRAL_STATE_ACCEPTED), To(v1::REFERRAL_STATE_ACCEPTED, "nha"));
  ASSERT_EQ(result.outcome, StepOutcome::kRefused);
  EXPECT_THAT(result.issue->text,
              HasSubstr("by nha, which is neither its requester nor its performer"));
}

TEST(ReferralTest, AsksForAReasonWhereTheGuideDoes) {
  for (const v1::ReferralState to :
       {v1::REFERRAL_STATE_CANCELLED, v1::REFERRAL_STATE_ON_HOLD, v1::REFERRAL_STATE_FAILED}) {
    for (const char* reason : {"", " \t\n"}) {
      const StepResult result = Step(In(v1::REFERRAL_STATE_ACCEPTED), To(to, "llp", reason));
      ASSERT_EQ(result.outcome, StepOutcome::kRefused);
      EXPECT_EQ(result.issue->expression, "Task.statusReason.text");
      EXPECT_THAT(result.issue->text, HasSubstr("without a reason"));
    }
  }
  EXPECT_EQ(
      Step(In(v1::REFERRAL_STATE_REQUESTED), To(v1::REFERRAL_STATE_REJECTED, "llp", "")).outcome,
      StepOutcome::kRefused);
  EXPECT_EQ(
      Step(In(v1::REFERRAL_STATE_REQUESTED), To(v1::REFERRAL_STATE_ACCEPTED, "llp", "")).outcome,
      StepOutcome::kMoved);
}

TEST(ReferralTest, DoesNothingWhenTheSameMoveComesAgain) {
  for (const v1::ReferralState state : kAll) {
    if (state == v1::REFERRAL_STATE_DELIVERED) continue;
    const StepResult result = Step(In(state), To(state, "llp"));
    EXPECT_EQ(result.outcome, StepOutcome::kUnchanged) << StateCode(state);
    EXPECT_EQ(result.referral.version(), 3u);
  }
  EXPECT_EQ(Step(In(v1::REFERRAL_STATE_DELIVERED), To(v1::REFERRAL_STATE_REQUESTED, "lfm")).outcome,
            StepOutcome::kUnchanged);
}

TEST(ReferralTest, LetsWhoOpenedItActForTheRequester) {
  v1::Referral referral = In(v1::REFERRAL_STATE_REQUESTED);
  referral.mutable_steps(0)->set_by("hie");
  EXPECT_EQ(ActorOf(referral, PartyKey("hie")), Actor::kRequester);
  EXPECT_EQ(ActorOf(referral, PartyKey("lfm")), Actor::kRequester);
  EXPECT_EQ(ActorOf(referral, PartyKey()), Actor::kNone);
  referral.mutable_steps(0)->set_by("llp");
  EXPECT_EQ(ActorOf(referral, PartyKey("llp")), Actor::kPerformer);
  referral.set_requester("llp");
  EXPECT_EQ(ActorOf(referral, PartyKey("llp")), Actor::kBoth);
}

TEST(ReferralTest, MarksARequestDeliveredOnce) {
  v1::Referral referral = In(v1::REFERRAL_STATE_REQUESTED);
  EXPECT_TRUE(MarkDelivered(&referral, MessageId("m2"), FromMicros(5)));
  EXPECT_EQ(referral.state(), v1::REFERRAL_STATE_DELIVERED);
  EXPECT_EQ(referral.version(), 3u);
  EXPECT_FALSE(MarkDelivered(&referral, MessageId("m2"), FromMicros(5)));
  v1::Referral accepted = In(v1::REFERRAL_STATE_ACCEPTED);
  EXPECT_FALSE(MarkDelivered(&accepted, MessageId("m2"), FromMicros(5)));
}

TEST(ReferralTest, AssignsAPerformerOnlyWhereThereIsNone) {
  v1::Referral referral = In(v1::REFERRAL_STATE_REQUESTED);
  EXPECT_FALSE(AssignPerformer(&referral, PartyKey("htf")));
  referral.clear_performer();
  EXPECT_TRUE(AssignPerformer(&referral, PartyKey("htf")));
  EXPECT_EQ(referral.performer(), "htf");
  v1::Referral closed = In(v1::REFERRAL_STATE_CANCELLED);
  closed.clear_performer();
  EXPECT_FALSE(AssignPerformer(&closed, PartyKey("htf")));
}

TEST(ReferralTest, MapsStatesToTaskStatusesAndBack) {
  for (const v1::ReferralState state : kAll) {
    const v1::ReferralState shown =
        state == v1::REFERRAL_STATE_DELIVERED ? v1::REFERRAL_STATE_REQUESTED : state;
    EXPECT_EQ(StateOf(StatusOf(state)), shown);
    EXPECT_EQ(StateOf(StateCode(state)), state);
  }
  EXPECT_EQ(StateOf(v1::TASK_STATUS_READY), v1::REFERRAL_STATE_UNSPECIFIED);
  EXPECT_EQ(StateOf(v1::TASK_STATUS_RECEIVED), v1::REFERRAL_STATE_UNSPECIFIED);
  EXPECT_EQ(StateOf("finished"), v1::REFERRAL_STATE_UNSPECIFIED);
}

v1::Task StoredTask() {
  v1::Task task;
  task.set_id("t");
  task.set_status(v1::TASK_STATUS_REQUESTED);
  task.set_intent(v1::TASK_INTENT_ORDER);
  task.set_description("one parcel");
  task.mutable_owner()->set_resource_type("Organization");
  task.mutable_owner()->set_resource_id("llp");
  task.add_notes()->set_text("from the requester");
  return task;
}

TEST(ReferralTest, TakesFromAPerformerOnlyWhatIsItsToSay) {
  v1::Task update = StoredTask();
  update.set_status(v1::TASK_STATUS_REJECTED);
  update.mutable_status_reason()->set_text("at capacity");
  update.mutable_business_status()->set_text("full");
  update.mutable_owner()->set_resource_id("someone-else");
  update.set_description("changed");
  update.set_priority(v1::REQUEST_PRIORITY_STAT);
  update.mutable_last_modified()->set_seconds(9);
  update.mutable_execution_period()->mutable_start()->set_seconds(8);
  update.clear_notes();
  update.add_notes()->set_text("from the performer");
  const v1::Task merged = MergePerformerUpdate(StoredTask(), update);
  EXPECT_EQ(merged.status(), v1::TASK_STATUS_REJECTED);
  EXPECT_EQ(merged.status_reason().text(), "at capacity");
  EXPECT_EQ(merged.business_status().text(), "full");
  EXPECT_EQ(merged.last_modified().seconds(), 9);
  EXPECT_EQ(merged.execution_period().start().seconds(), 8);
  EXPECT_EQ(merged.owner().resource_id(), "llp");
  EXPECT_EQ(merged.description(), "one parcel");
  EXPECT_EQ(merged.priority(), v1::REQUEST_PRIORITY_UNSPECIFIED);
  ASSERT_THAT(merged.notes(), SizeIs(2));
  EXPECT_EQ(merged.notes(0).text(), "from the requester");
  EXPECT_EQ(merged.notes(1).text(), "from the performer");
}

TEST(ReferralTest, AddsWhatAPerformerReportsOnce) {
  v1::Task stored = StoredTask();
  stored.add_outputs()->mutable_value_reference()->set_resource_id("p1");
  v1::Task update = stored;
  update.mutable_outputs(0)->mutable_value_reference()->set_display("as shown to me");
  update.add_outputs()->set_value_string("delivered");
  const v1::Task merged = MergePerformerUpdate(stored, update);
  EXPECT_THAT(merged.notes(), SizeIs(1));
  ASSERT_THAT(merged.outputs(), SizeIs(2));
  EXPECT_EQ(merged.outputs(1).value_string(), "delivered");
}

TEST(ReferralTest, WritesAMoveIntoTheTask) {
  const Timestamp now = FromMicros(1'783'005'600'123'456);
  const v1::Task held = ApplyMove(StoredTask(), v1::REFERRAL_STATE_ON_HOLD, "waiting", {}, now);
  EXPECT_EQ(held.status(), v1::TASK_STATUS_ON_HOLD);
  EXPECT_EQ(held.status_reason().text(), "waiting");
  EXPECT_EQ(held.last_modified().seconds(), 1'783'005'600);
  EXPECT_EQ(held.last_modified().nanos(), 123'000'000u);
  EXPECT_TRUE(held.last_modified().zulu());
  EXPECT_FALSE(held.has_execution_period());

  const v1::Task started = ApplyMove(held, v1::REFERRAL_STATE_IN_PROGRESS, "", {}, now);
  EXPECT_FALSE(started.has_status_reason());
  EXPECT_TRUE(started.execution_period().has_start());
  const v1::Task done =
      ApplyMove(started, v1::REFERRAL_STATE_COMPLETED, "", {{"Procedure", "p"}}, now);
  EXPECT_TRUE(done.execution_period().has_end());
  ASSERT_THAT(done.outputs(), SizeIs(1));
  EXPECT_EQ(done.outputs(0).type().codings(0).code(), "resulting-activity");
  EXPECT_EQ(done.outputs(0).value_reference().resource_type(), "Procedure");
}

}  // namespace
}  // namespace handoff::care
