// handoff-mapc must find every mistake in an invariant and say where it stands.
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/mappings/compiler_test_util.h"

namespace handoff::mapc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Behind a datatype Quantity, of 6 lines.
std::vector<std::string> CompileRules(std::string_view text, std::string* source = nullptr) {
  return Compile(
      "datatype Quantity <-> handoff.v1.Quantity\n  value <-> value decimal\n"
      "  comparator <-> comparator code required QuantityComparator\n"
      "  unit <-> unit string\n  system <-> system uri\n  code <-> code code\n" +
          std::string(text),
      source);
}

TEST(InvariantCompilerTest, WritesATreeThatKnowsTheElementsOfItsContext) {
  std::string source;
  EXPECT_THAT(CompileRules(
                  "  invariant q-1 warning . \"system for code\" code.empty() or system.exists()\n",
                  &source),
              IsEmpty());
  EXPECT_THAT(source, HasSubstr("{Op::kChild, 4, kNoExpr, kNoExpr, kNoExpr, \"code\"}"));
  EXPECT_THAT(source, HasSubstr("{\"q-1\", \"system for code\", true, kNoElement, kNoCheck, "));
}

TEST(InvariantCompilerTest, KnowsWithoutWhichElementsItHolds) {
  const auto about = [](const std::string& expression) {
    std::string source;
    EXPECT_THAT(CompileRules("  invariant q-1 error . \"t\" " + expression + "\n", &source),
                IsEmpty());
    const std::size_t end = source.find("u},", source.find("{\"q-1\""));
    return source.substr(source.rfind(' ', end) + 1, end - source.rfind(' ', end) - 1);
  };
  // value, comparator, unit, system, code: bits 0 to 4.
  EXPECT_EQ(about("code.empty() or system.exists()"), "16");
  EXPECT_EQ(about("value.empty() and unit.empty()"), "5");
  EXPECT_EQ(about("code.exists() implies system.exists()"), "16");
  EXPECT_EQ(about("(code.exists() and unit.exists()) implies system.exists()"), "16");
  EXPECT_EQ(about("(code.exists() or unit.exists()).not()"), "20");
  EXPECT_EQ(about("code.where($this = 'x').empty()"), "16");
  EXPECT_EQ(about("code.exists()"), "0");
  EXPECT_EQ(about("code.empty() xor system.exists()"), "0");
  EXPECT_EQ(about("code = 'x'"), "0");
  EXPECT_EQ(about("value.empty() and system.exists()"), "0");
}

TEST(InvariantCompilerTest, NamesWhatItDoesNotUnderstand) {
  EXPECT_THAT(CompileRules("  invariant q-1 error . \"t\" code.matches('x')\n"),
              ElementsAre("x.map:7: q-1: unknown function matches() (character 14 of the "
                          "expression)"));
  EXPECT_THAT(CompileRules("  invariant q-1 error . \"t\" code = \n"),
              ElementsAre("x.map:7: q-1: the expression ends too early (character 7 of the "
                          "expression)"));
}

TEST(InvariantCompilerTest, RefusesElementsThatAreNotThere) {
  EXPECT_THAT(CompileRules("  invariant q-1 error . \"t\" cdoe.empty()\n"),
              ElementsAre("x.map:7: Quantity has no element cdoe"));
  EXPECT_THAT(CompileRules("  invariant q-1 error . \"t\" code.value.empty()\n"),
              ElementsAre("x.map:7: value of a primitive"));
  EXPECT_THAT(CompileRules("  invariant q-1 error cdoe \"t\" true\n"),
              ElementsAre("x.map:7: Quantity has no element cdoe"));
  EXPECT_THAT(CompileRules("  invariant q-1 error code.value \"t\" true\n"),
              ElementsAre("x.map:7: Quantity.code has no elements here"));
}

TEST(InvariantCompilerTest, RefusesLinesOfAnotherForm) {
  const std::string form =
      "x.map:7: expected `invariant key error|warning path \"text\" expression`";
  EXPECT_THAT(CompileRules("  invariant q-1 fatal . \"t\" true\n"), ElementsAre(form));
  EXPECT_THAT(CompileRules("  invariant q-1 error . t true\n"), ElementsAre(form));
  EXPECT_THAT(CompileRules("  invariant q-1 error . \"t\"\n"), ElementsAre(form));
  EXPECT_THAT(CompileRules("  invariant q-1 error . \"t\" not-checked because\n"),
              ElementsAre("x.map:7: expected `not-checked \"reason\"`"));
  MapSet maps;
  Errors errors;
  ParseMap("y.map", "invariant q-1 error . \"t\" true\n", maps, errors);
  EXPECT_THAT(errors.list(), ElementsAre("y.map:1: `invariant` stands at the end of a definition"));
}

TEST(InvariantCompilerTest, AnInvariantOfEveryElementIsCheckedByHand) {
  EXPECT_THAT(CompileRules("abstract Element\n  invariant e-1 error . \"t\" true\n"),
              ElementsAre("x.map:8: an invariant of every element is checked by hand"));
  std::string source;
  EXPECT_THAT(CompileRules("abstract Element\n  invariant e-1 error . \"t\" by-hand\n", &source),
              IsEmpty());
  EXPECT_THAT(source, HasSubstr("kChecks[] = {\"e-1\",}"));
}

TEST(InvariantCompilerTest, WhatIsNotCheckedIsInNoTable) {
  std::string source;
  EXPECT_THAT(
      CompileRules("  invariant q-1 error . \"t\" not-checked \"no unit table\"\n", &source),
      IsEmpty());
  EXPECT_THAT(source, ::testing::Not(HasSubstr("q-1")));
}

}  // namespace
}  // namespace handoff::mapc
