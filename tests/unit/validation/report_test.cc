// What is listed, what is counted, and that every check by hand has its code.
#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fhir-mappings/runtime/wire.h"
#include "fhir-mappings/runtime/wire_fields.h"
#include "fhir-mappings/validation/checks.h"
#include "tests/unit/mappings/mapping_test_util.h"
#include "tests/unit/validation/validate_test_util.h"

namespace handoff::fhir {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// A Bundle of patients without narrative (a warning each), the last with a wrong contact (an
// error).
std::string Patients(int count) {
  std::string entries;
  for (int i = 1; i < count; ++i) entries += R"({"resource":{"resourceType":"Patient"}},)";
  return R"({"resourceType":"Bundle","type":"collection","entry":[)" + entries +
         R"({"resource":{"resourceType":"Patient","contact":[{"gender":"male"}]}}]})";
}

Issues All(const std::string& json, std::size_t max_issues) {
  Issues issues;
  ValidateOptions options;
  options.max_issues = max_issues;
  Validate(Encode(json), options, &issues);
  return issues;
}

TEST(ValidationReportTest, ListsAllUpToItsLimit) {
  EXPECT_THAT(All(Patients(9), 10), SizeIs(10));
  const Issues issues = All(Patients(10), 10);
  ASSERT_THAT(issues, SizeIs(11));
  EXPECT_EQ(issues.back().text, "1 more problems are not listed");
  EXPECT_EQ(issues.back().severity, Severity::kWarning);
}

TEST(ValidationReportTest, AnErrorTakesThePlaceOfAWarning) {
  const Issues issues = All(Patients(50), 3);
  EXPECT_EQ(issues[2].expression, "Bundle.entry[49].resource.contact[0]");
  EXPECT_EQ(issues[2].severity, Severity::kError);
  EXPECT_EQ(issues.back().text, "48 more problems are not listed");
}

TEST(ValidationReportTest, AppendsBehindWhatIsThere) {
  Issues issues = {{Severity::kError, "structure", "before", ""}};
  ValidateOptions options;
  options.max_issues = 1;
  Validate(Encode(Patients(3)), options, &issues);
  ASSERT_THAT(issues, SizeIs(3));
  EXPECT_EQ(issues[0].text, "before");
  EXPECT_EQ(issues[1].severity, Severity::kError);
}

TEST(ValidationReportTest, WhatIsNoResourceIsFatal) {
  for (const std::string& damaged : {std::string(), std::string("\x0a"), std::string("\xff\xff")}) {
    Issues issues;
    Validate(damaged, {}, &issues);
    ASSERT_THAT(issues, SizeIs(1));
    EXPECT_EQ(issues[0].severity, Severity::kFatal);
  }
}

TEST(ValidationReportTest, TellsNoNameThatIsNoPlainName) {
  const Issues issues =
      Validated(R"({"resourceType":"Patient","Ann O'Hara":{"extension":[{"url":"urn:x"}]}})");
  ASSERT_THAT(issues, SizeIs(1));
  EXPECT_EQ(issues[0].expression, "Patient.member.extension[0]");
}

TEST(ValidationReportTest, BearsDeepNesting) {
  std::string wire;
  for (int i = 0; i < 20'000; ++i) {
    const std::string inner = std::move(wire);
    wire.clear();
    internal::Sink sink(&wire);
    internal::PutBytes(sink, internal::wire_fields::kBundle, inner);
  }
  Issues issues;
  Validate(wire, {}, &issues);
}

TEST(ValidationReportTest, BearsDamageInside) {
  const std::string sound = Encode(Patients(3));
  for (std::size_t i = 0; i < sound.size(); ++i) {
    for (const char byte : {'\0', '\x7f', '\xff'}) {
      std::string damaged = sound;
      damaged[i] = byte;
      Issues issues;
      Validate(damaged, {}, &issues);
      Validate(std::string_view(sound).substr(0, i), {}, &issues);
    }
  }
}

std::string Repeated(const std::string& text, int count) {
  std::string whole = text;
  for (int i = 1; i < count; ++i) (whole += ',') += text;
  return whole;
}

// Documents of which a part is held against a part: none may cost the product of both.
TEST(ValidationReportTest, LargeDocumentsCostNoMoreThanTheirSize) {
  const int many = 20'000;
  std::string contained = "{\"resourceType\":\"Patient\",\"id\":\"p0\"}";
  std::string links = "{\"reference\":\"#p0\"}";
  for (int i = 1; i < many; ++i) {
    contained += ",{\"resourceType\":\"Patient\",\"id\":\"p" + std::to_string(i) + "\"}";
    links += ",{\"reference\":\"#p" + std::to_string(i) + "\"}";
  }
  EXPECT_THAT(
      All(R"({"resourceType":"List","status":"current","mode":"working","contained":[)" +
              contained + R"(],"entry":[)" + Repeated(R"({"item":{"reference":"#p1"}})", many) +
              R"(],"source":{"reference":"#p0"}})",
          1),
      SizeIs(2));
  EXPECT_THAT(
      All(R"({"resourceType":"Observation","status":"final","code":{"text":"c"},"focus":[)" +
              links + R"(],"contained":[)" + contained + "]}",
          100),
      ElementsAre(Field(&Issue::severity, Severity::kWarning)));
  const std::string entries =
      Repeated(R"({"fullUrl":"urn:oid:1.2","request":{"method":"GET","url":"x"}})", many);
  EXPECT_EQ(All(R"({"resourceType":"Bundle","entry":[)" + entries + R"(],"type":"batch"})", 10)
                .front()
                .expression,
            "Bundle");
}

TEST(ValidationReportTest, StopsWhereItWouldCompareTooOften) {
  const int many = 5'000;
  const std::string codings = Repeated(R"({"code":"a","display":"d"})", many);
  const std::string others = Repeated(R"({"code":"b","display":"d"})", many);
  const Issues issues =
      All(R"({"resourceType":"Observation","status":"final","valueInteger":1,"code":{"coding":[)" +
              codings + R"(]},"component":[{"code":{"coding":[)" + others + "]}}]}",
          10);
  ASSERT_FALSE(issues.empty());
  EXPECT_EQ(issues.back().severity, Severity::kFatal);
  EXPECT_EQ(issues.back().code, "too-costly");
}

TEST(ChecksTest, EveryCheckByHandHasItsFunction) {
  std::vector<std::string_view> keys(std::begin(internal::kWalked), std::end(internal::kWalked));
  for (const internal::NamedCheck& check : internal::NamedChecks()) keys.push_back(check.key);
  std::vector<std::string_view> wanted(internal::kTables.checks.begin(),
                                       internal::kTables.checks.end());
  std::sort(keys.begin(), keys.end());
  std::sort(wanted.begin(), wanted.end());
  std::vector<std::string_view> without;
  std::set_difference(
      wanted.begin(), wanted.end(), keys.begin(), keys.end(), std::back_inserter(without));
  EXPECT_THAT(without, IsEmpty()) << "by-hand in a map, but no code in validation/";
  EXPECT_TRUE(std::adjacent_find(keys.begin(), keys.end()) == keys.end());
}

}  // namespace
}  // namespace handoff::fhir
