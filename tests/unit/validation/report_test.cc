// What is listed, what is counted, and that every check by hand has its code.
#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

// A Bundle of patients without narrative (a warning each), the last with a wrong contact (an error).
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
