// The maps against the definitions of FHIR R4: every element of a mapped type is in its map, with
// R4's cardinality and types.
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

const std::filesystem::path kFacts = "../shared/corpora/r4-elements.tsv";

// Required bindings to what no enum of the model lists: MIME types, currencies, resource types.
const std::set<std::string> kOpenCodes = {"Money.currency",
                                          "Attachment.contentType",
                                          "Signature.targetFormat",
                                          "Signature.sigFormat",
                                          "Endpoint.payloadMimeType",
                                          "Binary.contentType",
                                          "Subscription.channel.payload",
                                          "Questionnaire.subjectType"};

struct Fact {
  std::string path;
  int min = 0;
  int max = 1;                  // 0: no upper bound
  std::set<std::string> types;  // with their targets, sorted
  bool required_codes = false;
};

std::vector<std::string> SplitAt(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  int depth = 0;
  for (const char c : text) {
    if (c == '(') ++depth;
    if (c == ')') --depth;
    if (c == separator && depth == 0) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

std::string Normal(const std::string& name, std::vector<std::string> targets) {
  std::sort(targets.begin(), targets.end());
  std::string text = name;
  for (const std::string& target : targets) text += "|" + target;
  return text;
}

std::map<std::string, std::vector<Fact>> ReadFacts() {
  std::map<std::string, std::vector<Fact>> facts;
  std::ifstream in(kFacts);
  for (std::string line; std::getline(in, line);) {
    const std::vector<std::string> columns = SplitAt(line, '\t');
    if (columns.size() < 10 || columns[0] == "type") continue;
    Fact fact{columns[1],
              std::atoi(columns[2].c_str()),
              columns[3] == "*" ? 0 : std::atoi(columns[3].c_str()),
              {},
              false};
    for (const std::string& type : SplitAt(columns[4], ',')) {
      const std::size_t open = type.find('(');
      if (type.empty()) continue;
      fact.types.insert(open == type.npos
                            ? type
                            : Normal(type.substr(0, open),
                                     SplitAt(type.substr(open + 1, type.size() - open - 2), '|')));
    }
    fact.required_codes = columns[4] == "code" && columns[7] == "required" && !columns[9].empty();
    facts[columns[0]].push_back(std::move(fact));
  }
  return facts;
}

MapSet ReadMaps() {
  MapSet maps;
  Errors errors;
  for (const auto& entry : std::filesystem::directory_iterator("fhir-mappings/r4")) {
    if (entry.path().extension() != ".map") continue;
    ParseMap(entry.path().string(), testing::ReadFile(entry.path()), maps, errors);
  }
  EXPECT_TRUE(errors.empty());
  return maps;
}

// Elements by path, those of the bases included.
void Collect(const std::string& prefix,
             const std::vector<FieldLine>& fields,
             std::map<std::string, const FieldLine*>& all) {
  for (const FieldLine& field : fields) {
    const std::string path = prefix + "." + field.name + (field.choice ? "[x]" : "");
    all[path] = &field;
    Collect(path, field.body, all);
  }
}

std::map<std::string, const FieldLine*> ElementsOf(const MapSet& maps,
                                                   const Definition& definition) {
  std::map<std::string, const FieldLine*> all;
  Collect(definition.name, definition.fields, all);
  for (std::string base = definition.base; !base.empty();) {
    const auto it = std::find_if(maps.definitions.begin(),
                                 maps.definitions.end(),
                                 [&](const Definition& d) { return d.name == base; });
    if (it == maps.definitions.end()) break;
    Collect(definition.name, it->fields, all);
    base = it->base;
  }
  return all;
}

std::set<std::string> TypesOf(const MapSet& maps, const FieldLine& field) {
  std::vector<TypeRef> types = field.types;
  for (const MapSet::Alias& alias : maps.aliases) {
    if (types.size() == 1 && types[0].name == alias.name) types = alias.types;
  }
  std::set<std::string> names;
  for (const TypeRef& type : types) {
    const auto as = std::find_if(maps.definitions.begin(),
                                 maps.definitions.end(),
                                 [&](const Definition& d) { return d.name == type.name; });
    const bool known = as != maps.definitions.end() && !as->fhir_name.empty();
    names.insert(Normal(known ? as->fhir_name : type.name, type.targets));
  }
  return names;
}

// In `extra` by rule, not by a line of the map.
bool IsAlwaysExtra(const std::string& path) {
  const std::string name = path.substr(path.rfind('.') + 1);
  const bool below_type = std::count(path.begin(), path.end(), '.') > 1;
  return name == "extension" || name == "modifierExtension" || (name == "id" && below_type);
}

TEST(ElementsTest, MapsSayWhatR4Says) {
  HANDOFF_SKIP_WITHOUT(kFacts);
  const auto facts = ReadFacts();
  const MapSet maps = ReadMaps();
  int checked = 0;
  for (const Definition& definition : maps.definitions) {
    const auto known = facts.find(definition.name);
    if (definition.kind == Definition::Kind::kAbstract || known == facts.end()) continue;
    const auto elements = ElementsOf(maps, definition);
    for (const Fact& fact : known->second) {
      if (fact.path.find('.') == fact.path.npos || IsAlwaysExtra(fact.path)) continue;
      // The definitions give the id of everything FHIRPath's string; that of a resource is an id.
      if (fact.path == definition.name + ".id") continue;
      const auto it = elements.find(fact.path);
      if (it == elements.end()) {
        ADD_FAILURE() << fact.path << " is in no map";
        continue;
      }
      const FieldLine& field = *it->second;
      ++checked;
      EXPECT_EQ(field.min, fact.min) << fact.path;
      EXPECT_EQ(field.repeated ? field.max : 1, fact.max) << fact.path;
      EXPECT_TRUE(!fact.required_codes || !field.enum_name.empty() ||
                  kOpenCodes.count(fact.path) != 0)
          << fact.path << " has a required binding";
      const bool shaped =
          field.has_body || field.reference_string || !field.same_as.empty() || field.extra;
      if (!shaped) EXPECT_EQ(TypesOf(maps, field), fact.types) << fact.path;
    }
  }
  std::printf("%d elements\n", checked);
  EXPECT_GT(checked, 500);
}

}  // namespace
}  // namespace handoff::mapc
