// Interaction create.
#include <gmock/gmock.h>

#include "tests/unit/rest/service_fixture.h"

namespace handoff::rest {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr char kOrganization[] =
    R"({"resourceType":"Organization","identifier":[{"system":"urn:x","value":"7"}],"name":"Seven"})";

TEST_F(FhirServiceTest, CreatesAndShowsWhatWasStored) {
  const http::Response response =
      Write("mrmc", http::Verb::kPost, "/fhir/Organization", kOrganization);
  ASSERT_EQ(response.status, 201) << response.body;
  const std::string location = HeaderOf(response, "Location");
  EXPECT_THAT(location, StartsWith("https://gw.example/fhir/Organization/"));
  EXPECT_THAT(location, HasSubstr("/_history/1"));
  EXPECT_EQ(HeaderOf(response, "ETag"), "W/\"1\"");
  EXPECT_THAT(response.body, AllOf(HasSubstr("Seven"), HasSubstr("\"versionId\":\"1\"")));
  const std::string path = location.substr(std::string("https://gw.example").size());
  EXPECT_EQ(Get("mrmc", path).body, response.body);
}

TEST_F(FhirServiceTest, ReturnsWhatPreferAsksFor) {
  const http::Response minimal = Write("mrmc",
                                       http::Verb::kPost,
                                       "/fhir/Organization",
                                       kOrganization,
                                       {{"Prefer", "return=minimal"}});
  EXPECT_EQ(minimal.status, 201);
  EXPECT_THAT(minimal.body, IsEmpty());
  EXPECT_NE(HeaderOf(minimal, "Location"), "");
  const http::Response outcome = Write("mrmc",
                                       http::Verb::kPost,
                                       "/fhir/Organization",
                                       kOrganization,
                                       {{"Prefer", "return=OperationOutcome"}});
  EXPECT_EQ(outcome.status, 201);
  EXPECT_THAT(outcome.body, HasSubstr("\"OperationOutcome\""));
}

TEST_F(FhirServiceTest, CreatesOnceUnderACondition) {
  const std::vector<std::pair<std::string, std::string>> condition = {
      {"If-None-Exist", "identifier=urn:x|7"}};
  const http::Response first =
      Write("mrmc", http::Verb::kPost, "/fhir/Organization", kOrganization, condition);
  EXPECT_EQ(first.status, 201) << first.body;
  const http::Response second =
      Write("mrmc", http::Verb::kPost, "/fhir/Organization", kOrganization, condition);
  EXPECT_EQ(second.status, 200) << second.body;
  EXPECT_EQ(HeaderOf(second, "Location"), HeaderOf(first, "Location"));
}

TEST_F(FhirServiceTest, TellsWhatIsWrongWithContent) {
  const http::Response response = Write(
      "mrmc", http::Verb::kPost, "/fhir/Patient", R"({"resourceType":"Patient","gender":"blue"})");
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(
      response.body,
      AllOf(HasSubstr("OperationOutcome"), HasSubstr("Patient.gender"), HasSubstr("HO-0101")));
}

TEST_F(FhirServiceTest, NamesTheMessageWhateverBecameOfIt) {
  const auto explained = [&](const http::Response& response) {
    const auto ledger =
        store_->GetSnapshot()->Ledger(MessageId(HeaderOf(response, "Handoff-Message-Id")));
    return ledger.ok() && !ledger->empty();
  };
  EXPECT_TRUE(explained(Write("mrmc", http::Verb::kPost, "/fhir/Organization", kOrganization)));
  EXPECT_TRUE(explained(Write(
      "mrmc", http::Verb::kPost, "/fhir/Patient", R"({"resourceType":"Patient","gender":"x"})")));
  EXPECT_TRUE(explained(Write("mrmc", http::Verb::kPost, "/fhir/$process-message", "{")));
  EXPECT_EQ(HeaderOf(Send(As("mrmc", http::Verb::kGet, "/fhir/Patient/x")), "Handoff-Message-Id"),
            "");
}

TEST_F(FhirServiceTest, RefusesAnotherTypeThanTheUrlNames) {
  EXPECT_EQ(Write("mrmc", http::Verb::kPost, "/fhir/Location", kOrganization).status, 400);
}

TEST_F(FhirServiceTest, RefusesOtherFormats) {
  http::Request xml = As("mrmc", http::Verb::kPost, "/fhir/Organization");
  xml.headers.Add("Content-Type", "application/fhir+xml");
  xml.body = "<Organization/>";
  const http::Response unsupported = Send(std::move(xml));
  EXPECT_EQ(unsupported.status, 415);
  EXPECT_THAT(unsupported.body, HasSubstr("not-supported"));
  http::Request bare = As("mrmc", http::Verb::kPost, "/fhir/Organization");
  bare.body = kOrganization;
  EXPECT_EQ(Send(std::move(bare)).status, 415);
  EXPECT_EQ(Get("mrmc", "/fhir/Organization?_format=xml").status, 406);
}

}  // namespace
}  // namespace handoff::rest
