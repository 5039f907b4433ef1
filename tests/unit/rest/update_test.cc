// Interaction update.
#include <gmock/gmock.h>

#include "tests/unit/rest/service_fixture.h"

namespace handoff::rest {
namespace {

using ::testing::HasSubstr;

std::string Organization(const std::string& name) {
  return R"({"resourceType":"Organization","id":"seven","name":")" + name + "\"}";
}

TEST_F(FhirServiceTest, CreatesThenUpdatesUnderTheIdOfTheUrl) {
  const http::Response created =
      Write("mrmc", http::Verb::kPut, "/fhir/Organization/seven", Organization("One"));
  EXPECT_EQ(created.status, 201) << created.body;
  EXPECT_EQ(HeaderOf(created, "Location"), "https://gw.example/fhir/Organization/seven/_history/1");
  const http::Response updated =
      Write("mrmc", http::Verb::kPut, "/fhir/Organization/seven", Organization("Two"));
  EXPECT_EQ(updated.status, 200) << updated.body;
  EXPECT_EQ(HeaderOf(updated, "ETag"), "W/\"2\"");
  EXPECT_THAT(updated.body, HasSubstr("Two"));
}

TEST_F(FhirServiceTest, UpdatesOnlyTheVersionThatIfMatchNames) {
  Write("mrmc", http::Verb::kPut, "/fhir/Organization/seven", Organization("One"));
  const http::Response stale = Write("mrmc",
                                     http::Verb::kPut,
                                     "/fhir/Organization/seven",
                                     Organization("Two"),
                                     {{"If-Match", "W/\"4\""}});
  EXPECT_EQ(stale.status, 412) << stale.body;
  const http::Response current = Write("mrmc",
                                       http::Verb::kPut,
                                       "/fhir/Organization/seven",
                                       Organization("Two"),
                                       {{"If-Match", "W/\"1\""}});
  EXPECT_EQ(current.status, 200) << current.body;
  EXPECT_EQ(Write("mrmc",
                  http::Verb::kPut,
                  "/fhir/Organization/seven",
                  Organization("Three"),
                  {{"If-Match", "*"}})
                .status,
            400);
}

TEST_F(FhirServiceTest, RefusesAnotherIdThanTheUrlNames) {
  EXPECT_EQ(Write("mrmc", http::Verb::kPut, "/fhir/Organization/eight", Organization("x")).status,
            400);
}

}  // namespace
}  // namespace handoff::rest
