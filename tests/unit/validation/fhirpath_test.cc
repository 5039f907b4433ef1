// FHIRPath: what is understood, what is refused, and what expressions say of a resource.
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fhir-mappings/validation/evaluate.h"
#include "fhir-mappings/validation/fhirpath.h"
#include "tests/unit/mappings/mapping_test_util.h"

namespace handoff::fhir {
namespace {

using internal::Evaluator;
using internal::Item;
using internal::Items;
using internal::Scope;

constexpr std::string_view kObservation = R"({
  "resourceType":"Observation","id":"o","status":"final",
  "extension":[{"url":"http://x.example/a","valueString":"one"},
               {"url":"http://x.example/b","valueQuantity":{"value":2}}],
  "contained":[{"resourceType":"Patient","id":"p","birthDate":"1970"}],
  "identifier":[{"system":"s","value":"1"},{"value":"2"}],
  "code":{"coding":[{"system":"http://loinc.org","code":"1-8"},{"code":"x","system":"y"}]},
  "subject":{"reference":"#p"},
  "focus":[{"reference":"Patient/a/_history/2"},{"reference":"urn:uuid:0"}],
  "_issued":{"extension":[{"url":"http://x.example/absent","valueCode":"unknown"}]},
  "effectivePeriod":{"start":"2020-02","end":"2020-02-11T10:00:00Z"},
  "valueQuantity":{"value":1.50,"unit":"kg","system":"http://unitsofmeasure.org","code":"kg"},
  "component":[
    {"code":{"coding":[{"code":"x","system":"y"}]},"valueInteger":7},
    {"code":{"text":"t"},"valueBoolean":true},
    {"code":{"text":"u"},"valueString":"seven"}],
  "referenceRange":[{"low":{"value":1},"high":{"value":3}},
                    {"low":{"value":3,"unit":"kg"},"high":{"value":1,"unit":"g"}}]
})";

class FindContained final : public internal::Resolver {
 public:
  explicit FindContained(Item root) : root_(root) {}
  std::optional<Item> Resolve(const ReferenceView& reference) override {
    Items contained;
    internal::AppendChildren(root_, "contained", contained);
    if (reference.uri != "#p" || contained.empty()) return std::nullopt;
    return contained.front();
  }

 private:
  const Item root_;
};

// True, false, or empty: "the expression cannot be read".
std::string Result(std::string_view text) {
  static const std::string encoded = Encode(kObservation);
  ParsedExpression parsed;
  ExpressionError error;
  if (!ParseExpression(text, &parsed, &error)) return error.what;
  const Item root = *internal::ResourceItem(encoded);
  FindContained resolver(root);
  const Scope scope{root, std::nullopt, root, root, &resolver};
  Items items;
  Evaluator evaluator;
  evaluator.Select(parsed.nodes, scope, items);
  if (items.empty()) return "{}";
  if (items.size() > 1) return std::to_string(items.size()) + " items";
  if (const auto truth = internal::TruthOf(items.front())) return *truth ? "true" : "false";
  if (const auto number = internal::NumberOf(items.front()))
    return std::to_string(static_cast<int>(*number));
  std::string scratch;
  return std::string(internal::TextOf(items.front(), scratch).value_or("an element"));
}

struct Case {
  std::string_view expression;
  std::string_view result;
};

class FhirPathTest : public ::testing::TestWithParam<Case> {};

TEST_P(FhirPathTest, Yields) {
  EXPECT_EQ(Result(GetParam().expression), GetParam().result) << GetParam().expression;
}

INSTANTIATE_TEST_SUITE_P(
    Navigation,
    FhirPathTest,
    ::testing::Values(
        Case{"status", "final"},
        Case{"Observation.status", "final"},
        Case{"Patient.status", "{}"},
        Case{"identifier.value", "2 items"},
        Case{"identifier[1].value", "2"},
        Case{"identifier[2].value", "{}"},
        Case{"identifier.first().system", "s"},
        Case{"value.unit", "kg"},
        Case{"component.value", "3 items"},
        Case{"component.value.ofType(string)", "seven"},
        Case{"(component[0].value as integer)", "7"},
        Case{"component.where(value is Boolean).code.text", "t"},
        Case{"component.select(code.text)", "2 items"},
        Case{"subject.reference", "#p"},
        Case{"focus[0].reference", "Patient/a/_history/2"},
        Case{"subject.resolve().birthDate.exists()", "true"},
        Case{"subject.resolve().is(Patient)", "true"},
        Case{"focus.resolve()", "{}"},
        Case{"contained.id", "p"},
        Case{"%resource.id", "o"},
        Case{"%rootResource.id", "o"},
        Case{"%context.id", "o"},
        Case{"$this.id", "o"},
        Case{"extension('http://x.example/a').value", "one"},
        Case{"extension.where(url = 'http://x.example/b').value.value", "2"},
        Case{"issued.extension.value", "unknown"},
        Case{"descendants().where($this = 'seven')", "seven"},
        Case{"component[1].children().count()", "2"},
        Case{"text.`div`", "{}"},
        Case{"iif(status = 'final', 'yes', 'no')", "yes"},
        Case{"iif(status = 'draft', 'yes')", "{}"},
        Case{"status.trace('s')", "final"}));

INSTANTIATE_TEST_SUITE_P(
    Logic,
    FhirPathTest,
    ::testing::Values(
        Case{"true and {}", "{}"},
        Case{"false and {}", "false"},
        Case{"true or {}", "true"},
        Case{"{} or false", "{}"},
        Case{"true xor true", "false"},
        Case{"{} xor true", "{}"},
        Case{"false implies {}", "true"},
        Case{"{} implies true", "true"},
        Case{"true implies {}", "{}"},
        Case{"{}.not()", "{}"},
        Case{"(status = 'final').not()", "false"},
        Case{"true or false and false", "true"},
        Case{"status = 'final' and id = 'o' implies false", "false"},
        Case{"1 + 2 > 2 and 2 + 2 <= 4", "true"}));

INSTANTIATE_TEST_SUITE_P(
    Comparison,
    FhirPathTest,
    ::testing::Values(
        Case{"status = 'final'", "true"},
        Case{"status != 'final'", "false"},
        Case{"status = {}", "{}"},
        Case{"bodySite ~ {}", "true"},
        Case{"status in ('draft' | 'final')", "true"},
        Case{"bodySite in ('draft' | 'final')", "{}"},
        Case{"identifier.value in ('1' | '3')", "false"},
        Case{"value.value = 1.5", "true"},
        Case{"component[0].value > 6.9", "true"},
        Case{"component.code.where(coding.intersect(%resource.code.coding).exists()).count()", "1"},
        Case{"component[1].value = true", "true"},
        Case{"('a' | 'a' | 'b').count()", "2"},
        // Dates of unlike precision that overlap, and unlike units: not decided.
        Case{"effective.start <= effective.end", "true"},
        Case{"effective.end < effective.start", "true"},
        Case{"subject.resolve().birthDate < effective.start", "true"},
        Case{"subject.resolve().birthDate > effective.start", "false"},
        Case{"referenceRange[0].low <= referenceRange[0].high", "true"},
        Case{"referenceRange[0].low > referenceRange[0].high", "false"},
        Case{"referenceRange[1].low <= referenceRange[1].high", "true"}));

INSTANTIATE_TEST_SUITE_P(
    Functions,
    FhirPathTest,
    ::testing::Values(
        Case{"component.exists()", "true"},
        Case{"component.exists(value is boolean)", "true"},
        Case{"bodySite.empty()", "true"},
        Case{"issued.exists()", "true"},
        Case{"issued.hasValue()", "false"},
        Case{"status.hasValue()", "true"},
        Case{"component.all(code.exists())", "true"},
        Case{"component.all(value is integer)", "false"},
        Case{"bodySite.all(false)", "true"},
        Case{"identifier.value.isDistinct()", "true"},
        Case{"component.code.coding.code.isDistinct()", "true"},
        Case{"(identifier | identifier).count() + component.count()", "5"},
        Case{"status.startsWith('fi')", "true"},
        Case{"status.endsWith('al') and status.contains('na')", "true"},
        Case{"bodySite.text.contains('x')", "{}"},
        Case{"subject.reference.substring(1)", "p"},
        Case{"status.substring(9)", "{}"},
        Case{"status.length()", "5"},
        Case{"value.value.toString()", "1.50"},
        Case{"'a' & bodySite.text & 'b'", "ab"},
        Case{"value.system = %ucum", "true"},
        Case{"'it\\'s'", "it's"}));

INSTANTIATE_TEST_SUITE_P(
    Refusals,
    FhirPathTest,
    ::testing::Values(
        Case{"", "the expression ends too early"},
        Case{"status =", "the expression ends too early"},
        Case{"status.matches('x')", "unknown function matches()"},
        Case{"a.repeat(b)", "unknown function repeat()"},
        Case{"name * 2", "'* 2' is not understood here"},
        Case{"(status", "')' is missing"},
        Case{"'open", "a quote is never closed"},
        Case{"value as", "the name of a type is missing"},
        Case{"a[b]", "an index is a number"},
        Case{"today() > ", "unknown function today()"}));

TEST(FhirPathTest, TellsWhereItStopped) {
  ParsedExpression parsed;
  ExpressionError error;
  EXPECT_FALSE(ParseExpression("status.foo()", &parsed, &error));
  EXPECT_EQ(error.what, "unknown function foo()");
  EXPECT_EQ(error.offset, 11u);
}

TEST(FhirPathTest, BoundsItsDepth) {
  const auto nested = [](int depth) {
    return std::string(static_cast<std::size_t>(depth), '(') + "a" +
           std::string(static_cast<std::size_t>(depth), ')');
  };
  ParsedExpression parsed;
  ExpressionError error;
  EXPECT_TRUE(ParseExpression(nested(kMaxExpressionDepth - 1), &parsed, &error));
  EXPECT_FALSE(ParseExpression(nested(kMaxExpressionDepth), &parsed, &error));
  EXPECT_EQ(error.what, "nested too deeply");
}

}  // namespace
}  // namespace handoff::fhir
