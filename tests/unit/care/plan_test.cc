// Plans: their events, and their status without the story.
#include "gateway/care/plan.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/care/world.h"

namespace handoff::care::testing {
namespace {

using ::testing::SizeIs;

std::string Plan(const std::string& status, const std::string& more = {}) {
  return R"({"resourceType":"CarePlan","id":"cp","status":")" + status +
         R"(","intent":"plan","subject":{"reference":"Patient/p"},"goal":[{"reference":"Goal/g"}])" +
         more + "}";
}

std::string Goal(const std::string& lifecycle, const std::string& more = {}) {
  return R"({"resourceType":"Goal","id":"g","lifecycleStatus":")" + lifecycle +
         R"(","description":{"text":"walk daily"},"subject":{"reference":"Patient/p"})" + more +
         "}";
}

TEST(PlanTest, TellsANewPlanAndItsGoals) {
  World world;
  const Understanding read = world.Send("lfm", {Plan("active"), Goal("active")});
  ASSERT_EQ(Kinds(read), "PLAN_VERSION GOAL_STATUS");
  EXPECT_EQ(Story(read.events[0]), "CarePlan/cp Goal/g");
  EXPECT_EQ(Story(read.events[1]), "Goal/g CarePlan/cp");
  EXPECT_EQ(read.events[1].status(), "active");
}

TEST(PlanTest, IgnoresDraftsAndErrors) {
  World world;
  EXPECT_EQ(Kinds(world.Send("lfm", {Plan("draft")})), "");
  EXPECT_EQ(Kinds(world.Send("lfm", {Plan("entered-in-error")})), "");
  EXPECT_EQ(Kinds(world.Send("lfm", {Goal("entered-in-error")})), "");
}

TEST(PlanTest, TellsAPlanAgainOnlyWhenItChanged) {
  World world;
  world.Send("lfm",
             {Plan("active", R"(,"meta":{"versionId":"1","lastUpdated":"2026-07-01T00:00:00Z"})")});
  EXPECT_EQ(Kinds(world.Send("lfm", {Plan("active", R"(,"meta":{"versionId":"2"})")})), "");
  EXPECT_EQ(Kinds(world.Send("lfm", {Plan("active", R"(,"title":"new")")})), "PLAN_VERSION");
}

TEST(PlanTest, TellsAGoalAgainWhenAStatusChanged) {
  World world;
  world.Send("lfm", {Goal("active")});
  EXPECT_EQ(Kinds(world.Send("lfm", {Goal("active", R"(,"note":[{"text":"x"}])")})), "");
  const std::string achieved = R"(,"achievementStatus":{"coding":[{"code":"achieved"}]})";
  EXPECT_EQ(Kinds(world.Send("lfm", {Goal("active", achieved)})), "GOAL_STATUS");
  EXPECT_EQ(Kinds(world.Send("lfm", {Goal("completed", achieved)})), "GOAL_STATUS");
}

TEST(PlanTest, DatesAPlanThatIsNewToUsAsItDatesItself) {
  World world;
  const Understanding old_plan =
      world.Send("lfm",
                 {Plan("completed", R"(,"period":{"start":"2018-01-01","end":"2019-01-01"})"),
                  Goal("completed")});
  ASSERT_THAT(old_plan.events, SizeIs(2));
  EXPECT_EQ(old_plan.events[0].occurred_us(), At("2019-01-01"));
  EXPECT_EQ(old_plan.events[1].occurred_us(), At("2019-01-01"));
  const Understanding changed =
      world.Send("lfm", {Plan("active", R"(,"period":{"start":"2018-01-01"})")});
  EXPECT_EQ(changed.events.at(0).occurred_us(), At("2026-07-02T15:20:00Z"));
}

TEST(PlanTest, ShowsTheStatusOfAPlanWithoutItsStory) {
  v1::CarePlan plan;
  plan.set_id("cp");
  plan.set_status(v1::REQUEST_STATUS_ACTIVE);
  plan.set_title("CANARY");
  plan.set_description("CANARY");
  plan.add_notes()->set_text("CANARY");
  v1::CodeableConcept& category = *plan.add_categories();
  category.set_text("CANARY");
  category.set_extra("CANARY");
  category.add_codings()->set_code("assess-plan");
  plan.mutable_period()->mutable_start()->set_seconds(5);
  for (const char* id : {"g", "lost"}) {
    plan.add_goals()->set_resource_type("Goal");
    plan.mutable_goals(plan.goals_size() - 1)->set_resource_id(id);
  }
  plan.add_activities()->mutable_detail()->set_status(v1::CARE_PLAN_ACTIVITY_STATUS_IN_PROGRESS);
  plan.mutable_activities(0)->mutable_detail()->set_description("CANARY");
  v1::Reference& request = *plan.add_activities()->mutable_reference();
  request.set_resource_type("ServiceRequest");
  request.set_resource_id("s");
  request.set_display("CANARY");

  PlanParts parts;
  parts.goal = [](const ResourceKey& key) -> std::optional<v1::Goal> {
    if (key.id != "g") return std::nullopt;
    v1::Goal goal;
    goal.set_id("g");
    goal.set_lifecycle_status(v1::GOAL_LIFECYCLE_STATUS_ACTIVE);
    goal.mutable_description()->set_text("CANARY");
    goal.mutable_achievement_status()->set_text("CANARY");
    goal.mutable_achievement_status()->add_codings()->set_code("improving");
    return goal;
  };
  parts.referral = [](const ResourceKey&) {
    v1::Referral referral;
    referral.set_state(v1::REFERRAL_STATE_ACCEPTED);
    referral.set_need("CANARY");
    return std::optional(referral);
  };
  const v1::PlanStatus status = BuildPlanStatus(plan, 4, FromMicros(9), parts);
  EXPECT_EQ(status.plan_id(), "cp");
  EXPECT_EQ(status.version(), 4u);
  EXPECT_EQ(status.status(), v1::REQUEST_STATUS_ACTIVE);
  EXPECT_EQ(status.updated_us(), 9);
  EXPECT_EQ(status.categories(0).codings(0).code(), "assess-plan");
  EXPECT_EQ(status.period().start().seconds(), 5);
  ASSERT_THAT(status.goals(), SizeIs(1));
  EXPECT_EQ(status.goals(0).achievement_status().codings(0).code(), "improving");
  ASSERT_THAT(status.activities(), SizeIs(2));
  EXPECT_EQ(status.activities(0).status(), v1::CARE_PLAN_ACTIVITY_STATUS_IN_PROGRESS);
  EXPECT_EQ(status.activities(1).reference(), "ServiceRequest/s");
  EXPECT_EQ(status.activities(1).referral_state(), v1::REFERRAL_STATE_ACCEPTED);
  EXPECT_EQ(status.ShortDebugString().find("CANARY"), std::string::npos);
}

}  // namespace
}  // namespace handoff::care::testing
