// Documents that break a rule, and readers that take them all the same.
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fhir-mappings/runtime/resource.h"
#include "handoff/v1/exchange.pb.h"
#include "tests/unit/mappings/mapping_test_util.h"

namespace handoff::fhir {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::Field;

constexpr Tolerances kWarn = {
    Tolerance::kWarn, Tolerance::kWarn, Tolerance::kWarn, Tolerance::kWarn};
constexpr Tolerances kKeep = {
    Tolerance::kKeep, Tolerance::kKeep, Tolerance::kKeep, Tolerance::kKeep};

struct Taken {
  bool read = false;
  std::string json;
  v1::Resource resource;
  Issues issues;
};

Taken Read(std::string_view json, const Tolerances& tolerances) {
  Taken taken;
  std::string encoded;
  taken.read = ReadJson(json, {.tolerances = tolerances}, &encoded, &taken.issues);
  if (!taken.read) return taken;
  taken.json = Decode(encoded);
  EXPECT_TRUE(taken.resource.ParseFromString(encoded));
  return taken;
}

auto IsIssue(Severity severity, std::string_view code, std::string_view expression) {
  return testing::AllOf(Field(&Issue::severity, severity),
                        Field(&Issue::code, code),
                        Field(&Issue::expression, std::string(expression)));
}

TEST(ToleranceTest, KeepsACodeThatTheBindingLacks) {
  const std::string_view json =
      R"({"resourceType":"Patient","gender":"f","birthDate":"1941-07-09"})";
  EXPECT_FALSE(Read(json, {}).read);
  const Taken taken = Read(json, {.codes = Tolerance::kWarn});
  ASSERT_TRUE(taken.read);
  EXPECT_THAT(taken.issues,
              ElementsAre(IsIssue(Severity::kWarning, "code-invalid", "Patient.gender")));
  EXPECT_EQ(taken.resource.patient().gender(), v1::ADMINISTRATIVE_GENDER_UNSPECIFIED);
  EXPECT_EQ(taken.json, R"({"resourceType":"Patient","birthDate":"1941-07-09","gender":"f"})");
  EXPECT_THAT(Read(json, kKeep).issues,
              ElementsAre(IsIssue(Severity::kInformation, "code-invalid", "Patient.gender")));
}

TEST(ToleranceTest, KeepsAPrimitiveInAWrongForm) {
  const Taken taken = Read(
      R"({"resourceType":"Patient","active":"yes","birthDate":"9 July \"41","multipleBirthInteger":1.5})",
      kWarn);
  ASSERT_TRUE(taken.read);
  EXPECT_THAT(taken.issues,
              ElementsAre(IsIssue(Severity::kWarning, "structure", "Patient.active"),
                          IsIssue(Severity::kWarning, "value", "Patient.birthDate"),
                          IsIssue(Severity::kWarning, "value", "Patient.multipleBirth")));
  EXPECT_EQ(taken.resource.patient().extra(),
            R"({"active":"yes","birthDate":"9 July \"41","multipleBirthInteger":1.5})");
}

TEST(ToleranceTest, KeepsAListWholeIfOneItemIsWrong) {
  const Taken taken = Read(R"({"resourceType":"PractitionerRole","availableTime":[{"daysOfWeek":
        [ "mon", "Tues\"day [",
          "wed" ],"availableStartTime":"08:30:00"}],"active":true})",
                           kWarn);
  ASSERT_TRUE(taken.read);
  EXPECT_THAT(
      taken.issues,
      ElementsAre(IsIssue(
          Severity::kWarning, "code-invalid", "PractitionerRole.availableTime[0].daysOfWeek[1]")));
  const auto& time = taken.resource.practitioner_role().available_times(0);
  EXPECT_EQ(time.days_of_week_size(), 0);
  EXPECT_EQ(time.extra(), R"({"daysOfWeek":["mon","Tues\"day [","wed"]})");
  EXPECT_EQ(time.available_start_time(), "08:30:00");
  EXPECT_TRUE(taken.resource.practitioner_role().active());
}

TEST(ToleranceTest, KeepsAListOfTextWholeToo) {
  const Taken taken =
      Read(R"({"resourceType":"Patient","name":[{"given":["A","","C"],"family":"E"}]})", kWarn);
  ASSERT_TRUE(taken.read);
  EXPECT_EQ(taken.resource.patient().names(0).given_size(), 0);
  EXPECT_EQ(taken.json,
            R"({"resourceType":"Patient","name":[{"family":"E","given":["A","","C"]}]})");
}

TEST(ToleranceTest, TakesWhatMustStandAndDoesNot) {
  const std::string_view json = R"({"resourceType":"Procedure","id":"x"})";
  EXPECT_FALSE(Read(json, {}).read);
  const Taken taken = Read(json, {.missing = Tolerance::kKeep});
  ASSERT_TRUE(taken.read);
  EXPECT_THAT(taken.issues,
              ElementsAre(IsIssue(Severity::kInformation, "required", "Procedure.status"),
                          IsIssue(Severity::kInformation, "required", "Procedure.subject")));
}

TEST(ToleranceTest, RefusesUnknownMembersWhereAsked) {
  const std::string_view json = R"({"resourceType":"Patient","colour":"red"})";
  EXPECT_TRUE(Read(json, {}).read);
  const Taken taken = Read(json, {.unknown = Tolerance::kReject});
  EXPECT_FALSE(taken.read);
  EXPECT_THAT(taken.issues.front().text, EndsWith("unknown member colour"));
}

TEST(ToleranceTest, NeverTakesAnIdThatIsNone) {
  const Taken taken = Read(R"({"resourceType":"Patient","id":"not an id"})", kWarn);
  EXPECT_FALSE(taken.read);
  EXPECT_THAT(taken.issues, ElementsAre(IsIssue(Severity::kError, "value", "Patient.id")));
}

TEST(ToleranceTest, NeverTakesAnotherShape) {
  EXPECT_FALSE(Read(R"({"resourceType":"Patient","name":"Ada"})", kKeep).read);
  EXPECT_FALSE(Read(R"({"resourceType":"Patient","gender":["male"]})", kKeep).read);
  EXPECT_FALSE(Read(R"({"resourceType":"Patient","gender":{"a":1}})", kKeep).read);
}

TEST(ToleranceTest, TellsAModifierThatNobodyUnderstands) {
  const Taken taken = Read(
      R"({"resourceType":"Patient","modifierExtension":[{"url":"http://example.org/not","valueBoolean":true}]})",
      {});
  ASSERT_TRUE(taken.read);
  EXPECT_THAT(
      taken.issues,
      ElementsAre(IsIssue(Severity::kWarning, "not-supported", "Patient.modifierExtension")));
}

}  // namespace
}  // namespace handoff::fhir
