#include "gateway/care/plan.h"

#include <string>

namespace handoff::care {
namespace {

// Codes only: the text of a concept is free and may tell the story.
void CopyCodes(const v1::CodeableConcept& from, v1::CodeableConcept* to) {
  for (const v1::Coding& coding : from.codings()) {
    v1::Coding& copy = *to->add_codings();
    copy.set_system(coding.system());
    copy.set_version(coding.version());
    copy.set_code(coding.code());
    copy.set_display(coding.display());
  }
}

void AddGoals(const v1::CarePlan& plan, const PlanParts& parts, v1::PlanStatus* status) {
  for (const v1::Reference& reference : plan.goals()) {
    if (reference.resource_type() != "Goal") continue;
    const std::optional<v1::Goal> goal =
        parts.goal({reference.resource_type(), reference.resource_id()});
    if (!goal) continue;
    v1::PlanStatus::GoalState& state = *status->add_goals();
    state.set_goal_id(goal->id());
    state.set_lifecycle_status(goal->lifecycle_status());
    if (goal->has_achievement_status()) {
      CopyCodes(goal->achievement_status(), state.mutable_achievement_status());
    }
  }
}

void AddActivities(const v1::CarePlan& plan, const PlanParts& parts, v1::PlanStatus* status) {
  for (const v1::CarePlan::Activity& activity : plan.activities()) {
    v1::PlanStatus::ActivityState& state = *status->add_activities();
    state.set_status(activity.detail().status());
    const v1::Reference& reference = activity.reference();
    if (reference.resource_type().empty()) continue;
    state.set_reference(reference.resource_type() + "/" + reference.resource_id());
    if (reference.resource_type() != "ServiceRequest" && reference.resource_type() != "Task")
      continue;
    const std::optional<v1::Referral> referral =
        parts.referral({reference.resource_type(), reference.resource_id()});
    if (referral) state.set_referral_state(referral->state());
  }
}

}  // namespace

v1::PlanStatus BuildPlanStatus(const v1::CarePlan& plan,
                               std::uint64_t version,
                               Timestamp updated,
                               const PlanParts& parts) {
  v1::PlanStatus status;
  status.set_plan_id(plan.id());
  status.set_version(version);
  status.set_status(plan.status());
  for (const v1::CodeableConcept& category : plan.categories()) {
    CopyCodes(category, status.add_categories());
  }
  if (plan.has_created()) *status.mutable_created() = plan.created();
  if (plan.has_period()) {
    if (plan.period().has_start())
      *status.mutable_period()->mutable_start() = plan.period().start();
    if (plan.period().has_end()) *status.mutable_period()->mutable_end() = plan.period().end();
  }
  for (const v1::Identifier& identifier : parts.subject_identifiers) {
    *status.add_subject_identifiers() = identifier;
  }
  status.set_updated_us(ToMicros(updated));
  AddGoals(plan, parts, &status);
  AddActivities(plan, parts, &status);
  return status;
}

}  // namespace handoff::care
