// handoff-mapc must find every mistake in a map and say where it stands.
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/mappings/compiler_test_util.h"

namespace handoff::mapc {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view kRange =
    "datatype Quantity <-> handoff.v1.Quantity\n"
    "  value <-> value decimal\n"
    "  comparator <-> comparator code required QuantityComparator\n"
    "  unit <-> unit string\n"
    "  system <-> system uri\n"
    "  code <-> code code\n";

TEST(CompilerTest, AcceptsASoundMapAndWritesTables) {
  std::string source;
  EXPECT_THAT(Compile(kRange, &source), IsEmpty());
  EXPECT_THAT(source, HasSubstr("{\"comparator\", 2, "));
  EXPECT_THAT(source, HasSubstr("{\"<=\", 2}"));
}

TEST(CompilerTest, IgnoresCommentsAndJoinsAlternatives) {
  EXPECT_THAT(Compile("# nothing\n\nopaque Account | # more follows\n  Basic\n"), IsEmpty());
}

TEST(CompilerTest, ReportsSyntaxWithItsLine) {
  EXPECT_THAT(Compile("\nnonsense\n"), ElementsAre(HasSubstr("x.map:2: cannot read this line")));
  EXPECT_THAT(Compile("}\n"), ElementsAre("x.map:1: '}' without '{'"));
  EXPECT_THAT(Compile("datatype Money\n"),
              Contains(HasSubstr("x.map:1: expected `datatype Money <-> message`")));
  EXPECT_THAT(Compile("opaque Account |\n"), ElementsAre(HasSubstr("the file ends inside")));
  EXPECT_THAT(Compile("alias 5 = string\n"), ElementsAre(HasSubstr("x.map:1: expected `alias")));
  EXPECT_THAT(Compile("search a token b\n"),
              ElementsAre(HasSubstr("x.map:1: `search` stands at the end of a resource")));
  const std::string money = "datatype Money <-> handoff.v1.Money\n  value <-> value decimal\n";
  EXPECT_THAT(Compile(money + "  currency 2..1 <-> currency code\n"),
              Contains(HasSubstr("x.map:3: expected `element[] min..max")));
  EXPECT_THAT(Compile(money + "  currency 1..* <-> currency code\n"),
              Contains(HasSubstr("x.map:3: an element that repeats")));
  EXPECT_THAT(Compile(money + "  currency <-> currency\n"),
              Contains(HasSubstr("x.map:3: the type of currency is missing")));
  EXPECT_THAT(Compile(money + "  currency <-> currency a-b\n"),
              Contains(HasSubstr("x.map:3: 'a-b' is no type")));
  EXPECT_THAT(Compile("resource Goal <-> handoff.v1.Goal\n  target[] <-> targets {\n"),
              Contains("x.map:2: '{' is never closed"));
}

TEST(CompilerTest, ReportsNamesThatTheModelDoesNotKnow) {
  EXPECT_THAT(Compile("datatype Money <-> handoff.v1.Cash\n"),
              ElementsAre("x.map:1: unknown message handoff.v1.Cash"));
  const std::string money = "datatype Money <-> handoff.v1.Money\n  value <-> value decimal\n";
  EXPECT_THAT(Compile(money + "  currency <-> coin code\n"),
              ElementsAre("x.map:3: handoff.v1.Money has no field coin",
                          "x.map:1: handoff.v1.Money.currency is in no line of the map"));
  EXPECT_THAT(Compile(money + "  currency <-> currency Coin\n"),
              ElementsAre("x.map:3: unknown type Coin"));
  EXPECT_THAT(Compile(money + "  currency <-> currency code required Coins\n"),
              ElementsAre("x.map:3: unknown enum handoff.v1.Coins"));
  EXPECT_THAT(Compile("resource Goal : Base <-> handoff.v1.Goal\n"),
              Contains("x.map:1: unknown base Base"));
}

TEST(CompilerTest, KnowsExtensionsByTheirUrl) {
  const std::string ratio =
      "datatype Ratio <-> handoff.v1.Ratio\n"
      "  numerator <-> numerator Quantity\n" +
      std::string("  extension(http://x.example/d) <-> denominator Quantity\n") +
      std::string(kRange);
  std::string source;
  EXPECT_THAT(Compile(ratio, &source), IsEmpty());
  EXPECT_THAT(source, HasSubstr("{\"http://x.example/d\", \"valueQuantity\"}"));
  EXPECT_THAT(source, HasSubstr("{\"extension('http://x.example/d').value\", 2, "));
}

TEST(CompilerTest, ReportsWhatNoExtensionCanBe) {
  const auto ratio = [](const std::string& line) {
    return Compile(
        "datatype Ratio <-> handoff.v1.Ratio\n"
        "  numerator <-> numerator Quantity\n  " +
        line + "\n" + std::string(kRange));
  };
  EXPECT_THAT(ratio("extension(urn:x) 1..1 <-> denominator Quantity"),
              Contains("x.map:3: an extension has one field, and need not stand"));
  EXPECT_THAT(ratio("extension(urn:x) <-> denominator {\n}"),
              Contains(HasSubstr("Quantity.value is in no line of the map")));
  EXPECT_THAT(ratio("extension(urn:x) <-> denominator @Ratio.numerator"),
              Contains("x.map:3: no earlier element Ratio.numerator"));
  EXPECT_THAT(ratio("extension(urn:x) <-> divisor Quantity"),
              Contains("x.map:3: handoff.v1.Ratio has no field divisor"));
  EXPECT_THAT(ratio("extension() <-> denominator Quantity"),
              Contains(HasSubstr("x.map:3: expected `element[] min..max")));
  EXPECT_THAT(Compile("datatype Range <-> handoff.v1.Range\n"
                      "  extension(urn:x) <-> low Quantity\n"
                      "  extension(urn:x) <-> high Quantity\n" +
                      std::string(kRange)),
              ElementsAre("x.map:3: this extension has a field already"));
  EXPECT_THAT(Compile("datatype Money <-> handoff.v1.Money\n  value <-> value decimal\n"
                      "  extension(urn:x) <-> currency code required QuantityComparator\n"),
              Contains(HasSubstr("x.map:3: ")));
}

TEST(CompilerTest, ReportsMeaningsThatTheModelDoesNotKnow) {
  const std::string label =
      "datatype Label as Coding <-> handoff.v1.SecurityLabel\n"
      "  system <-> system uri\n  version <-> version string\n  code <-> code code\n"
      "  display <-> display string\n  userSelected <-> user_selected boolean\n"
      "  meaning confidentiality Confidentiality urn:c\n  meaning sensitivity Sensitivity urn:s\n";
  EXPECT_THAT(Compile(label + "  meaning purpose_of_use PurposeOfUse urn:p\n"), IsEmpty());
  EXPECT_THAT(Compile(label + "  meaning purpose PurposeOfUse urn:p\n"),
              Contains("x.map:9: handoff.v1.SecurityLabel has no field purpose"));
  EXPECT_THAT(Compile(label + "  meaning purpose_of_use Purpose urn:p\n"),
              Contains("x.map:9: unknown enum handoff.v1.Purpose"));
  EXPECT_THAT(Compile(label + "  meaning purpose_of_use Sensitivity urn:p\n"),
              Contains("x.map:9: handoff.v1.SecurityLabel.purpose_of_use is no Sensitivity"));
  EXPECT_THAT(Compile(label + "  meaning purpose_of_use PurposeOfUse\n"),
              Contains("x.map:9: expected `meaning field Enum system`"));
}

TEST(CompilerTest, ReportsFieldsOfTheWrongKind) {
  const std::string money = "datatype Money <-> handoff.v1.Money\n  value <-> value decimal\n";
  EXPECT_THAT(Compile(money + "  currency[] <-> currency code\n"),
              ElementsAre(HasSubstr("x.map:3: handoff.v1.Money.currency is not repeated")));
  EXPECT_THAT(Compile(money + "  currency <-> currency boolean\n"),
              ElementsAre("x.map:3: handoff.v1.Money.currency is a string; boolean needs bool"));
  EXPECT_THAT(
      Compile(money + "  currency <-> currency Period\n"),
      ElementsAre(
          "x.map:3: handoff.v1.Money.currency is a string; Period needs handoff.v1.Period"));
  EXPECT_THAT(Compile(money + "  currency <-> currency {\n  }\n"),
              Contains(HasSubstr("is a string, not a message")));
  EXPECT_THAT(Compile(money + "  currency <-> currency code | string\n"),
              ElementsAre(HasSubstr("more than one type needs a choice")));
  EXPECT_THAT(Compile(money + "  currency[x] <-> currency code | string\n"),
              Contains(HasSubstr("x.map:3: handoff.v1.Money has no oneof")));
  EXPECT_THAT(Compile("resource Patient <-> handoff.v1.Person\n"),
              Contains(HasSubstr("x.map:1: ")));
}

TEST(CompilerTest, ReportsWhatStandsTwice) {
  const std::string money =
      "datatype Money <-> handoff.v1.Money\n  value <-> value decimal\n  currency <-> currency "
      "code\n";
  EXPECT_THAT(Compile(money + "  coin <-> currency code\n"),
              ElementsAre("x.map:4: handoff.v1.Money.currency is mapped twice"));
  EXPECT_THAT(Compile(money + "  currency <-> extra\n"),
              Contains("x.map:4: currency stands twice"));
  EXPECT_THAT(Compile(money + money), ElementsAre("x.map:4: Money is defined twice"));
  EXPECT_THAT(Compile("opaque Basic | Basic\n"), ElementsAre("x.map:1: Basic stands twice"));
  EXPECT_THAT(Compile("opaque Period\n"), ElementsAre("x.map:1: Period has a map"));
}

TEST(CompilerTest, ReportsChoicesThatTheOneofLacks) {
  const std::string annotation =
      "datatype Annotation <-> handoff.v1.Annotation\n  time <-> time dateTime\n  text 1..1 <-> "
      "text markdown\n";
  EXPECT_THAT(Compile(annotation + "  author[x] <-> author Reference | string\n"), IsEmpty());
  EXPECT_THAT(Compile(annotation + "  author[x] <-> author Reference | string | extra(Period)\n"),
              IsEmpty());
  EXPECT_THAT(Compile(annotation + "  author[x] <-> author Reference | string | Period\n"),
              ElementsAre("x.map:4: handoff.v1.Annotation has no field author_period"));
  EXPECT_THAT(Compile(annotation + "  author[x] <-> author Reference\n"),
              ElementsAre("x.map:1: handoff.v1.Annotation.author_string is in no line of the map"));
}

TEST(CompilerTest, ReportsSearchPathsThatLeadNowhere) {
  const auto outcome = [](std::string_view search) {
    return Compile(
        "abstract Nothing\nresource OperationOutcome : Nothing <-> handoff.v1.OperationOutcome\n" +
        std::string(search) + "\n");
  };
  EXPECT_THAT(outcome("  search a number id"),
              Contains("x.map:3: unknown search type number: token, reference or date"));
  EXPECT_THAT(outcome("  search a token nothing"),
              Contains("x.map:3: no field nothing on the search path of a"));
  EXPECT_THAT(outcome("  search a token"),
              Contains("x.map:3: expected `search name type path[, path]`"));
}

TEST(CompilerTest, ReportsEveryMistakeAtOnce) {
  EXPECT_THAT(Compile("nonsense\nmore\ndatatype Money <-> handoff.v1.Cash\n").size(), 3u);
}

}  // namespace
}  // namespace handoff::mapc
