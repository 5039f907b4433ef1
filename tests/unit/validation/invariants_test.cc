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

std::string Observation(const std::string& members) {
  return R"({"resourceType":"Observation","status":"final","code":{"text":"c"})" + members + "}";
}

struct Datatype {
  std::string members;  // of an Observation
  std::string finding;  // empty: none
};

class DatatypeInvariantsTest : public ::testing::TestWithParam<Datatype> {};

TEST_P(DatatypeInvariantsTest, IsReportedAtTheElement) {
  const auto findings = Findings(Observation(GetParam().members));
  if (GetParam().finding.empty()) {
    EXPECT_THAT(findings, IsEmpty()) << GetParam().members;
  } else {
    EXPECT_THAT(findings, ElementsAre(GetParam().finding)) << GetParam().members;
  }
}

std::string Repeat(const std::string& members) {
  return R"(,"effectiveTiming":{"repeat":{)" + members + "}}";
}
std::string BrokenRepeat(const std::string& key) {
  return "error invariant Observation.effective.repeat " + key;
}

INSTANTIATE_TEST_SUITE_P(
    Sound,
    DatatypeInvariantsTest,
    ::testing::Values(
        Datatype{R"(,"effectivePeriod":{"start":"2020","end":"2020-03"})", ""},
        Datatype{R"(,"effectivePeriod":{"start":"2020-03-01T10:00:00+02:00","end":"2020-03-01"})", ""},
        Datatype{R"(,"effectivePeriod":{"start":"2020-03-01T09:00:00Z","end":"2020-03-01T10:00:00+01:00"})", ""},
        Datatype{R"(,"valueQuantity":{"value":1,"system":"http://unitsofmeasure.org","code":"kg"})", ""},
        Datatype{R"(,"valueRange":{"low":{"value":1},"high":{"value":1.0}})", ""},
        Datatype{R"(,"valueRange":{"low":{"value":5,"unit":"g"},"high":{"value":1,"unit":"kg"}})", ""},
        Datatype{R"(,"valueRatio":{"numerator":{"value":1},"denominator":{"value":2}})", ""},
        Datatype{R"(,"valueRatio":{"extension":[{"url":"http://x.example/e","valueCode":"a"}]})", ""},
        Datatype{Repeat(R"("frequency":1,"period":1,"periodUnit":"d")"), ""},
        Datatype{Repeat(R"("offset":30,"when":["AC"])"), ""}));

INSTANTIATE_TEST_SUITE_P(
    Broken,
    DatatypeInvariantsTest,
    ::testing::Values(
        Datatype{R"(,"effectivePeriod":{"start":"2020-03","end":"2020-02-29"})",
                 "error invariant Observation.effective per-1"},
        Datatype{R"(,"effectivePeriod":{"start":"2020-03-01T10:00:01Z","end":"2020-03-01T12:00:00+02:00"})",
                 "error invariant Observation.effective per-1"},
        Datatype{R"(,"valueQuantity":{"value":1,"code":"kg"})",
                 "error invariant Observation.value qty-3"},
        Datatype{R"(,"valueRange":{"low":{"value":2},"high":{"value":1}})",
                 "error invariant Observation.value rng-2"},
        Datatype{R"(,"valueRatio":{"numerator":{"value":1}})",
                 "error invariant Observation.value rat-1"},
        Datatype{R"(,"valueQuantity":{"value":1},"dataAbsentReason":{"text":"x"})",
                 "error invariant Observation obs-6"},
        Datatype{R"(,"referenceRange":[{"text":"x"},{"type":{"text":"y"}}])",
                 "error invariant Observation.referenceRange[1] obs-3"},
        Datatype{Repeat(R"("duration":1)"), BrokenRepeat("tim-1")},
        Datatype{Repeat(R"("period":1)"), BrokenRepeat("tim-2")},
        Datatype{Repeat(R"("duration":-1,"durationUnit":"h")"), BrokenRepeat("tim-4")},
        Datatype{Repeat(R"("period":-0.5,"periodUnit":"h")"), BrokenRepeat("tim-5")},
        Datatype{Repeat(R"("periodMax":1)"), BrokenRepeat("tim-6")},
        Datatype{Repeat(R"("durationMax":1)"), BrokenRepeat("tim-7")},
        Datatype{Repeat(R"("countMax":1)"), BrokenRepeat("tim-8")},
        Datatype{Repeat(R"("offset":3,"when":["C"])"), BrokenRepeat("tim-9")},
        Datatype{Repeat(R"("timeOfDay":["10:00:00"],"when":["AC"])"), BrokenRepeat("tim-10")}));

TEST(InvariantsTest, AComponentDoesNotRepeatTheCodeWhoseValueStands) {
  const std::string coding = R"({"coding":[{"system":"http://loinc.org","code":"1-8"}]})";
  const auto observation = [&](const std::string& members) {
    return R"({"resourceType":"Observation","status":"final","code":)" + coding + members + "}";
  };
  const std::string component =
      R"(,"component":[{"code":{"coding":[{"code":"1-8","system":"http://loinc.org"}]}}])";
  EXPECT_THAT(Findings(observation(component)), IsEmpty());
  EXPECT_THAT(Findings(observation(R"(,"valueInteger":1)" + component)),
              ElementsAre("error invariant Observation obs-7"));
}

TEST(InvariantsTest, AnInvariantOfAListNamesTheItem) {
  EXPECT_THAT(Findings(R"({"resourceType":"Organization","name":"n","telecom":[)"
                       R"({"system":"phone","value":"1"},{"system":"phone","value":"2","use":"home"}],)"
                       R"("address":[{"use":"home","city":"x"}]})"),
              ElementsAre("error invariant Organization.telecom[1] org-3",
                          "error invariant Organization.address[0] org-2"));
}

TEST(InvariantsTest, AttachmentsNameTheirTypeAndSize) {
  const auto patient = [](const std::string& photo) {
    return R"({"resourceType":"Patient","photo":[{)" + photo + "}]}";
  };
  EXPECT_THAT(Findings(patient(R"("contentType":"image/png","data":"AAAA","size":3)")), IsEmpty());
  EXPECT_THAT(Findings(patient(R"("contentType":"image/png","data":"AA==","size":1)")), IsEmpty());
  EXPECT_THAT(Findings(patient(R"("data":"AAAA")")),
              ElementsAre("error invariant Patient.photo[0] att-1"));
  EXPECT_THAT(Findings(patient(R"("contentType":"image/png","data":"AAAA","size":4)")),
              ElementsAre("error structure Patient.photo[0] size"));
}

TEST(InvariantsTest, ExtensionsHaveAUrlAndEitherAValueOrExtensions) {
  const auto patient = [](const std::string& extension) {
    return R"({"resourceType":"Patient","extension":[{)" + extension + "}]}";
  };
  const std::string url = R"("url":"http://x.example/e")";
  EXPECT_THAT(Findings(patient(url + R"(,"valueString":"a")")), IsEmpty());
  EXPECT_THAT(Findings(patient(url)), ElementsAre("error invariant Patient.extension[0] ext-1"));
  EXPECT_THAT(Findings(patient(R"("valueString":"a")")),
              ElementsAre("error required Patient.extension[0] url"));
  EXPECT_THAT(Findings(patient(url + R"(,"valueString":"a","extension":[{)" + url + "}]")),
              ElementsAre("error invariant Patient.extension[0] ext-1",
                          "error invariant Patient.extension[0].extension[0] ext-1"));
}

TEST(InvariantsTest, ExtensionsOfPrimitivesAreSeen) {
  const auto patient = [](const std::string& sibling) {
    return R"({"resourceType":"Patient","birthDate":"1970","_birthDate":{)" + sibling + "}}";
  };
  EXPECT_THAT(Findings(patient(R"("extension":[{"url":"http://x.example/e"}])")),
              ElementsAre("error invariant Patient.birthDate.extension[0] ext-1"));
  EXPECT_THAT(Findings(patient(R"("id":"b")")), IsEmpty());
  EXPECT_THAT(Findings(R"({"resourceType":"Patient","_birthDate":{"id":"b"}})"),
              ElementsAre("error invariant Patient.birthDate ele-1"));
}

TEST(InvariantsTest, APrimitiveWithExtensionsOnlyExists) {
  const std::string absent =
      R"({"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"unknown"}]})";
  EXPECT_THAT(Findings(R"({"resourceType":"Patient","telecom":[{"_system":)" + absent +
                       R"(,"value":"1"}]})"),
              IsEmpty());
  EXPECT_THAT(Findings(R"({"resourceType":"Patient","telecom":[{"value":"1"}]})"),
              ElementsAre("error invariant Patient.telecom[0] cpt-2"));
}

TEST(InvariantsTest, WhatIsLeftAsTextIsSeenThroughItsChoice) {
  // valueCount of an open choice has no field in the model.
  EXPECT_THAT(Findings(R"({"resourceType":"Task","status":"draft","intent":"order","input":[)"
                       R"({"type":{"text":"t"},"valueCount":{"value":1}}]})"),
              IsEmpty());
}

TEST(InvariantsTest, CanonicalsAndSystemsAreAbsolute) {
  EXPECT_THAT(Findings(R"({"resourceType":"Patient","meta":{"profile":["us-core-patient"]},)"
                       R"("maritalStatus":{"coding":[{"system":"Marital","code":"M"}]}})"),
              ElementsAre("error invalid Patient.meta.profile[0] a",
                          "error invalid Patient.maritalStatus.coding[0].system must"));
}

}  // namespace
}  // namespace handoff::fhir
