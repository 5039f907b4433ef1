// Interactions read and vread.
#include <gmock/gmock.h>

#include "tests/unit/rest/service_fixture.h"

namespace handoff::rest {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(FhirServiceTest, ReadsWithVersionHeaders) {
  LoadDemo();
  const http::Response response = Get("lfm", "/fhir/Encounter/v-771203");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "application/fhir+json");
  EXPECT_EQ(HeaderOf(response, "ETag"), "W/\"2\"");
  EXPECT_EQ(HeaderOf(response, "Last-Modified"), "Thu, 02 Jul 2026 15:20:00 GMT");
  EXPECT_THAT(response.body, HasSubstr("\"resourceType\":\"Encounter\""));
}

TEST_F(FhirServiceTest, ReadsAPastVersion) {
  LoadDemo();
  const http::Response response = Get("lfm", "/fhir/Encounter/v-771203/_history/1");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(HeaderOf(response, "ETag"), "W/\"1\"");
  EXPECT_EQ(Get("lfm", "/fhir/Encounter/v-771203/_history/9").status, 404);
  EXPECT_EQ(Get("lfm", "/fhir/Encounter/v-771203/_history/x").status, 404);
}

TEST_F(FhirServiceTest, AnswersNotModifiedToWhoHasTheVersion) {
  LoadDemo();
  http::Request request = As("lfm", http::Verb::kGet, "/fhir/Encounter/v-771203");
  request.headers.Add("If-None-Match", "W/\"2\"");
  const http::Response response = Send(std::move(request));
  EXPECT_EQ(response.status, 304);
  EXPECT_THAT(response.body, IsEmpty());
  EXPECT_EQ(HeaderOf(response, "ETag"), "W/\"2\"");
  http::Request older = As("lfm", http::Verb::kGet, "/fhir/Encounter/v-771203");
  older.headers.Add("If-None-Match", "W/\"1\"");
  EXPECT_EQ(Send(std::move(older)).status, 200);
  http::Request since = As("lfm", http::Verb::kGet, "/fhir/Encounter/v-771203");
  since.headers.Add("If-Modified-Since", "Thu, 02 Jul 2026 15:20:00 GMT");
  EXPECT_EQ(Send(std::move(since)).status, 304);
}

TEST_F(FhirServiceTest, AnswersForbiddenAndAbsentWithTheSameBytes) {
  LoadDemo();
  const http::Response forbidden = Get("nha", "/fhir/Condition/heart-failure");
  const http::Response absent = Get("nha", "/fhir/Condition/no-such");
  EXPECT_EQ(forbidden.status, 404);
  EXPECT_EQ(forbidden.status, absent.status);
  EXPECT_EQ(forbidden.body, absent.body);
  EXPECT_EQ(forbidden.headers.size(), absent.headers.size());
  EXPECT_THAT(forbidden.body, HasSubstr("HO-0105"));
  EXPECT_THAT(forbidden.body, HasSubstr("\"not-found\""));
}

TEST_F(FhirServiceTest, ChallengesWhoBringsNoValidToken) {
  const http::Response none = Get("", "/fhir/Patient/x");
  EXPECT_EQ(none.status, 401);
  EXPECT_EQ(HeaderOf(none, "WWW-Authenticate"), "Bearer");
  EXPECT_THAT(none.body, HasSubstr("\"login\""));
  http::Request bad = As("", http::Verb::kGet, "/fhir/NoSuchType/x");
  bad.headers.Add("Authorization", "Bearer nonsense");
  const http::Response refused = Send(std::move(bad));
  EXPECT_EQ(refused.status, 401);
  EXPECT_THAT(HeaderOf(refused, "WWW-Authenticate"), HasSubstr("invalid_token"));
}

TEST_F(FhirServiceTest, AsksWhoItIsBeforeTheBodyIsRead) {
  const auto refusal = service_->Admit(As("", http::Verb::kPost, "/fhir"));
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->status, 401);
  EXPECT_EQ(HeaderOf(*refusal, "WWW-Authenticate"), "Bearer");
  EXPECT_THAT(refusal->body, HasSubstr("OperationOutcome"));
  EXPECT_FALSE(service_->Admit(As("mrmc", http::Verb::kPost, "/fhir")).has_value());
}

TEST_F(FhirServiceTest, KeepsATokenToItsScopes) {
  LoadDemo();
  http::Request request;
  request.target = "/fhir/Encounter/v-771203";
  request.headers.Add("Authorization", "Bearer " + TokenOf("lfm", {"system/Patient.rs"}));
  const http::Response response = Send(std::move(request));
  EXPECT_EQ(response.status, 403);
  EXPECT_THAT(response.body, HasSubstr("HO-0104"));
}

TEST_F(FhirServiceTest, RepeatsASafeRequestIdAndReplacesAnother) {
  http::Request safe = As("lfm", http::Verb::kGet, "/fhir/Patient/x");
  safe.headers.Add("X-Request-Id", "abc-1.2_3");
  EXPECT_EQ(HeaderOf(Send(std::move(safe)), "X-Request-Id"), "abc-1.2_3");
  http::Request unsafe = As("lfm", http::Verb::kGet, "/fhir/Patient/x");
  unsafe.headers.Add("X-Request-Id", "Odalys Brightwater");
  const std::string given = HeaderOf(Send(std::move(unsafe)), "X-Request-Id");
  EXPECT_NE(given, "");
  EXPECT_EQ(given.find("Odalys"), std::string::npos);
}

TEST_F(FhirServiceTest, RefusesWhatItCannotQueue) {
  full_ = true;
  const http::Response response = Get("lfm", "/fhir/Patient/x");
  EXPECT_EQ(response.status, 429);
  EXPECT_EQ(HeaderOf(response, "Retry-After"), "1");
}

}  // namespace
}  // namespace handoff::rest
