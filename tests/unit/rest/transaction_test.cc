// Interactions transaction and batch.
#include <gmock/gmock.h>

#include "tests/unit/rest/service_fixture.h"

namespace handoff::rest {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string BundleOf(const std::string& type, const std::string& entries) {
  return R"({"resourceType":"Bundle","type":")" + type + R"(","entry":[)" + entries + "]}";
}

constexpr char kGood[] =
    R"({"fullUrl":"urn:uuid:7d1f0c52-0000-4000-8000-00000000aaaa",
        "resource":{"resourceType":"Organization","name":"Seven"},
        "request":{"method":"POST","url":"Organization"}})";
constexpr char kStale[] =
    R"({"resource":{"resourceType":"Organization","id":"eight","name":"Eight"},
        "request":{"method":"PUT","url":"Organization/eight","ifMatch":"W/\"5\""}})";

TEST_F(FhirServiceTest, AnswersATransactionEntryByEntry) {
  LoadDemo();
  const http::Response response =
      Write("mrmc", http::Verb::kPost, "/fhir", BundleOf("transaction", kGood));
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_THAT(response.body,
              AllOf(HasSubstr("\"type\":\"transaction-response\""),
                    HasSubstr("\"status\":\"201 Created\""),
                    HasSubstr("\"location\":\"https://gw.example/fhir/Organization/"),
                    HasSubstr("\"etag\":\"W/\\\"1\\\"\""),
                    HasSubstr("\"lastModified\":\"2026-07-02T15:20:00"),
                    Not(HasSubstr("Seven"))));
}

TEST_F(FhirServiceTest, ShowsTheEntriesWhenAsked) {
  const http::Response response = Write("mrmc",
                                        http::Verb::kPost,
                                        "/fhir/",
                                        BundleOf("transaction", kGood),
                                        {{"Prefer", "return=representation"}});
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_THAT(response.body, HasSubstr("Seven"));
}

TEST_F(FhirServiceTest, RefusesATransactionAsAWhole) {
  const http::Response response = Write("mrmc",
                                        http::Verb::kPost,
                                        "/fhir",
                                        BundleOf("transaction", std::string(kGood) + "," + kStale));
  EXPECT_EQ(response.status, 412) << response.body;
  EXPECT_THAT(response.body, HasSubstr("\"OperationOutcome\""));
  EXPECT_THAT(Get("mrmc", "/fhir/Organization").body, Not(HasSubstr("Seven")));
}

TEST_F(FhirServiceTest, RefusesEntriesOfABatchOneByOne) {
  const http::Response response = Write(
      "mrmc", http::Verb::kPost, "/fhir", BundleOf("batch", std::string(kGood) + "," + kStale));
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_THAT(response.body,
              AllOf(HasSubstr("\"type\":\"batch-response\""),
                    HasSubstr("\"201 Created\""),
                    HasSubstr("\"412 Precondition Failed\""),
                    HasSubstr("\"OperationOutcome\"")));
}

constexpr char kRead[] = R"({"request":{"method":"GET","url":"Organization/x"}})";

TEST_F(FhirServiceTest, RefusesATransactionThatReads) {
  const http::Response response = Write("mrmc",
                                        http::Verb::kPost,
                                        "/fhir",
                                        BundleOf("transaction", std::string(kGood) + "," + kRead));
  EXPECT_EQ(response.status, 422);
  EXPECT_THAT(response.body, AllOf(HasSubstr("not-supported"), HasSubstr("HO-0114")));
  EXPECT_THAT(Get("mrmc", "/fhir/Organization").body, Not(HasSubstr("Seven")));
}

// FHIR R4 http.html#batch: the entries of a batch have nothing to do with each other.
TEST_F(FhirServiceTest, RefusesTheReadOfABatchAlone) {
  const http::Response response = Write(
      "mrmc", http::Verb::kPost, "/fhir", BundleOf("batch", std::string(kRead) + "," + kGood));
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_THAT(response.body,
              AllOf(HasSubstr("\"422 Unprocessable Entity\""),
                    HasSubstr("not-supported"),
                    HasSubstr("Bundle.entry[0].request.method"),
                    HasSubstr("\"201 Created\"")));
}

}  // namespace
}  // namespace handoff::rest
