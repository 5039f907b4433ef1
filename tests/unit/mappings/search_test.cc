#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fhir-mappings/runtime/resource.h"
#include "tests/unit/mappings/mapping_test_util.h"

namespace handoff::fhir {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

std::vector<std::string> TokensOf(std::string_view json) {
  SearchTokens tokens;
  AppendTokens(Encode(json), &tokens);
  return {tokens.begin(), tokens.end()};
}

TEST(SearchTest, TokensOfEachKind) {
  EXPECT_THAT(
      TokensOf(
          R"({"resourceType":"Patient","identifier":[{"system":"urn:s","value":"1"},{"value":"2"}],"active":true,)"
          R"("gender":"female","telecom":[{"system":"phone","value":"555"}],)"
          R"("communication":[{"language":{"coding":[{"system":"urn:l","code":"es"},{"display":"x"}]}}],)"
          R"("generalPractitioner":[{"reference":"Practitioner/1/_history/2"}],)"
          R"("managingOrganization":{"reference":"http://x/Organization/1"},"birthDate":"1970-01-01"})"),
      UnorderedElementsAre("identifier=urn:s|1",
                           "identifier=|2",
                           "active=|true",
                           "gender=|female",
                           "telecom=|555",
                           "language=urn:l|es",
                           "general-practitioner=Practitioner/1",
                           "organization=http://x/Organization/1"));
}

TEST(SearchTest, LimitsAReferenceToOneTypeWhereTheMapSaysSo) {
  const auto tokens = [](const std::string& subject) {
    return TokensOf(R"({"resourceType":"CareTeam","subject":{"reference":")" + subject + "\"}}");
  };
  EXPECT_THAT(tokens("Patient/1"), UnorderedElementsAre("subject=Patient/1", "patient=Patient/1"));
  EXPECT_THAT(tokens("Group/1"), ElementsAre("subject=Group/1"));
  EXPECT_THAT(tokens("urn:uuid:1"),
              UnorderedElementsAre("subject=urn:uuid:1", "patient=urn:uuid:1"));
}

TEST(SearchTest, FollowsPathsThroughListsAndChoices) {
  EXPECT_THAT(
      TokensOf(
          R"({"resourceType":"Encounter","status":"in-progress","class":{"system":"urn:c","code":"IMP"},)"
          R"("participant":[{"individual":{"reference":"Practitioner/1"}},{"individual":{"reference":"RelatedPerson/2"}}]})"),
      UnorderedElementsAre("status=|in-progress",
                           "class=urn:c|IMP",
                           "participant=Practitioner/1",
                           "participant=RelatedPerson/2",
                           "practitioner=Practitioner/1"));
}

TEST(SearchTest, FindsTypesWithoutAMapByTheirSubject) {
  EXPECT_THAT(
      TokensOf(
          R"({"resourceType":"ClinicalImpression","subject":{"reference":"Patient/1"},"asserter":{"reference":"Patient/2"}})"),
      UnorderedElementsAre("subject=Patient/1", "patient=Patient/1"));
  EXPECT_THAT(
      TokensOf(R"({"resourceType":"AllergyIntolerance","patient":{"reference":"Patient/1"}})"),
      ElementsAre("patient=Patient/1"));
}

TEST(SearchTest, DeclaresItsParameters) {
  EXPECT_THAT(SearchParameters("Goal"), Contains(Pair("lifecycle-status", "token")));
  EXPECT_THAT(SearchParameters("Goal"), Contains(Pair("target-date", "date")));
  EXPECT_THAT(SearchParameters("Observation"), Contains(Pair("combo-code", "token")).Times(1));
  EXPECT_TRUE(SearchParameters("ClinicalImpression").empty());
  EXPECT_TRUE(IsSearchable("Goal", "patient"));
  EXPECT_FALSE(IsSearchable("Goal", "target-date"));
  EXPECT_FALSE(IsSearchable("ClinicalImpression", "patient"));
  const auto types = MappedTypes();
  EXPECT_THAT(types, Contains("CarePlan"));
  EXPECT_THAT(types, Not(Contains("ClinicalImpression")));
  EXPECT_TRUE(std::is_sorted(types.begin(), types.end()));
}

}  // namespace
}  // namespace handoff::fhir
