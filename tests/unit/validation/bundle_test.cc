// Bundles, and the resources in them.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/validation/validate_test_util.h"

namespace handoff::fhir {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string Bundle(const std::string& type, const std::string& members) {
  return R"({"resourceType":"Bundle","type":")" + type + "\"" + members + "}";
}
std::string Entries(const std::string& entries) { return R"(,"entry":[)" + entries + "]"; }

const std::string kPatient =
    R"({"fullUrl":"https://x.example/Patient/p","resource":{"resourceType":"Patient","id":"p"}})";

TEST(BundleTest, MembersAgreeWithTheType) {
  EXPECT_THAT(Findings(Bundle("collection", Entries(kPatient))), IsEmpty());
  EXPECT_THAT(Findings(Bundle("searchset", R"(,"total":1)" + Entries(kPatient))), IsEmpty());
  EXPECT_THAT(Findings(Bundle("collection", R"(,"total":1)" + Entries(kPatient))),
              ElementsAre("error invariant Bundle bdl-1"));
  EXPECT_THAT(Findings(Bundle("collection", Entries(R"({"search":{"mode":"match"},"resource":)"
                                                    R"({"resourceType":"Patient"}})"))),
              ElementsAre("error invariant Bundle bdl-2"));
  EXPECT_THAT(Findings(Bundle("batch", Entries(kPatient))),
              ElementsAre("error invariant Bundle bdl-3"));
  EXPECT_THAT(Findings(Bundle("collection",
                              Entries(R"({"response":{"status":"200"},"resource":)"
                                      R"({"resourceType":"Patient"}})"))),
              ElementsAre("error invariant Bundle bdl-4"));
  EXPECT_THAT(Findings(Bundle("collection", Entries(R"({"fullUrl":"urn:oid:1.2"})"))),
              ElementsAre("error invariant Bundle.entry[0] bdl-5"));
}

TEST(BundleTest, FullUrlsAreUniqueUnlessTheirVersionsDiffer) {
  const auto versioned = [](const std::string& version) {
    return R"({"fullUrl":"https://x.example/Patient/p","resource":{"resourceType":"Patient",)"
           R"("id":"p","meta":{"versionId":")" +
           version + "\"}}}";
  };
  EXPECT_THAT(Findings(Bundle("collection", Entries(kPatient + "," + kPatient))),
              ElementsAre("error invariant Bundle bdl-7"));
  EXPECT_THAT(Findings(Bundle("collection", Entries(versioned("1") + "," + versioned("2")))),
              IsEmpty());
  EXPECT_THAT(Findings(Bundle("collection",
                              Entries(versioned("1") + "," + kPatient + "," + versioned("1")))),
              ElementsAre("error invariant Bundle bdl-7"));
}

TEST(BundleTest, AFullUrlIsAbsoluteUnversionedAndOfItsResource) {
  const auto with = [](const std::string& url) {
    return Bundle("collection",
                  Entries(R"({"fullUrl":")" + url +
                          R"(","resource":{"resourceType":"Patient","id":"p"}})"));
  };
  EXPECT_THAT(Findings(with("urn:uuid:6f1a5b0e-9c39-4d6e-8f0a-3b1c2d4e5f60")), IsEmpty());
  EXPECT_THAT(Findings(with("Patient/p")), ElementsAre("error invalid Bundle.entry[0] fullUrl"));
  EXPECT_THAT(Findings(with("https://x.example/Patient/p/_history/1")),
              ElementsAre("error invariant Bundle.entry[0] bdl-8"));
  EXPECT_THAT(Findings(with("https://x.example/Patient/q")),
              ElementsAre("error invalid Bundle.entry[0] fullUrl"));
  EXPECT_THAT(Findings(with("https://x.example/Group/p")),
              ElementsAre("error invalid Bundle.entry[0] fullUrl"));
  EXPECT_THAT(Findings(with("urn:uuid:6F1A5B0E-9C39-4D6E-8F0A-3B1C2D4E5F60")),
              ElementsAre("error invalid Bundle.entry[0].fullUrl a"));
}

TEST(BundleTest, HasOneLinkOfARelation) {
  EXPECT_THAT(Findings(Bundle("searchset",
                              R"(,"total":0,"link":[{"relation":"self","url":"https://x.example"},)"
                              R"({"relation":"self","url":"https://y.example"}])")),
              ElementsAre("error invalid Bundle.link[1] another"));
}

TEST(BundleTest, OnlySearchesAndHistoriesHavePages) {
  const std::string link = R"(,"link":[{"relation":"next","url":"https://x.example"}])";
  EXPECT_THAT(Findings(Bundle("searchset", link)), IsEmpty());
  EXPECT_THAT(Findings(Bundle("collection", link)),
              ElementsAre("error invalid Bundle.link[0].relation is"));
}

TEST(BundleTest, WhatASearchFindsHasAnId) {
  const auto found = [](const std::string& mode, const std::string& resource) {
    return Bundle("searchset",
                  Entries(R"({"search":{"mode":")" + mode + R"("},"resource":)" + resource + "}"));
  };
  const std::string outcome =
      R"({"resourceType":"OperationOutcome","issue":[{"severity":"warning","code":"informational"}]})";
  EXPECT_THAT(Findings(found("match", R"({"resourceType":"Patient","id":"p"})")), IsEmpty());
  EXPECT_THAT(Findings(found("outcome", outcome)), IsEmpty());
  EXPECT_THAT(Findings(found("match", R"({"resourceType":"Patient"})")),
              ElementsAre("error invalid Bundle.entry[0].resource what"));
  EXPECT_THAT(Findings(found("outcome", R"({"resourceType":"Patient","id":"p"})")),
              ElementsAre("error invalid Bundle.entry[0].resource the"));
}

std::string Message(const std::string& focus, const std::string& more = "") {
  return Bundle("message",
                Entries(R"({"fullUrl":"https://x.example/MessageHeader/m","resource":)"
                        R"({"resourceType":"MessageHeader","id":"m",)"
                        R"("eventUri":"https://x.example/e","source":{"endpoint":"https://x.example"},)"
                        R"("focus":[{"reference":")" +
                        focus + R"("}]}})" + more));
}

TEST(BundleTest, AMessageBeginsWithItsHeaderAndHoldsItsFocus) {
  EXPECT_THAT(Findings(Message("Patient/p", "," + kPatient)), IsEmpty());
  EXPECT_THAT(Findings(Message("https://x.example/Patient/p", "," + kPatient)), IsEmpty());
  EXPECT_THAT(Findings(Message("Patient/p")),
              ElementsAre("error invalid Bundle.entry[0].resource.focus[0] no"));
  const auto version = [](const std::string& id) {
    return R"(,{"fullUrl":"https://x.example/Patient/p","resource":{"resourceType":"Patient",)"
           R"("id":"p","meta":{"versionId":")" +
           id + "\"}}}";
  };
  EXPECT_THAT(Findings(Message("Patient/p/_history/2", version("1") + version("2"))), IsEmpty());
  EXPECT_THAT(Findings(Message("Patient/p/_history/3", version("1") + version("2"))),
              ElementsAre("error invalid Bundle.entry[0].resource.focus[0] no"));
  EXPECT_THAT(Findings(Message("Patient/p", version("1") + version("2"))),
              ElementsAre("error invalid Bundle.entry[0].resource.focus[0] several"));
  EXPECT_THAT(Findings(Bundle("message", Entries(kPatient))),
              ElementsAre("error invariant Bundle bdl-12"));
}

TEST(BundleTest, ADocumentHasAnIdentifierADateAndAComposition) {
  EXPECT_THAT(Findings(Bundle("document", Entries(kPatient))),
              ElementsAre("error invariant Bundle bdl-9",
                          "error invariant Bundle bdl-10",
                          "error invariant Bundle bdl-11"));
}

TEST(BundleTest, EntriesOfDocumentsAndMessagesHaveFullUrls) {
  EXPECT_THAT(Findings(Message("Patient/p",
                               "," + kPatient + R"(,{"resource":{"resourceType":"Patient"}})")),
              ElementsAre("error required Bundle.entry[2] fullUrl"));
}

TEST(BundleTest, ResourcesAreCheckedWithTheirPath) {
  EXPECT_THAT(
      Findings(Bundle("collection",
                      Entries(kPatient + R"(,{"resource":{"resourceType":"Encounter",)"
                                         R"("status":"planned","class":{"code":"AMB"},)"
                                         R"("period":{"start":"2020-02-02","end":"2020-02-01"}}})"))),
      ElementsAre("error invariant Bundle.entry[1].resource.period per-1"));
}

TEST(BundleTest, ReferencesBetweenEntriesHaveAType) {
  const std::string id = "urn:uuid:6f1a5b0e-9c39-4d6e-8f0a-3b1c2d4e5f60";
  EXPECT_THAT(
      Findings(Bundle("collection",
                      Entries(R"({"fullUrl":")" + id + R"(","resource":{"resourceType":"Device"}},)" +
                              R"({"resource":{"resourceType":"Goal","lifecycleStatus":"active",)" +
                              R"("description":{"text":"walk"},"subject":{"reference":")" + id +
                              R"("}}})"))),
      ElementsAre("error structure Bundle.entry[1].resource.subject must"));
}

TEST(BundleTest, OnBehalfOfIsForPractitioners) {
  const auto team = [](const std::string& member) {
    return Bundle("collection",
                  Entries(kPatient + R"(,{"fullUrl":"https://x.example/CareTeam/c","resource":)"
                                     R"({"resourceType":"CareTeam","id":"c","participant":[)"
                                     R"({"member":{"reference":")" +
                          member + R"("},"onBehalfOf":{"reference":"Organization/o"}}]}})"));
  };
  EXPECT_THAT(Findings(team("Practitioner/x")), IsEmpty());
  EXPECT_THAT(Findings(team("Patient/p")),
              ElementsAre("error invariant Bundle.entry[1].resource.participant[0] ctm-1"));
}

}  // namespace
}  // namespace handoff::fhir
