// What references may point to, and what may be contained.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/validation/validate_test_util.h"

namespace handoff::fhir {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string Goal(const std::string& members) {
  return R"({"resourceType":"Goal","lifecycleStatus":"active","description":{"text":"walk"},)" +
         members + "}";
}

TEST(ReferencesTest, AllowsTheTypesOfTheMap) {
  EXPECT_THAT(Findings(Goal(R"("subject":{"reference":"Patient/p"})")), IsEmpty());
  EXPECT_THAT(Findings(Goal(R"("subject":{"reference":"https://x.example/fhir/Group/g"})")),
              IsEmpty());
  EXPECT_THAT(Findings(Goal(R"("subject":{"display":"a person"})")), IsEmpty());
  EXPECT_THAT(Findings(Goal(R"("subject":{"reference":"urn:oid:1.2.3"})")), IsEmpty());
}

TEST(ReferencesTest, HoldExtensionsThatHaveFieldsToTheirTypes) {
  const std::string url = "http://hl7.org/fhir/StructureDefinition/resource-pertainsToGoal";
  const auto goal = [&](const std::string& target) {
    return Goal(R"("subject":{"reference":"Patient/p"},"extension":[{"url":")" + url +
                R"(","valueReference":{"reference":")" + target + R"("}}])");
  };
  EXPECT_THAT(Findings(goal("Goal/g")), IsEmpty());
  EXPECT_THAT(Findings(goal("Task/t")),
              ElementsAre("error structure Goal.extension('" + url + "').value[0] must"));
}

TEST(ReferencesTest, RefusesOtherTypes) {
  EXPECT_THAT(Findings(Goal(R"("subject":{"reference":"Device/d"})")),
              ElementsAre("error structure Goal.subject must"));
  EXPECT_THAT(
      Findings(Goal(R"("subject":{"reference":"https://x.example/fhir/Device/d/_history/1"})")),
      ElementsAre("error structure Goal.subject must"));
  EXPECT_THAT(Findings(Goal(R"("subject":{"type":"Device","identifier":{"value":"1"}})")),
              ElementsAre("error structure Goal.subject must"));
  EXPECT_THAT(Findings(Goal(R"("subject":{"reference":"Patient/p"},)"
                            R"("addresses":[{"reference":"Condition/c"},{"reference":"Task/t"}])")),
              ElementsAre("error structure Goal.addresses[1] must"));
}

TEST(ReferencesTest, NamesWhatIsAllowedAndNoValue) {
  const Issues issues = Validated(Goal(R"("subject":{"reference":"Device/d"})"));
  ASSERT_EQ(issues.size(), 1u);
  EXPECT_EQ(issues[0].text,
            "Goal.subject: must not refer to Device; allowed are Group Organization Patient");
}

TEST(ReferencesTest, TypeAgreesWithTheReference) {
  EXPECT_THAT(Findings(Goal(R"("subject":{"reference":"Patient/p","type":"Patient"})")), IsEmpty());
  EXPECT_THAT(
      Findings(Goal(
          R"("subject":{"reference":"Patient/p","type":"http://hl7.org/fhir/StructureDefinition/Patient"})")),
      IsEmpty());
  EXPECT_THAT(Findings(Goal(R"("subject":{"reference":"Patient/p","type":"Group"})")),
              ElementsAre("error structure Goal.subject Reference.type"));
}

TEST(ReferencesTest, ARelativeReferenceIsTypeAndId) {
  EXPECT_THAT(Findings(Goal(R"("subject":{"reference":"p"})")),
              ElementsAre("error invalid Goal.subject a"));
  EXPECT_THAT(Findings(Goal(R"("subject":{"reference":"Person1/p"})")),
              ElementsAre("error invalid Goal.subject a"));
  EXPECT_THAT(Findings(Goal(R"("subject":{"reference":"Patient?identifier=1"})")), IsEmpty());
}

const std::string kPatient = R"("contained":[{"resourceType":"Patient","id":"p"}])";

TEST(ReferencesTest, ALocalReferenceIsContained) {
  EXPECT_THAT(Findings(Goal(kPatient + R"(,"subject":{"reference":"#p"})")), IsEmpty());
  EXPECT_THAT(Findings(Goal(kPatient + R"(,"subject":{"reference":"#p"},)"
                                       R"("expressedBy":{"reference":"#q"})")),
              ElementsAre("error invariant Goal.expressedBy ref-1"));
}

TEST(ReferencesTest, AContainedResourceHasATypeToo) {
  EXPECT_THAT(
      Findings(Goal(R"("contained":[{"resourceType":"Organization","id":"o","name":"n"}],)"
                    R"("subject":{"reference":"Patient/1"},"expressedBy":{"reference":"#o"})")),
      ElementsAre("error structure Goal.expressedBy must"));
}

TEST(ReferencesTest, LocalReferencesInExtensionsAreContained) {
  const auto with = [](const std::string& reference) {
    return Goal(kPatient +
                R"(,"subject":{"reference":"#p"},"extension":[)"
                R"({"url":"http://x.example/e","valueReference":{"reference":")" +
                reference + R"("}}])");
  };
  EXPECT_THAT(Findings(with("#p")), IsEmpty());
  EXPECT_THAT(Findings(with("#q")),
              ElementsAre("error invariant Goal.extension[0].valueReference ref-1"));
}

TEST(ContainedTest, IsReferredTo) {
  EXPECT_THAT(Findings(Goal(kPatient + R"(,"subject":{"reference":"Patient/p"})")),
              ElementsAre("error invariant Goal.contained[0] dom-3"));
  EXPECT_THAT(
      Findings(Goal(R"("contained":[{"resourceType":"Provenance","id":"p","recorded":)"
                    R"("2020-01-01T00:00:00Z","target":[{"reference":"#"}],)"
                    R"("agent":[{"who":{"display":"x"}}]}],"subject":{"reference":"Patient/p"})")),
      IsEmpty());
}

TEST(ContainedTest, MayBeReferredToInAnExtensionOrAsACanonical) {
  EXPECT_THAT(
      Findings(Goal(kPatient +
                    R"(,"subject":{"reference":"Patient/p"},"extension":[)"
                    R"({"url":"http://x.example/e","valueReference":{"reference":"#p"}}])")),
      IsEmpty());
  EXPECT_THAT(
      Findings(R"({"resourceType":"CarePlan","status":"active","intent":"plan",)"
               R"("contained":[{"resourceType":"PlanDefinition","id":"d","status":"active"}],)"
               R"("instantiatesCanonical":["#d"],"subject":{"reference":"Patient/p"}})"),
      IsEmpty());
}

TEST(ContainedTest, HoldsNoFurtherResourcesNorAVersion) {
  EXPECT_THAT(Findings(Goal(
                  R"("subject":{"reference":"#p"},"contained":[{"resourceType":"Patient","id":"p",)"
                  R"("meta":{"versionId":"1"},)"
                  R"("contained":[{"resourceType":"Organization","id":"o","name":"n"}],)"
                  R"("managingOrganization":{"reference":"Organization/o"}}])")),
              ElementsAre("error invariant Goal dom-2",
                          "error invariant Goal dom-4",
                          "error invariant Goal.contained[0].contained[0] dom-3"));
  EXPECT_THAT(Findings(Goal(
                  R"("subject":{"reference":"#p"},"contained":[{"resourceType":"Patient","id":"p",)"
                  R"("meta":{"security":[{"code":"R"}]}}])")),
              ElementsAre("error invariant Goal dom-5"));
}

TEST(ContainedTest, IdsAreUnique) {
  EXPECT_THAT(Findings(Goal(R"("subject":{"reference":"#p"},"contained":[)"
                            R"({"resourceType":"Patient","id":"p"},)"
                            R"({"resourceType":"Patient","id":"p","active":true}])")),
              ElementsAre("error invalid Goal.contained[1] another"));
}

}  // namespace
}  // namespace handoff::fhir
