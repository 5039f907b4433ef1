// The invariants of the maps: each family holds where it should, and is reported where it should.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/validation/validate_test_util.h"

namespace handoff::fhir {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string CarePlan(const std::string& activity) {
  return R"({"resourceType":"CarePlan","status":"active","intent":"plan",)"
         R"("subject":{"reference":"Patient/p"},"activity":[)" +
         activity + "]}";
}

TEST(InvariantsTest, CarePlanActivityHasDetailOrReference) {
  EXPECT_THAT(Findings(CarePlan(R"({"reference":{"reference":"Task/t"}})")), IsEmpty());
  EXPECT_THAT(Findings(CarePlan(R"({"detail":{"status":"completed"}})")), IsEmpty());
  EXPECT_THAT(
      Findings(CarePlan(
          R"({"detail":{"status":"completed"}},)"
          R"({"reference":{"reference":"Task/t"},"detail":{"status":"completed"}})")),
      ElementsAre("error invariant CarePlan.activity[1] cpl-3"));
}

std::string Goal(const std::string& target) {
  return R"({"resourceType":"Goal","lifecycleStatus":"active","description":{"text":"walk"},)"
         R"("subject":{"reference":"Patient/p"},"target":[)" +
         target + "]}";
}

TEST(InvariantsTest, GoalDetailNeedsAMeasure) {
  EXPECT_THAT(Findings(Goal(R"({"measure":{"text":"m"},"detailInteger":3})")), IsEmpty());
  EXPECT_THAT(Findings(Goal(R"({"dueDate":"2030-01-01"})")), IsEmpty());
  EXPECT_THAT(Findings(Goal(R"({"detailInteger":3})")),
              ElementsAre("error invariant Goal.target[0] gol-1"));
}

std::string Condition(const std::string& members) {
  return R"({"resourceType":"Condition","subject":{"reference":"Patient/p"})" + members + "}";
}

const std::string kResolved =
    R"(,"clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"resolved"}]})";
const std::string kActive =
    R"(,"clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]})";
const std::string kError =
    R"(,"verificationStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-ver-status","code":"entered-in-error"}]})";

TEST(InvariantsTest, ConditionStatusesAgree) {
  const std::string abated = R"(,"abatementDateTime":"2020-01-01")";
  EXPECT_THAT(Findings(Condition(kResolved + abated)), IsEmpty());
  EXPECT_THAT(Findings(Condition(kActive + abated)),
              ElementsAre("error invariant Condition con-4"));
  EXPECT_THAT(Findings(Condition(kError)), IsEmpty());
  EXPECT_THAT(Findings(Condition(kActive + kError)),
              ElementsAre("error invariant Condition con-5"));
}

TEST(InvariantsTest, AWarningIsAWarning) {
  EXPECT_THAT(Findings(Condition(R"(,"category":[{"text":"problem"}])")),
              ElementsAre("warning invariant Condition con-3"));
}

TEST(InvariantsTest, BackboneElementsAreNamedWithTheirIndex) {
  EXPECT_THAT(Findings(Condition(R"(,"stage":[{"summary":{"text":"2"}},{"type":{"text":"t"}}])"
                                 R"(,"evidence":[{"code":[{"text":"c"}]},{"id":"e"}])")),
              ElementsAre("error invariant Condition.stage[1] con-1",
                          "error invariant Condition.evidence[1] ele-1",
                          "error invariant Condition.evidence[1] con-2"));
}

}  // namespace
}  // namespace handoff::fhir
