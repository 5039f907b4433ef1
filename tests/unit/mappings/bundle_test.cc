#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fhir-mappings/runtime/resource.h"
#include "tests/unit/mappings/mapping_test_util.h"

namespace handoff::fhir {
namespace {

TEST(BundleTest, ReadsHeads) {
  const std::string patient = Encode(R"({"resourceType":"Patient","active":true,"id":"p"})");
  EXPECT_EQ(ReadHead(patient).type, "Patient");
  EXPECT_EQ(ReadHead(patient).id, "p");
  const std::string opaque = Encode(R"({"resourceType":"ClinicalImpression","id":"q"})");
  EXPECT_EQ(ReadHead(opaque).type, "ClinicalImpression");
  EXPECT_EQ(ReadHead(opaque).id, "q");
  EXPECT_EQ(ReadHead("").type, "");
  EXPECT_EQ(ReadHead("\xff\xff").type, "");
}

TEST(BundleTest, ReadsEntries) {
  const std::string encoded = Encode(
      R"({"resourceType":"Bundle","id":"b","type":"transaction","entry":[{"fullUrl":"urn:uuid:1","resource":{"resourceType":"Patient","id":"p"},)"
      R"("request":{"method":"PUT","url":"Patient/p","ifMatch":"W/\"1\"","ifNoneExist":"a=b"}},{"fullUrl":"urn:uuid:2"}]})");
  const auto bundle = ReadBundle(encoded);
  ASSERT_TRUE(bundle);
  EXPECT_EQ(bundle->type, "transaction");
  EXPECT_EQ(bundle->id, "b");
  ASSERT_EQ(bundle->entries.size(), 2u);
  const BundleEntry& entry = bundle->entries[0];
  EXPECT_EQ(entry.full_url, "urn:uuid:1");
  EXPECT_EQ(entry.method, "PUT");
  EXPECT_EQ(entry.url, "Patient/p");
  EXPECT_EQ(entry.if_match, "W/\"1\"");
  EXPECT_EQ(entry.if_none_exist, "a=b");
  EXPECT_EQ(Decode(entry.resource), R"({"resourceType":"Patient","id":"p"})");
  EXPECT_TRUE(bundle->entries[1].resource.empty());
}

TEST(BundleTest, TellsWhatIsNoBundle) {
  EXPECT_FALSE(ReadBundle(Encode(R"({"resourceType":"Patient"})")));
  EXPECT_FALSE(ReadBundle(""));
  EXPECT_FALSE(ReadBundle(std::string_view("\xaa\x01\x02\x6a\x05", 5)));
}

TEST(BundleTest, BuildsABundleThatReadsAgain) {
  const std::string patient = Encode(R"({"resourceType":"Patient","id":"p"})");
  std::string outcome;
  AppendOutcome({{Severity::kError, "required", "Patient.name: is missing", "Patient.name"}},
                &outcome);
  NewBundle bundle;
  bundle.type = "searchset";
  bundle.id = "s";
  bundle.timestamp_us = 1'700'000'000'000'000;
  bundle.total = 0;
  bundle.links = {{"self", "http://x/Patient"}};
  bundle.entries.push_back({});
  bundle.entries[0].full_url = "http://x/Patient/p";
  bundle.entries[0].encoded = patient;
  bundle.entries[0].search_mode = "match";
  bundle.entries.push_back({});
  bundle.entries[1].response_status = "422";
  bundle.entries[1].response_location = "Patient/1";
  bundle.entries[1].response_etag = "W/\"1\"";
  bundle.entries[1].response_last_modified_us = 1'700'000'000'000'000;
  bundle.entries[1].response_outcome = outcome;
  std::string encoded;
  AppendBundle(bundle, &encoded);
  const std::string json = Decode(encoded);
  EXPECT_EQ(
      json,
      R"({"resourceType":"Bundle","id":"s","type":"searchset","timestamp":"2023-11-14T22:13:20.000Z","total":0,)"
      R"("link":[{"relation":"self","url":"http://x/Patient"}],"entry":[{"fullUrl":"http://x/Patient/p",)"
      R"("resource":{"resourceType":"Patient","id":"p"},"search":{"mode":"match"}},{"response":{"status":"422",)"
      R"("location":"Patient/1","etag":"W/\"1\"","lastModified":"2023-11-14T22:13:20.000Z",)"
      R"("outcome":{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"required",)"
      R"("diagnostics":"Patient.name: is missing","expression":["Patient.name"]}]}}}]})");
  EXPECT_EQ(RoundTrip(json), json);
}

}  // namespace
}  // namespace handoff::fhir
