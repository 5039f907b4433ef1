#include <gmock/gmock.h>

#include "gateway/base/error.h"
#include "tests/unit/access/reader_fixture.h"

namespace handoff::access {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

TEST_F(ReaderTest, FindsByPatientInEveryFormOfTheReference) {
  LoadDemo();
  for (const char* patient : {"odalys-brightwater", "Patient/odalys-brightwater"}) {
    EXPECT_THAT(Found("lfm", "Encounter", {{"patient", patient}}),
                ElementsAre("Encounter/v-771203"));
    EXPECT_THAT(Found("lfm", "Encounter", {{"subject", patient}}),
                ElementsAre("Encounter/v-771203"));
  }
}

TEST_F(ReaderTest, FindsPatientsByIdentifier) {
  LoadDemo();
  EXPECT_THAT(Found("mrmc", "Patient", {{"identifier", "urn:oid:2.999.10.1|500117"}}),
              ElementsAre("Patient/odalys-brightwater"));
  EXPECT_THAT(Found("mrmc", "Patient", {{"identifier", "500117"}}),
              ElementsAre("Patient/odalys-brightwater"));
  EXPECT_THAT(Found("mrmc", "Patient", {{"identifier", "|500117"}}), IsEmpty());
}

TEST_F(ReaderTest, TakesCommaAsOrAndRepeatAsAnd) {
  LoadDemo();
  EXPECT_THAT(Found("lfm", "Encounter", {{"status", "planned,finished"}}), SizeIs(1));
  EXPECT_THAT(Found("lfm", "Encounter", {{"status", "planned"}, {"status", "finished"}}),
              IsEmpty());
}

TEST_F(ReaderTest, FindsByIdOnlyWhatIsVisible) {
  LoadDemo();
  EXPECT_THAT(Found("lfm", "Condition", {{"_id", "heart-failure,other"}}),
              ElementsAre("Condition/heart-failure"));
  EXPECT_THAT(Found("nha", "Condition", {{"_id", "heart-failure"}}), IsEmpty());
}

TEST_F(ReaderTest, NarrowsByTimeOfUpdate) {
  LoadDemo();
  EXPECT_THAT(Found("lfm", "Encounter", {{"_lastUpdated", "ge2026-07-02"}}), SizeIs(1));
  EXPECT_THAT(Found("lfm", "Encounter", {{"_lastUpdated", "gt2026-07-02"}}), IsEmpty());
  EXPECT_THAT(Found("lfm", "Encounter", {{"_lastUpdated", "2026-07"}}), SizeIs(1));
  EXPECT_THAT(Found("lfm", "Encounter", {{"_lastUpdated", "lt2026-07-02T15:20:00Z"}}), IsEmpty());
  EXPECT_THAT(Found("lfm", "Encounter", {{"_id", "v-771203"}, {"_lastUpdated", "lt2026"}}),
              IsEmpty());
}

// Each of these stands in the store and is hidden from the payer: a match would tell of it.
TEST_F(ReaderTest, DoesNotRevealHiddenElementsByMatchingOnThem) {
  LoadDemo();
  ASSERT_THAT(Found("mrmc", "Encounter", {{"diagnosis", "Condition/heart-failure"}}), SizeIs(1));
  EXPECT_THAT(Found("nha", "Encounter", {{"status", "finished"}}), SizeIs(1));
  EXPECT_THAT(Found("nha", "Encounter", {{"diagnosis", "Condition/heart-failure"}}), IsEmpty());
  EXPECT_THAT(Found("nha", "Patient", {{"identifier", "500117"}}), IsEmpty());
  EXPECT_THAT(Found("nha", "Patient", {{"identifier", "urn:oid:2.999.10.1|500117"}}), IsEmpty());
  EXPECT_THAT(Found("nha", "Patient", {{"gender", "female,male"}}), IsEmpty());
}

// Otherwise the link would tell that something hidden matches too.
TEST_F(ReaderTest, GivesNextOnlyWhenMoreIsVisible) {
  LoadDemo();
  for (const char* party : {"mrmc", "lfm", "nha"}) {
    HANDOFF_ASSERT_OK_AND_ASSIGN(const SearchPage page,
                                 SearchAs(party, "Encounter", {{"_count", "1"}}));
    EXPECT_THAT(page.items, SizeIs(1)) << party;
    EXPECT_EQ(page.next, "") << party;
  }
}

TEST_F(ReaderTest, FindsDirectoryRecordsForEveryParty) {
  LoadDemo();
  EXPECT_THAT(Found("llp", "Organization", {}),
              UnorderedElementsAre(
                  "Organization/lakeside", "Organization/maple-ridge", "Organization/northbrook"));
}

TEST_F(ReaderTest, PagesWithoutGapOrRepeat) {
  LoadDemo();
  std::vector<std::string> ids;
  std::string page;
  do {
    HANDOFF_ASSERT_OK_AND_ASSIGN(
        const SearchPage found,
        SearchAs("llp", "Organization", {{"_count", "1"}, {"_page", page}}));
    ASSERT_THAT(found.items, SizeIs(1));
    ids.push_back(found.items[0].name.id());
    page = found.next;
  } while (!page.empty());
  EXPECT_THAT(ids, ElementsAre("lakeside", "maple-ridge", "northbrook"));
}

TEST_F(ReaderTest, RefusesThePageOfAnotherSearchOrCaller) {
  LoadDemo();
  const std::string next = SearchAs("llp", "Organization", {{"_count", "1"}})->next;
  ASSERT_NE(next, "");
  for (const std::string& bad : {next + "x", std::string("AAAA"), std::string("?")}) {
    EXPECT_THAT(SearchAs("llp", "Organization", {{"_count", "1"}, {"_page", bad}}),
                testing::StatusIs(absl::StatusCode::kInvalidArgument, "page token"));
  }
  EXPECT_THAT(SearchAs("htf", "Organization", {{"_count", "1"}, {"_page", next}}),
              testing::StatusIs(absl::StatusCode::kInvalidArgument, "page token"));
  EXPECT_THAT(SearchAs("llp", "Location", {{"_count", "1"}, {"_page", next}}),
              testing::StatusIs(absl::StatusCode::kInvalidArgument, "page token"));
}

absl::Status Refusal(std::string_view type,
                     const std::vector<std::pair<std::string, std::string>>& parameters,
                     Handling handling = Handling::kStrict) {
  return ParseSearch(type, parameters, {.handling = handling, .base = {}}).status();
}

TEST(ParseSearchTest, NamesTheParameterThatItDoesNotKnow) {
  EXPECT_THAT(Refusal("Encounter", {{"colour", "red"}}),
              testing::StatusIs(absl::StatusCode::kInvalidArgument, "'colour'"));
  EXPECT_THAT(Refusal("Encounter", {{"date", "2026"}}),
              testing::StatusIs(absl::StatusCode::kInvalidArgument, "'date'"));
  HANDOFF_EXPECT_OK(Refusal("Encounter", {{"colour", "red"}}, Handling::kLenient));
}

TEST(ParseSearchTest, DoesNotRepeatWhatCannotBeAParameter) {
  for (const char* name : {"Odalys Brightwater", "Brightwater", "mrn-500117"}) {
    EXPECT_THAT(Refusal("Encounter", {{name, "x"}}),
                testing::StatusIs(absl::StatusCode::kInvalidArgument, "'?'"));
  }
}

TEST(ParseSearchTest, RefusesModifiersAndChainsEvenWhenLenient) {
  for (const char* name : {"status:not", "subject:Patient", "subject.name"}) {
    EXPECT_THAT(Refusal("Encounter", {{name, "x"}}, Handling::kLenient),
                testing::StatusIs(absl::StatusCode::kInvalidArgument, name));
  }
}

TEST(ParseSearchTest, LeavesOutWhatItDidNotUnderstand) {
  HANDOFF_ASSERT_OK_AND_ASSIGN(
      const SearchRequest request,
      ParseSearch("Encounter",
                  {{"colour", "red"}, {"status", "finished"}, {"_count", "900"}, {"class", ""}},
                  {.handling = Handling::kLenient, .base = {}}));
  EXPECT_THAT(request.understood, ElementsAre(Pair("status", "finished"), Pair("_count", "200")));
  EXPECT_EQ(request.count, 200u);
}

TEST(ParseSearchTest, RefusesValuesThatCannotBe) {
  for (const auto& [name, value] : {std::pair("_count", "0"),
                                    std::pair("_count", "ten"),
                                    std::pair("_count", "-1"),
                                    std::pair("_id", "a b"),
                                    std::pair("_lastUpdated", "yesterday"),
                                    std::pair("_lastUpdated", "ap2026"),
                                    std::pair("_lastUpdated", "2026-02-30"),
                                    std::pair("status", "|"),
                                    std::pair("status", "a,,b")}) {
    EXPECT_THAT(Refusal("Encounter", {{name, value}}),
                testing::StatusIs(absl::StatusCode::kInvalidArgument, name))
        << value;
  }
}

TEST(ParseSearchTest, BoundsParametersAndValues) {
  std::vector<std::pair<std::string, std::string>> parameters(64, {"status", "finished"});
  HANDOFF_EXPECT_OK(Refusal("Encounter", parameters));
  parameters.emplace_back("status", "finished");
  EXPECT_EQ(ErrorOf(Refusal("Encounter", parameters)).id, ErrorId::kTooLarge);
  std::string values = "v";
  for (int i = 1; i < 512; ++i) values += ",v";
  HANDOFF_EXPECT_OK(Refusal("Encounter", {{"status", values}}));
  EXPECT_EQ(ErrorOf(Refusal("Encounter", {{"status", values + ",v"}})).id, ErrorId::kTooLarge);
}

TEST(ParseSearchTest, UnescapesTokensAndStripsOwnBase) {
  HANDOFF_ASSERT_OK_AND_ASSIGN(
      const SearchRequest request,
      ParseSearch("Encounter",
                  {{"identifier", "urn:x|a\\,b\\|c"}, {"subject", "https://gw/fhir/Patient/7"}},
                  {.handling = Handling::kStrict, .base = "https://gw/fhir"}));
  EXPECT_TRUE(request.groups.at(0).Matches({"identifier=urn:x|a,b|c"}));
  EXPECT_TRUE(request.groups.at(1).Matches({"subject=Patient/7"}));
  EXPECT_FALSE(request.groups.at(1).Matches({"subject=Patient/70"}));
}

TEST(SearchGroupTest, MatchesByKindOfValue) {
  const fhir::SearchTokens tokens = {"status=http://s|a", "status=|b", "focus=Task/9"};
  using Kind = SearchValue::Kind;
  const auto matches = [&](const char* name, Kind kind, const char* text) {
    return SearchGroup{name, {{kind, text}}}.Matches(tokens);
  };
  EXPECT_TRUE(matches("status", Kind::kExact, "http://s|a"));
  EXPECT_FALSE(matches("status", Kind::kExact, "|a"));
  EXPECT_TRUE(matches("status", Kind::kCode, "a"));
  EXPECT_TRUE(matches("status", Kind::kCode, "b"));
  EXPECT_TRUE(matches("status", Kind::kSystem, "http://s"));
  EXPECT_FALSE(matches("stat", Kind::kCode, "a"));
  EXPECT_TRUE(matches("focus", Kind::kId, "9"));
  EXPECT_FALSE(matches("focus", Kind::kId, "Task/9"));
}

}  // namespace
}  // namespace handoff::access
