// The invariants of the maps against those of FHIR R4's definitions: none is missing, none says
// something else without a reason.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "fhir-mappings/compiler/map_file.h"
#include "tests/corpus/skip_without.h"
#include "tests/support/read_file.h"

namespace handoff::mapc {
namespace {

const std::filesystem::path kFacts = "../shared/corpora/r4-invariants.tsv";

// Written otherwise than in the definitions, and why.
const std::map<std::string, std::string> kOtherwise = {
    {"app-4", "R4's code is noshow, not no-show"},
    {"bdl-8", "an entry without fullUrl yields empty, which would not hold"},
    {"ctm-1", "iif() of a collection is said with `or`"},
    {"que-12", "the text and R4's later versions say more than one, the expression more than two"},
    {"ras-2", "no probability yields empty, which would not hold"},
};

struct Fact {
  std::string type;
  std::string path;  // below the type; "." for the type itself
  std::string key;
  std::string severity;
  std::string text;
  std::string expression;
};

std::vector<Fact> ReadFacts() {
  std::vector<Fact> facts;
  std::ifstream in(kFacts);
  std::string line;
  std::getline(in, line);
  while (std::getline(in, line)) {
    std::vector<std::string> columns;
    std::istringstream row(line);
    for (std::string column; std::getline(row, column, '\t');) columns.push_back(column);
    if (columns.size() < 5) continue;
    const std::size_t dot = columns[0].find('.');
    std::replace(columns[3].begin(), columns[3].end(), '"', '\'');
    columns[3].erase(columns[3].find_last_not_of(' ') + 1);
    facts.push_back({columns[0].substr(0, dot),
                     dot == std::string::npos ? "." : columns[0].substr(dot + 1),
                     columns[1],
                     columns[2],
                     columns[3],
                     columns[4]});
  }
  return facts;
}

std::map<std::string, Definition> ReadMaps() {
  MapSet maps;
  Errors errors;
  for (const auto& entry : std::filesystem::directory_iterator("fhir-mappings/r4")) {
    if (entry.path().extension() == ".map")
      ParseMap(entry.path().string(), testing::ReadFile(entry.path()), maps, errors);
  }
  EXPECT_TRUE(errors.empty());
  std::map<std::string, Definition> definitions;
  for (Definition& definition : maps.definitions)
    definitions.emplace(definition.name, std::move(definition));
  return definitions;
}

// Where the maps have the invariant: those of every element, and of every resource, once.
std::string HolderOf(const Fact& fact) {
  if (fact.key == "ele-1" || fact.key == "ext-1") return "Element";
  return fact.key.starts_with("dom-") ? "DomainResource" : fact.type;
}

const InvariantLine* Find(const Definition& definition, const Fact& fact) {
  for (const InvariantLine& line : definition.invariants) {
    if (line.key == fact.key) return &line;
  }
  return nullptr;
}

std::string PathOf(const InvariantLine& line) {
  std::string path;
  for (const std::string& step : line.path) path += (path.empty() ? "" : ".") + step;
  return path.empty() ? "." : path;
}

TEST(InvariantFactsTest, MapsSayWhatR4Says) {
  HANDOFF_SKIP_WITHOUT(kFacts);
  const std::map<std::string, Definition> maps = ReadMaps();
  std::set<std::string> expressions;
  std::set<std::string> by_hand;
  std::set<std::string> not_checked;
  std::set<std::string> otherwise;
  for (const Fact& fact : ReadFacts()) {
    const auto definition = maps.find(HolderOf(fact));
    if (definition == maps.end() || (maps.count(fact.type) == 0 && fact.type != "Extension" &&
                                     definition->first != "DomainResource")) {
      continue;
    }
    SCOPED_TRACE(fact.type + " " + fact.key);
    const InvariantLine* const line = Find(definition->second, fact);
    ASSERT_NE(line, nullptr) << "is in no map";
    EXPECT_EQ(line->warning ? "warning" : "error", fact.severity);
    EXPECT_EQ(line->text, fact.text);
    // dom-3 is said of each contained resource, so that the one at fault is named.
    if (definition->first == fact.type && fact.key != "dom-3") EXPECT_EQ(PathOf(*line), fact.path);
    const std::string name = definition->first + " " + fact.key;
    if (line->form == InvariantLine::Form::kByHand) {
      by_hand.insert(fact.key);
    } else if (line->form == InvariantLine::Form::kNotChecked) {
      not_checked.insert(name);
    } else if (line->expression != fact.expression) {
      otherwise.insert(fact.key);
    } else {
      expressions.insert(name);
    }
  }
  std::printf("%zu as they are, %zu written otherwise, %zu by hand, %zu not checked\n",
              expressions.size(),
              otherwise.size(),
              by_hand.size(),
              not_checked.size());
  std::set<std::string> explained;
  for (const auto& [key, why] : kOtherwise) explained.insert(key);
  EXPECT_EQ(otherwise, explained);
  EXPECT_EQ(by_hand,
            (std::set<std::string>{
                "bdl-7", "dom-3", "ele-1", "ext-1", "que-0", "ref-1", "txt-1", "txt-2"}));
  EXPECT_TRUE(not_checked.empty());
  EXPECT_GT(expressions.size(), 85u);
}

}  // namespace
}  // namespace handoff::mapc
