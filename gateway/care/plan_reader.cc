#include "gateway/care/plan_reader.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <google/protobuf/util/message_differencer.h>

#include "gateway/care/times.h"

namespace handoff::care {
namespace {

using google::protobuf::util::MessageDifferencer;

// The stamps that we set ourselves are no change of the plan.
bool SameContent(v1::CarePlan a, v1::CarePlan b) {
  for (v1::CarePlan* plan : {&a, &b}) {
    plan->mutable_meta()->clear_version_id();
    plan->mutable_meta()->clear_last_updated();
  }
  return MessageDifferencer::Equals(a, b);
}

bool SameAchievement(const v1::Goal& a, const v1::Goal& b) {
  return MessageDifferencer::Equals(a.achievement_status(), b.achievement_status());
}

// "in-progress" of GOAL_LIFECYCLE_STATUS_IN_PROGRESS.
std::string CodeOf(v1::GoalLifecycleStatus status) {
  std::string code =
      v1::GoalLifecycleStatus_Name(status).substr(sizeof("GOAL_LIFECYCLE_STATUS_") - 1);
  for (char& c : code) c = c == '_' ? '-' : static_cast<char>(c - 'A' + 'a');
  return code;
}

// When a plan that we see for the first time became what it is, as it says itself: an import of old
// plans is old news.
std::optional<std::int64_t> StatedTime(const v1::CarePlan& plan, const Reading& reading) {
  const bool over =
      plan.status() == v1::REQUEST_STATUS_COMPLETED || plan.status() == v1::REQUEST_STATUS_REVOKED;
  if (over && plan.period().has_end()) return reading.Micros(plan.period().end());
  return std::max(reading.Micros(plan.created()), reading.Micros(plan.period().start()));
}

void ReadPlan(const Written& written, Reading* reading) {
  const v1::CarePlan& plan = written.now->care_plan();
  if (plan.status() == v1::REQUEST_STATUS_DRAFT ||
      plan.status() == v1::REQUEST_STATUS_ENTERED_IN_ERROR) {
    return;
  }
  std::int64_t occurred_us = reading->received_us();
  if (written.before != nullptr) {
    if (SameContent(plan, written.before->care_plan())) return;
  } else {
    occurred_us = std::min(occurred_us, StatedTime(plan, *reading).value_or(occurred_us));
  }
  v1::Event& event =
      reading->AddEvent(v1::EVENT_KIND_PLAN_VERSION, written.name, written.person_id, occurred_us);
  reading->stories().Tell(written.name, written.person_id, event.mutable_resources());
}

// The CarePlan of this message that lists the goal; null if none does.
const Written* PlanOf(const Written& goal, const Reading& reading) {
  for (const Written& written : reading.message().resources) {
    if (written.now == nullptr || !written.now->has_care_plan()) continue;
    for (const v1::Reference& reference : written.now->care_plan().goals()) {
      if (KeyOf(reference) == KeyOf(goal.name)) return &written;
    }
  }
  return nullptr;
}

std::optional<std::int64_t> StatedTime(const v1::Goal& goal,
                                       const Written* plan,
                                       const Reading& reading) {
  if (const auto at = reading.Micros(goal.status_date())) return at;
  if (const auto at = reading.Micros(goal.start_date())) return at;
  return plan == nullptr ? std::nullopt : StatedTime(plan->now->care_plan(), reading);
}

void ReadGoal(const Written& written, Reading* reading) {
  const v1::Goal& goal = written.now->goal();
  if (goal.lifecycle_status() == v1::GOAL_LIFECYCLE_STATUS_UNSPECIFIED) return;
  const Written* plan = PlanOf(written, *reading);
  std::int64_t occurred_us = reading->received_us();
  if (written.before != nullptr) {
    const v1::Goal& before = written.before->goal();
    if (goal.lifecycle_status() == before.lifecycle_status() && SameAchievement(goal, before))
      return;
  } else {
    if (goal.lifecycle_status() == v1::GOAL_LIFECYCLE_STATUS_ENTERED_IN_ERROR) return;
    occurred_us = std::min(occurred_us, StatedTime(goal, plan, *reading).value_or(occurred_us));
  }
  v1::Event& event =
      reading->AddEvent(v1::EVENT_KIND_GOAL_STATUS, written.name, written.person_id, occurred_us);
  event.set_status(CodeOf(goal.lifecycle_status()));
  reading->stories().Tell(written.name, written.person_id, event.mutable_resources());
  if (plan != nullptr && plan->person_id == written.person_id)
    *event.mutable_resources()->Add() = plan->name;
}

}  // namespace

void ReadPlans(Reading* reading) {
  for (const Written& written : reading->message().resources) {
    if (written.now == nullptr) continue;
    if (written.now->has_care_plan()) ReadPlan(written, reading);
    if (written.now->has_goal()) ReadGoal(written, reading);
  }
}

}  // namespace handoff::care
