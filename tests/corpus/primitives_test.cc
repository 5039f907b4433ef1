// Values of R4's primitive types, right and wrong, as google/fhir lists them: each in an element
// that takes the type.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "fhir-mappings/runtime/resource.h"
#include "tests/corpus/skip_without.h"
#include "tests/support/plain/plain_json.h"

namespace handoff::fhir {
namespace {

const std::filesystem::path kValues = "../shared/corpora/invalid/google-fhir/primitives-r4";

// Parameters.parameter.value[x] takes every type but these.
const std::map<std::string, std::string> kCarriers = {
    {"xhtml", R"({"resourceType":"Patient","text":{"status":"generated","div":@}})"},
    {"reference", R"({"resourceType":"Patient","managingOrganization":@})"},
};

// Valid there, and not in R4: what is empty must not stand (FHIR R4 datatypes.html#string).
const std::set<std::pair<std::string, std::string>> kNotOfR4 = {{"xhtml", "\"\""}};

// "date_time" as in valueDateTime.
std::string Capitalised(std::string_view snake) {
  std::string name;
  bool upper = true;
  for (const char c : snake) {
    if (c != '_') name += upper ? static_cast<char>(c - 'a' + 'A') : c;
    upper = c == '_';
  }
  return name;
}

std::string Document(const std::string& type, const std::string& value) {
  const auto it = kCarriers.find(type);
  std::string document = it != kCarriers.end()
                             ? it->second
                             : R"({"resourceType":"Parameters","parameter":[{"name":"v","value)" +
                                   Capitalised(type) + R"(":@}]})";
  return document.replace(document.find('@'), 1, value);
}

class PrimitivesTest : public ::testing::Test {
 protected:
  void SetUp() override { HANDOFF_SKIP_WITHOUT(kValues); }

  // Calls `visit(type, value)` for each line of the files that end so.
  template <class Visit>
  static int ForEach(const std::string& ending, const Visit& visit) {
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(kValues)) {
      const std::string name = entry.path().filename();
      if (!name.ends_with(ending)) continue;
      const std::string type = name.substr(0, name.size() - ending.size());
      std::ifstream in(entry.path());
      for (std::string line; std::getline(in, line);) {
        if (line.empty()) continue;
        visit(type, line);
        ++count;
      }
    }
    return count;
  }
};

TEST_F(PrimitivesTest, TakesEveryValidValueAndGivesItBack) {
  int gaps = 0;
  const int count =
      ForEach(".valid.ndjson", [&](const std::string& type, const std::string& value) {
        if (value == "null") {  // no value: in JSON a gap of a list only, which reader_test has
          ++gaps;
          return;
        }
        const std::string document = Document(type, value);
        std::string encoded;
        std::string written;
        Issues issues;
        const bool read = ReadJson(document, {}, &encoded, &issues);
        EXPECT_EQ(read, kNotOfR4.count({type, value}) == 0) << document;
        if (!read) return;
        EXPECT_TRUE(WriteJson(encoded, {}, &written).ok());
        const auto before = plain::Parse(document, 64);
        const auto after = plain::Parse(written, 64);
        EXPECT_TRUE(before && after && plain::Same(*before, *after)) << document << written;
      });
  std::printf("%d valid values, %d of them null\n", count, gaps);
  EXPECT_GT(count - gaps, 40);
}

TEST_F(PrimitivesTest, RefusesEveryInvalidValue) {
  const int count =
      ForEach(".invalid.ndjson", [](const std::string& type, const std::string& value) {
        const std::string document = Document(type, value);
        std::string encoded;
        Issues issues;
        EXPECT_FALSE(
            ReadJson(document, {.tolerances = {.unknown = Tolerance::kReject}}, &encoded, &issues))
            << document;
      });
  std::printf("%d invalid values\n", count);
  EXPECT_GT(count, 80);
}

}  // namespace
}  // namespace handoff::fhir
