// Interaction search.
#include <gmock/gmock.h>

#include "tests/unit/rest/service_fixture.h"

namespace handoff::rest {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// The url of a link, as it stands in the Bundle.
std::string LinkOf(const std::string& body, const std::string& relation) {
  const std::string start = "\"relation\":\"" + relation + "\",\"url\":\"" + "https://gw.example";
  const std::size_t at = body.find(start);
  if (at == std::string::npos) return {};
  const std::size_t from = at + start.size();
  return body.substr(from, body.find('"', from) - from);
}

TEST_F(FhirServiceTest, AnswersASearchsetWithMatchesAndSelf) {
  LoadDemo();
  const http::Response response =
      Get("lfm", "/fhir/Encounter?patient=odalys-brightwater&status=finished&_format=json");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body,
              AllOf(HasSubstr("\"type\":\"searchset\""),
                    HasSubstr("\"fullUrl\":\"https://gw.example/fhir/Encounter/v-771203\""),
                    HasSubstr("\"mode\":\"match\""),
                    Not(HasSubstr("\"total\""))));
  EXPECT_EQ(LinkOf(response.body, "self"),
            "/fhir/Encounter?patient=odalys-brightwater&status=finished");
  EXPECT_EQ(LinkOf(response.body, "next"), "");
}

TEST_F(FhirServiceTest, SearchesByPostWithFormAndUrlTogether) {
  LoadDemo();
  http::Request request = As("lfm", http::Verb::kPost, "/fhir/Encounter/_search?status=finished");
  request.headers.Add("Content-Type", "application/x-www-form-urlencoded");
  request.body = "patient=Patient%2Fodalys-brightwater";
  const http::Response response = Send(std::move(request));
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body, HasSubstr("v-771203"));
  http::Request json = As("lfm", http::Verb::kPost, "/fhir/Encounter/_search");
  json.headers.Add("Content-Type", "application/fhir+json");
  json.body = "{}";
  EXPECT_EQ(Send(std::move(json)).status, 415);
}

TEST_F(FhirServiceTest, FollowsNextToTheEnd) {
  LoadDemo();
  std::string target = "/fhir/Organization?_count=2";
  const http::Response first = Get("llp", target);
  EXPECT_THAT(first.body, AllOf(HasSubstr("lakeside"), HasSubstr("maple-ridge")));
  target = LinkOf(first.body, "next");
  ASSERT_NE(target, "");
  const http::Response second = Get("llp", target);
  EXPECT_EQ(second.status, 200);
  EXPECT_THAT(second.body, AllOf(HasSubstr("northbrook"), Not(HasSubstr("lakeside"))));
  EXPECT_EQ(LinkOf(second.body, "next"), "");
}

TEST_F(FhirServiceTest, NamesAnUnknownParameterUnlessToldToBeLenient) {
  const http::Response strict = Get("lfm", "/fhir/Encounter?colour=red");
  EXPECT_EQ(strict.status, 400);
  EXPECT_THAT(strict.body, AllOf(HasSubstr("'colour'"), HasSubstr("HO-0102")));
  http::Request lenient = As("lfm", http::Verb::kGet, "/fhir/Encounter?colour=red&status=finished");
  lenient.headers.Add("Prefer", "handling=lenient");
  const http::Response response = Send(std::move(lenient));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(LinkOf(response.body, "self"), "/fhir/Encounter?status=finished");
}

TEST_F(FhirServiceTest, TellsNothingOfHiddenMatches) {
  LoadDemo();
  const http::Response hidden = Get("nha", "/fhir/Condition?code=I50.23");
  const http::Response nothing = Get("nha", "/fhir/Condition?code=I50.99");
  EXPECT_EQ(hidden.status, 200);
  EXPECT_THAT(hidden.body, Not(HasSubstr("\"entry\"")));
  EXPECT_EQ(intake::Replaced(hidden.body, "I50.23", "I50.99"), nothing.body);
}

}  // namespace
}  // namespace handoff::rest
