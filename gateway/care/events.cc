#include "gateway/care/events.h"

#include "gateway/care/plan_reader.h"
#include "gateway/care/reading.h"
#include "gateway/care/referral_reader.h"
#include "gateway/care/stay_reader.h"

namespace handoff::care {

bool ReadsType(std::string_view type) {
  return type == "Encounter" || type == "CarePlan" || type == "Goal" || type == "ServiceRequest" ||
         type == "Task";
}

Understanding Understand(const Message& message, const EventRules& rules, Facts& facts) {
  Reading reading(message, facts);
  ReadStays(rules, &reading);
  ReadPlans(&reading);
  ReadReferrals(rules, &reading);
  return reading.Finish();
}

}  // namespace handoff::care
