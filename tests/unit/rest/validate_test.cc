// Operation $validate.
#include <gmock/gmock.h>

#include "tests/unit/rest/service_fixture.h"

namespace handoff::rest {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kGoal[] = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-goal";
constexpr char kPatientProfile[] =
    "http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient";

TEST_F(FhirServiceTest, ValidatesAndStoresNothing) {
  const http::Response good =
      Write("mrmc",
            http::Verb::kPost,
            "/fhir/Organization/$validate",
            R"({"resourceType":"Organization","id":"x","text":{"status":"generated",)"
            R"("div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">A</div>"},"name":"A"})");
  EXPECT_EQ(good.status, 200);
  EXPECT_THAT(good.body, HasSubstr("nothing to complain about"));
  EXPECT_EQ(Get("mrmc", "/fhir/Organization/x").status, 404);
}

TEST_F(FhirServiceTest, ValidateTellsStructureAndInvariantsWithTheirPlaces) {
  const http::Response wrong = Write("mrmc",
                                     http::Verb::kPost,
                                     "/fhir/Patient/$validate",
                                     R"({"resourceType":"Patient","gender":"f"})");
  EXPECT_EQ(wrong.status, 200);
  EXPECT_THAT(wrong.body, AllOf(HasSubstr("code-invalid"), HasSubstr("Patient.gender")));
  const http::Response broken_rule =
      Write("mrmc",
            http::Verb::kPost,
            "/fhir/Patient/$validate",
            R"({"resourceType":"Patient","contact":[{"gender":"male"}]})");
  EXPECT_EQ(broken_rule.status, 200);
  EXPECT_THAT(broken_rule.body,
              AllOf(HasSubstr("\"severity\":\"error\""),
                    HasSubstr("pat-1"),
                    HasSubstr("Patient.contact[0]")));
}

TEST_F(FhirServiceTest, ValidatesAgainstTheProfilesThatAreAskedFor) {
  const std::string patient = R"({"resourceType":"Patient","gender":"female"})";
  EXPECT_THAT(Write("mrmc", http::Verb::kPost, "/fhir/Patient/$validate", patient).body,
              Not(HasSubstr("\"severity\":\"error\"")));
  const http::Response by_url =
      Write("mrmc",
            http::Verb::kPost,
            "/fhir/Patient/$validate?profile=" + std::string(kPatientProfile),
            patient);
  EXPECT_THAT(by_url.body, AllOf(HasSubstr("\"severity\":\"error\""), HasSubstr(kPatientProfile)));
  const http::Response packed = Write(
      "mrmc",
      http::Verb::kPost,
      "/fhir/Patient/$validate",
      R"({"resourceType":"Parameters","parameter":[{"name":"mode","valueCode":"create"},{"name":"profile","valueUri":")" +
          std::string(kPatientProfile) + R"("},{"name":"resource","resource":)" + patient + "}]}");
  EXPECT_EQ(packed.body, by_url.body);
  EXPECT_THAT(Write("mrmc",
                    http::Verb::kPost,
                    "/fhir/Patient/$validate?profile=http://example.org/none",
                    patient)
                  .body,
              AllOf(HasSubstr("not-found"), HasSubstr("\"severity\":\"error\"")));
  EXPECT_THAT(Write("mrmc",
                    http::Verb::kPost,
                    "/fhir/Patient/$validate?profile=" + std::string(kGoal),
                    patient)
                  .body,
              HasSubstr("is not the resource type of the profile"));
}

TEST_F(FhirServiceTest, ValidatesBundlesAndMessagesToo) {
  const http::Response response =
      Write("mrmc", http::Verb::kPost, "/fhir/Bundle/$validate", intake::DemoMessage("discharge"));
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body, Not(HasSubstr("\"severity\":\"error\"")));
}

TEST_F(FhirServiceTest, ValidateTakesTheTypeOfItsUrlAlone) {
  EXPECT_THAT(
      Write("mrmc", http::Verb::kPost, "/fhir/Goal/$validate", R"({"resourceType":"Patient"})")
          .body,
      HasSubstr("not of the type"));
  EXPECT_THAT(
      Write("mrmc",
            http::Verb::kPost,
            "/fhir/Goal/$validate",
            R"({"resourceType":"Parameters","parameter":[{"name":"mode","valueCode":"create"}]})")
          .body,
      HasSubstr("`resource` is missing"));
  EXPECT_EQ(Write("mrmc", http::Verb::kPost, "/fhir/Nonsense/$validate", "{}").status, 404);
  EXPECT_EQ(Get("mrmc", "/fhir/Patient/$validate").status, 405);
  EXPECT_EQ(Write("", http::Verb::kPost, "/fhir/Patient/$validate", "{}").status, 401);
}

}  // namespace
}  // namespace handoff::rest
