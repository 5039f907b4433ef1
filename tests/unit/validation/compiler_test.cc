// handoff-mapc must find every mistake in an invariant and say where it stands.
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fhir-mappings/compiler/emit.h"
#include "fhir-mappings/compiler/map_file.h"
#include "fhir-mappings/compiler/schema.h"
#include "handoff/v1/exchange.pb.h"

namespace handoff::mapc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view kTypes =
    "datatype Reference <-> handoff.v1.Reference\n"
    "  reference <-> resource_type, resource_id, version, uri reference-string\n"
    "  type <-> type uri\n"
    "  identifier <-> identifier Identifier\n"
    "  display <-> display string\n"
    "datatype Identifier <-> handoff.v1.Identifier\n"
    "  use <-> use code required IdentifierUse\n"
    "  type <-> type CodeableConcept\n"
    "  system <-> system uri\n"
    "  value <-> value string\n"
    "  period <-> period Period\n"
    "  assigner <-> assigner Reference(Organization)\n"
    "datatype CodeableConcept <-> handoff.v1.CodeableConcept\n"
    "  coding[] <-> codings Coding\n"
    "  text <-> text string\n"
    "datatype Coding <-> handoff.v1.Coding\n"
    "  system <-> system uri\n  version <-> version string\n  code <-> code code\n"
    "  display <-> display string\n  userSelected <-> user_selected boolean\n"
    "datatype Meta <-> handoff.v1.Meta\n"
    "  versionId <-> version_id id\n  lastUpdated <-> last_updated instant\n  source <-> source "
    "uri\n"
    "  profile[] <-> profiles canonical\n  security[] <-> security Coding\n  tag[] <-> tags "
    "Coding\n"
    "datatype Period <-> handoff.v1.Period\n  start <-> start dateTime\n  end <-> end dateTime\n";

std::vector<std::string> Compile(std::string_view text, std::string* source = nullptr) {
  MapSet maps;
  Errors errors;
  ParseMap("types.map", kTypes, maps, errors);
  const std::string map =
      "datatype Quantity <-> handoff.v1.Quantity\n  value <-> value decimal\n"
      "  comparator <-> comparator code required QuantityComparator\n"
      "  unit <-> unit string\n  system <-> system uri\n  code <-> code code\n" +
      std::string(text);
  ParseMap("x.map", map, maps, errors);
  const Schema schema = Resolve(maps, *v1::Resource::descriptor()->file()->pool(), errors);
  if (errors.empty()) {
    const std::string emitted = Emit(schema, {"x.map", 1}, errors);
    if (source != nullptr) *source = emitted;
  }
  return errors.list();
}

TEST(InvariantCompilerTest, WritesATreeThatKnowsTheElementsOfItsContext) {
  std::string source;
  EXPECT_THAT(
      Compile("  invariant q-1 warning . \"system for code\" code.empty() or system.exists()\n",
              &source),
      IsEmpty());
  EXPECT_THAT(source, HasSubstr("{Op::kChild, 4, kNoExpr, kNoExpr, kNoExpr, \"code\"}"));
  EXPECT_THAT(source, HasSubstr("{\"q-1\", \"system for code\", true, kNoElement, kNoCheck, "));
}

TEST(InvariantCompilerTest, NamesWhatItDoesNotUnderstand) {
  EXPECT_THAT(Compile("  invariant q-1 error . \"t\" code.matches('x')\n"),
              ElementsAre("x.map:7: q-1: unknown function matches() (character 14 of the "
                          "expression)"));
  EXPECT_THAT(Compile("  invariant q-1 error . \"t\" code = \n"),
              ElementsAre("x.map:7: q-1: the expression ends too early (character 7 of the "
                          "expression)"));
}

TEST(InvariantCompilerTest, RefusesElementsThatAreNotThere) {
  EXPECT_THAT(Compile("  invariant q-1 error . \"t\" cdoe.empty()\n"),
              ElementsAre("x.map:7: Quantity has no element cdoe"));
  EXPECT_THAT(Compile("  invariant q-1 error . \"t\" code.value.empty()\n"),
              ElementsAre("x.map:7: value of a primitive"));
  EXPECT_THAT(Compile("  invariant q-1 error cdoe \"t\" true\n"),
              ElementsAre("x.map:7: Quantity has no element cdoe"));
  EXPECT_THAT(Compile("  invariant q-1 error code.value \"t\" true\n"),
              ElementsAre("x.map:7: Quantity.code has no elements here"));
}

TEST(InvariantCompilerTest, RefusesLinesOfAnotherForm) {
  const std::string form = "x.map:7: expected `invariant key error|warning path \"text\" expression`";
  EXPECT_THAT(Compile("  invariant q-1 fatal . \"t\" true\n"), ElementsAre(form));
  EXPECT_THAT(Compile("  invariant q-1 error . t true\n"), ElementsAre(form));
  EXPECT_THAT(Compile("  invariant q-1 error . \"t\"\n"), ElementsAre(form));
  EXPECT_THAT(Compile("  invariant q-1 error . \"t\" not-checked because\n"),
              ElementsAre("x.map:7: expected `not-checked \"reason\"`"));
  MapSet maps;
  Errors errors;
  ParseMap("y.map", "invariant q-1 error . \"t\" true\n", maps, errors);
  EXPECT_THAT(errors.list(),
              ElementsAre("y.map:1: `invariant` stands at the end of a definition"));
}

TEST(InvariantCompilerTest, AnInvariantOfEveryElementIsCheckedByHand) {
  EXPECT_THAT(Compile("abstract Element\n  invariant e-1 error . \"t\" true\n"),
              ElementsAre("x.map:8: an invariant of every element is checked by hand"));
  std::string source;
  EXPECT_THAT(Compile("abstract Element\n  invariant e-1 error . \"t\" by-hand\n", &source),
              IsEmpty());
  EXPECT_THAT(source, HasSubstr("kChecks[] = {\"e-1\",}"));
}

TEST(InvariantCompilerTest, WhatIsNotCheckedIsInNoTable) {
  std::string source;
  EXPECT_THAT(Compile("  invariant q-1 error . \"t\" not-checked \"no unit table\"\n", &source),
              IsEmpty());
  EXPECT_THAT(source, ::testing::Not(HasSubstr("q-1")));
}

}  // namespace
}  // namespace handoff::mapc
