// Extensions and labels that have fields: what moves to a field, what stays in `extra`, and that
// both leave as they came.
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fhir-mappings/runtime/resource.h"
#include "handoff/v1/exchange.pb.h"
#include "tests/unit/mappings/mapping_test_util.h"

namespace handoff::fhir {
namespace {

using ::testing::IsEmpty;

constexpr std::string_view kRace =
    R"({"url":"http://hl7.org/fhir/us/core/StructureDefinition/us-core-race","extension":[)"
    R"({"url":"ombCategory","valueCoding":{"code":"2106-3"}},{"url":"text","valueString":"White"}]})";
constexpr std::string_view kSex =
    R"({"url":"http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex","valueCode":"F"})";
constexpr std::string_view kOther = R"({"url":"http://x.example/o","valueString":"o"})";

std::string Patient(std::string_view extensions) {
  return R"({"resourceType":"Patient","id":"p","extension":[)" + std::string(extensions) + "]}";
}

std::string Join(std::string_view a, std::string_view b) {
  return std::string(a) + "," + std::string(b);
}

std::string Goal(std::string_view value) {
  return R"({"resourceType":"ServiceRequest","status":"active","intent":"order","subject":{"reference":"Patient/p"},"extension":[)"
         R"({"url":"http://hl7.org/fhir/StructureDefinition/resource-pertainsToGoal",)" +
         std::string(value) + "}]}";
}

v1::Patient PatientOf(const std::string& json) {
  v1::Resource resource;
  EXPECT_TRUE(resource.ParseFromString(Encode(json)));
  return resource.patient();
}

TEST(ExtensionsTest, MoveToTheirFields) {
  const v1::Patient patient = PatientOf(Patient(Join(kRace, kSex)));
  EXPECT_EQ(patient.race().text(), "White");
  ASSERT_EQ(patient.race().omb_categories_size(), 1);
  EXPECT_EQ(patient.race().omb_categories(0).code(), "2106-3");
  EXPECT_EQ(patient.birth_sex(), "F");
  EXPECT_EQ(patient.extra(), "");
}

TEST(ExtensionsTest, LeaveInTheOrderInWhichTheyCame) {
  const std::string mixed = Patient(Join(Join(kSex, kOther), kRace));
  const v1::Patient patient = PatientOf(mixed);
  EXPECT_EQ(patient.birth_sex(), "F");
  EXPECT_EQ(patient.race().text(), "White");
  EXPECT_EQ(patient.extra(), R"({"extension":[62,)" + std::string(kOther) + ",60]}");
  EXPECT_EQ(RoundTrip(mixed), mixed);
  const std::string known_first = Patient(Join(kRace, kOther));
  EXPECT_EQ(PatientOf(known_first).extra(), R"({"extension":[)" + std::string(kOther) + "]}");
  EXPECT_EQ(RoundTrip(known_first), known_first);
}

TEST(ExtensionsTest, StayWhereAFieldCannotHoldThem) {
  constexpr std::string_view kUrl =
      R"("url":"http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex")";
  for (const std::string_view rest : {R"("id":"x","valueCode":"F")",
                                      R"("valueString":"F")",
                                      R"("_valueCode":{"id":"x"})",
                                      R"("extension":[{"url":"a","valueString":"b"}])"}) {
    const std::string json = Patient("{" + std::string(kUrl) + "," + std::string(rest) + "}");
    EXPECT_EQ(PatientOf(json).birth_sex(), "") << json;
    EXPECT_EQ(RoundTrip(json), json);
  }
  const std::string twice = Patient(Join(kSex, kSex));
  EXPECT_EQ(PatientOf(twice).birth_sex(), "F");
  EXPECT_EQ(RoundTrip(twice), twice);
}

TEST(ExtensionsTest, KeepWhatStandsBesideTheirExtensions) {
  const std::string json = Patient(
      R"({"url":"http://hl7.org/fhir/us/core/StructureDefinition/us-core-race","id":"r","extension":[)"
      R"({"url":"text","valueString":"White"},{"url":"other","valueBoolean":true}]})");
  const v1::Patient patient = PatientOf(json);
  EXPECT_EQ(patient.race().text(), "White");
  EXPECT_EQ(patient.race().extra(),
            R"({"id":"r","extension":[{"url":"other","valueBoolean":true}]})");
  EXPECT_EQ(
      RoundTrip(json),
      Patient(
          R"({"url":"http://hl7.org/fhir/us/core/StructureDefinition/us-core-race","id":"r","extension":[)"
          R"({"url":"text","valueString":"White"},{"url":"other","valueBoolean":true}]})"));
}

TEST(ExtensionsTest, AreCheckedAsTheirTypes) {
  EXPECT_THAT(IssuesOf(Goal(R"("valueReference":{"reference":"Goal/g","type":5})")),
              HasIssue("structure",
                       "ServiceRequest.extension('http://hl7.org/fhir/StructureDefinition/"
                       "resource-pertainsToGoal').value[0].type"));
  EXPECT_THAT(
      IssuesOf(Patient(
          R"({"url":"http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex","valueCode":" F"})")),
      HasIssue("value",
               "Patient.extension('http://hl7.org/fhir/us/core/StructureDefinition/"
               "us-core-birthsex').value"));
  EXPECT_THAT(IssuesOf(Goal(R"("valueReference":{"reference":"Goal/g"})")), IsEmpty());
}

TEST(ExtensionsTest, InAWrongFormStayForAReaderThatTakesThem) {
  const std::string json = Patient(Join(
      R"({"url":"http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex","valueCode":" F"})",
      kRace));
  std::string encoded;
  Issues issues;
  ASSERT_TRUE(ReadJson(json, {.tolerances = {.forms = Tolerance::kWarn}}, &encoded, &issues));
  ASSERT_EQ(issues.size(), 1u);
  EXPECT_EQ(issues[0].severity, Severity::kWarning);
  EXPECT_EQ(Decode(encoded), json);
}

TEST(ExtensionsTest, AreObjects) {
  EXPECT_THAT(IssuesOf(Patient("60")), HasIssue("structure", "Patient.extension"));
  EXPECT_THAT(IssuesOf(Patient("null," + std::string(kSex))),
              HasIssue("structure", "Patient.extension"));
  const std::string inside = Patient(
      R"({"url":"http://hl7.org/fhir/us/core/StructureDefinition/us-core-race","extension":[3]})");
  EXPECT_EQ(RoundTrip(inside), inside);
}

TEST(ExtensionsTest, LeaveAViewOnlyIfListed) {
  const std::string encoded = Encode(Patient(Join(kSex, Join(kOther, kRace))));
  const auto projected = [&](const std::vector<std::string>& paths) {
    std::string out;
    const auto mask = Mask::Compile(paths);
    EXPECT_TRUE(mask.ok()) << mask.status();
    EXPECT_TRUE(mask->Project(encoded, {}, &out).value_or(false));
    return Decode(out);
  };
  EXPECT_EQ(projected({"Patient.identifier"}), R"({"resourceType":"Patient","id":"p"})");
  EXPECT_EQ(projected({"Patient.extension:race"}), Patient(kRace));
  EXPECT_EQ(projected({"Patient.extension:race.extension:text"}),
            Patient(R"({"url":"http://hl7.org/fhir/us/core/StructureDefinition/us-core-race",)"
                    R"("extension":[{"url":"text","valueString":"White"}]})"));
  EXPECT_EQ(projected({"Patient.*"}), Patient(Join(kSex, Join(kOther, kRace))));
  EXPECT_FALSE(Mask::Compile({"Patient.extension"}).ok());
}

TEST(ExtensionsTest, HaveReferencesThatAreVisitedAndChanged) {
  const std::string encoded = Encode(Goal(R"("valueReference":{"reference":"Goal/g"})"));
  std::string found;
  VisitReferences(encoded, [&](std::string_view element, const ReferenceView& reference) {
    if (reference.type == "Goal") found = element;
  });
  EXPECT_EQ(found, "ServiceRequest.extension:pertains_to");
  const auto rewritten = [&](ReferenceEdit::Action action) {
    RewriteOptions options;
    options.reference = [&](const ReferenceView& reference) {
      ReferenceEdit edit;
      if (reference.type != "Goal") return edit;
      edit.action = action;
      edit.type = "Goal";
      edit.id = "new";
      return edit;
    };
    std::string out;
    EXPECT_TRUE(Rewrite(encoded, options, &out).ok());
    return Decode(out);
  };
  EXPECT_EQ(rewritten(ReferenceEdit::Action::kReplace),
            RoundTrip(Goal(R"("valueReference":{"reference":"Goal/new"})")));
  EXPECT_EQ(rewritten(ReferenceEdit::Action::kDrop),
            R"({"resourceType":"ServiceRequest","status":"active","intent":"order",)"
            R"("subject":{"reference":"Patient/p"}})");
}

TEST(LabelsTest, SayWhatTheyMeanBesideTheirText) {
  const auto label = [](const std::string& coding) {
    const v1::Patient patient =
        PatientOf(R"({"resourceType":"Patient","meta":{"security":[)" + coding + "]}}");
    return patient.meta().security(0);
  };
  const std::string v3 = R"({"system":"http://terminology.hl7.org/CodeSystem/v3-)";
  const v1::SecurityLabel restricted = label(v3 + R"(Confidentiality","code":"R"})");
  EXPECT_EQ(restricted.confidentiality(), v1::CONFIDENTIALITY_R);
  EXPECT_EQ(restricted.code(), "R");
  EXPECT_EQ(label(v3 + R"(ActCode","code":"42CFRPart2"})").sensitivity(),
            v1::SENSITIVITY_42CFRPART2);
  EXPECT_EQ(label(v3 + R"(ActReason","code":"ETREAT","display":"emergency"})").purpose_of_use(),
            v1::PURPOSE_OF_USE_ETREAT);
  EXPECT_EQ(label(v3 + R"(ActReason","code":"R"})").purpose_of_use(),
            v1::PURPOSE_OF_USE_UNSPECIFIED);
  EXPECT_EQ(label(R"({"system":"urn:own","code":"R"})").confidentiality(),
            v1::CONFIDENTIALITY_UNSPECIFIED);
}

TEST(LabelsTest, ComeBackAsTheirTextAndPassAView) {
  const std::string json =
      R"({"resourceType":"Patient","meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality",)"
      R"("code":"R","display":"restricted"}]}})";
  EXPECT_EQ(RoundTrip(json), json);
  const auto mask = Mask::Compile({"Patient.meta.security"});
  ASSERT_TRUE(mask.ok());
  std::string out;
  ASSERT_TRUE(mask->Project(Encode(json), {}, &out).value_or(false));
  v1::Resource shown;
  ASSERT_TRUE(shown.ParseFromString(out));
  EXPECT_EQ(shown.patient().meta().security(0).confidentiality(), v1::CONFIDENTIALITY_R);
}

}  // namespace
}  // namespace handoff::fhir
