// Interaction capabilities.
#include <gmock/gmock.h>

#include "gateway/rest/capability.h"
#include "tests/unit/rest/service_fixture.h"

namespace handoff::rest {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(FhirServiceTest, TellsWhatItCanWithoutAToken) {
  const http::Response response = Get("", "/fhir/metadata");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body,
              AllOf(HasSubstr("\"fhirVersion\":\"4.0.1\""),
                    HasSubstr("\"type\":\"CarePlan\""),
                    HasSubstr("\"process-message\""),
                    HasSubstr("\"version\":\"1.2.3\""),
                    Not(HasSubstr("\"type\":\"Bundle\""))));
  std::string encoded;
  fhir::Issues issues;
  EXPECT_TRUE(fhir::ReadJson(response.body, {}, &encoded, &issues));
}

TEST_F(FhirServiceTest, DeclaresOnlyParametersThatItUnderstands) {
  for (const std::string_view type : fhir::MappedTypes()) {
    for (const auto& [name, kind] : fhir::SearchParameters(type)) {
      if (!fhir::IsSearchable(type, name)) continue;
      HANDOFF_EXPECT_OK(
          access::ParseSearch(type, {{std::string(name), "x"}}, access::SearchOptions()).status())
          << type << " " << name;
    }
  }
}

TEST_F(FhirServiceTest, AnswersNotModifiedWhileNothingChanged) {
  const std::string etag = HeaderOf(Get("", "/fhir/metadata"), "ETag");
  http::Request request = As("", http::Verb::kHead, "/fhir/metadata");
  request.headers.Add("If-None-Match", etag);
  EXPECT_EQ(Send(std::move(request)).status, 304);
}

TEST_F(FhirServiceTest, NegotiatesTheStatementToo) {
  EXPECT_EQ(Get("", "/fhir/metadata?_format=xml").status, 406);
  EXPECT_THAT(Get("", "/fhir/metadata?_pretty=true").body, HasSubstr("\n"));
}

}  // namespace
}  // namespace handoff::rest
