// The status of a care plan without its story.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "gateway/base/clock.h"
#include "gateway/base/ids.h"
#include "handoff/v1/clinical.pb.h"
#include "handoff/v1/model.pb.h"

namespace handoff::care {

struct PlanParts {
  std::function<std::optional<v1::Goal>(const ResourceKey&)> goal;
  // The referral of a ServiceRequest or Task that an activity names.
  std::function<std::optional<v1::Referral>(const ResourceKey&)> referral;
  std::vector<v1::Identifier> subject_identifiers;  // those that the reader may see
};

// Goals that cannot be found are left out; activities keep the order of the plan.
v1::PlanStatus BuildPlanStatus(const v1::CarePlan& plan,
                               std::uint64_t version,
                               Timestamp updated,
                               const PlanParts& parts);

}  // namespace handoff::care
