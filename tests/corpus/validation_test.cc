// Validation on the data of others: nothing is wrong with what is sound, and what HL7's reference
// validator refuses is found, but for what is listed here with its reason.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fhir-mappings/runtime/resource.h"
#include "fhir-mappings/validation/profile_set.h"
#include "fhir-mappings/validation/validate.h"
#include "gateway/base/config_node.h"
#include "tests/corpus/reference_outcomes.h"
#include "tests/corpus/skip_without.h"
#include "tests/support/read_file.h"

namespace handoff::fhir {
namespace {

using testing::ReferenceError;

const std::filesystem::path kCorpora = "../shared/corpora";

// The sound documents, as names below the folder.
std::vector<std::string> SoundDocuments() {
  std::vector<std::string> names;
  std::ifstream in(kCorpora / "STRUCTURE.tsv");
  for (std::string line; std::getline(in, line);) {
    std::istringstream row(line);
    std::string name;
    std::string type;
    std::string verdict;
    std::getline(row, name, '\t');
    std::getline(row, type, '\t');
    std::getline(row, verdict, '\t');
    if (verdict == "structural-ok" && !name.starts_with("invalid/")) names.push_back(name);
  }
  return names;
}

// What reading and validating a document finds. One that is not read is not validated.
Issues AllIssues(const std::string& name, const ValidateOptions& options = {}) {
  std::string encoded;
  Issues issues;
  if (ReadJson(testing::ReadFile(kCorpora / name), {}, &encoded, &issues))
    Validate(encoded, options, &issues);
  return issues;
}

// The text of an issue behind its path.
std::string What(const Issue& issue) {
  if (!issue.text.starts_with(issue.expression + ": ")) return issue.text;
  return issue.text.substr(issue.expression.size() + 2);
}

// "con-4", or "fullUrl must end with the type and the id of the resource".
std::string Brief(const Issue& issue) {
  const std::string what = What(issue);
  return issue.code == "invariant" ? what.substr(0, what.find(':')) : what;
}

// The documents whose errors are real, and what is wrong with them.
const std::map<std::string, std::set<std::string>> kKnownErrors = {
    {"fhir-test-cases/r4/r4__patient-container-example.json",
     {"dom-3", "org-1", "a relative reference is Type/id (FHIR R4 references.html)"}},
    {"google-fhir-testdata/observation_decimal_corner_cases.json", {"must be an absolute URL"}},
    {"google-fhir-testdata/observation_scientific_notation_corner_cases.json",
     {"must be an absolute URL"}},
    {"google-fhir-testdata/observation_three_digit_year.json", {"must be an absolute URL"}},
    {"google-fhir-testdata/test_patient.json", {"must be an absolute URL"}},
    // The section names a care plan that did not travel.
    {"pacio-toc/Bundle-Example-BSJ2-TOCBundle2.json",
     {"no entry of the Bundle is what this refers to"}},
    // http://acme.com/ehr/fhir/Patient/pat12 is the patient pat2.
    {"r4-examples/Bundle-10bb101f-a121-4264-a920-67be9cb82c74.json",
     {"fullUrl must end with the type and the id of the resource"}},
    {"r4-examples/Bundle-3a0707d3-549e-4467-b8b8-5a2ab3800efe.json",
     {"fullUrl must end with the type and the id of the resource"}},
    {"r4-examples/Bundle-lri-example.json",
     {"fullUrl must end with the type and the id of the resource"}},
    {"r4-examples/MedicationRequest-medrx0301.json",
     {"must not refer to Practitioner; allowed are Organization"}},
    {"r4-examples/Observation-clinical-gender.json",
     {"must not refer to Encounter; allowed are CareTeam Organization Patient Practitioner "
      "PractitionerRole RelatedPerson"}},
    {"r4-examples/Procedure-f201.json", {"a canonical must be an absolute URL"}},
    {"r4-examples/QuestionnaireResponse-gcs.json", {"a canonical must be an absolute URL"}},
    {"r4-examples/QuestionnaireResponse-ussg-fht-answers.json",
     {"a canonical must be an absolute URL"}},
};

TEST(ValidationCorpusTest, NothingIsWrongWithWhatIsSound) {
  HANDOFF_SKIP_WITHOUT(kCorpora / "STRUCTURE.tsv");
  std::map<std::string, std::set<std::string>> found;
  std::map<std::string, int> warnings;
  int documents = 0;
  for (const std::string& name : SoundDocuments()) {
    ++documents;
    for (const Issue& issue : AllIssues(name)) {
      if (issue.severity >= Severity::kError) found[name].insert(Brief(issue));
      if (issue.severity == Severity::kWarning && issue.code == "invariant")
        ++warnings[Brief(issue)];
    }
  }
  std::printf("%d documents, %zu with errors\n", documents, found.size());
  for (const auto& [key, count] : warnings) std::printf("  %-8s %d warnings\n", key.c_str(), count);
  EXPECT_EQ(found, kKnownErrors);
  EXPECT_GT(documents, 900);
}

// What it would take to find the rest.
const std::map<std::string, std::string> kNotDone = {
    {"display", "needs a terminology server: the displays of LOINC, SNOMED CT, ..."},
    {"terminology", "needs a terminology server: the codes of systems and value sets"},
    {"profile", "the extension or profile is not one that is shipped"},
    {"questionnaire", "holds answers against their Questionnaire"},
    {"signature", "verifies the signature"},
    {"setting", "a setting of that validator"},
    {"unknown",
     "unknown members are kept with a warning, unless the reader is told to refuse them"},
};

// Of the other reasons, what is not found: document and the beginning of the text; how often, and
// why.
using Place = std::pair<std::string, std::string>;
struct Miss {
  int count;
  std::string why;
};

const std::map<Place, Miss> kKnownMisses = {
    {{"PulseOxBundle_25Oct2022", "Constraint failed: vs-3: 'If there is no"},
     {1, "the vital signs profile is not shipped"}},
    {{"ab_List-ListExample", "Hyperlink '#hcListExample/MyAppointmentE"},
     {1, "links inside a narrative are not followed"}},
    {{"attachment-with-invalid-binary", "The value '%%%2@()()' is not a valid Bas"},
     {1, "Media has no map: it travels whole"}},
    {{"attachment-with-wrong-size", "Stated Attachment Size 100 does not matc"},
     {1, "Media has no map: it travels whole"}},
    {{"bundle-ea-testcase", "Canonical URLs must be absolute URLs if "},
     {2, "the reader refuses the document before: a List without status and mode"}},
    {{"bundle-ea-testcase", "Relative Reference appears inside Bundle"},
     {1, "as above; and transactions refer to what the server has"}},
    {{"bundle-ea-testcase", "Relative URLs must be of the format [Res"}, {1, "as above"}},
    {{"ips-htmlrefs-backwards", "Can't find 'urn:uuid:8ce7db7b-9b9b-41ae-"},
     {1, "the reference stands in an extension"}},
    {{"ips-link", "The URL value '#AAA1234XJ' is invalid be"},
     {1, "links inside a narrative are not followed"}},
    {{"ips-link", "The html id 'AAA1234XJ' was not found in"},
     {1, "links inside a narrative are not followed"}},
    {{"ips-link", "The target of the textLink data referenc"},
     {1, "links inside a narrative are not followed"}},
    {{"mr-covid-bnd1", "Coding.system must be an absolute refere"},
     {13, "Measure has no map: it travels whole"}},
    {{"parameters-reference-bad", "Unable to resolve resource with referenc"},
     {1, "Parameters may refer to what the server has"}},
};

// Errors that only we find: document, what, and why it is right.
const std::map<Place, std::string> kKnownExtras = {
    {{"qr-required-wrong", "must be a canonical (FHIR R4 datatypes.html#canonical), not an object"},
     "the reference validator stops at the commas"},
};

bool Within(const std::string& path, const std::string& outer) {
  return path == outer || path.starts_with(outer + ".") || path.starts_with(outer + "[");
}

// Whether both say that something is wrong in the same place.
bool SamePlace(const Issue& issue, const ReferenceError& error) {
  if (issue.expression.empty() || error.path.empty()) return true;
  if (What(issue).find("not JSON") != std::string::npos) return true;
  if (error.text.starts_with("The fullUrl must") && What(issue).starts_with("fullUrl must be"))
    return true;
  for (const std::string& path : {error.path, error.other_path}) {
    if (Within(issue.expression, path) || Within(path, issue.expression)) return true;
  }
  return false;
}

struct Comparison {
  std::map<std::string, int> agreed;  // by reason
  std::map<std::string, int> missed;
  std::map<Place, int> misses;  // of reasons that are not in kNotDone
  std::set<Place> extras;
};

void Compare(const std::string& document, Comparison& comparison) {
  Issues issues = AllIssues("invalid/fhir-test-cases/" + document + ".json");
  std::erase_if(issues, [](const Issue& issue) { return issue.severity < Severity::kError; });
  std::vector<bool> shared(issues.size());
  for (const ReferenceError& error : testing::ReferenceErrors(document)) {
    bool found = false;
    for (std::size_t i = 0; i < issues.size(); ++i) {
      if (!SamePlace(issues[i], error)) continue;
      found = shared[i] = true;
    }
    ++(found ? comparison.agreed : comparison.missed)[error.reason];
    if (!found && kNotDone.count(error.reason) == 0)
      ++comparison.misses[{document, error.text.substr(0, 40)}];
  }
  for (std::size_t i = 0; i < issues.size(); ++i) {
    if (!shared[i]) comparison.extras.emplace(document, Brief(issues[i]));
  }
}

TEST(ValidationCorpusTest, FindsWhatTheReferenceValidatorFinds) {
  HANDOFF_SKIP_WITHOUT(kCorpora / "STRUCTURE.tsv");
  Comparison comparison;
  for (const std::string& document : testing::DocumentsWithOutcome()) Compare(document, comparison);

  std::set<std::string> reasons;
  for (const auto& [reason, n] : comparison.agreed) reasons.insert(reason);
  for (const auto& [reason, n] : comparison.missed) reasons.insert(reason);
  std::printf("%-14s %10s %6s\n", "errors", "same place", "miss");
  const auto count = [](const std::map<std::string, int>& counts, const std::string& reason) {
    const auto it = counts.find(reason);
    return it == counts.end() ? 0 : it->second;
  };
  for (const std::string& reason : reasons) {
    const auto why = kNotDone.find(reason);
    std::printf("%-14s %10d %6d  %s\n",
                reason.c_str(),
                count(comparison.agreed, reason),
                count(comparison.missed, reason),
                why == kNotDone.end() ? "" : why->second.c_str());
  }
  std::printf("%zu only ours\n", comparison.extras.size());

  std::map<Place, int> known;
  for (const auto& [place, miss] : kKnownMisses) known[place] = miss.count;
  EXPECT_EQ(comparison.misses, known);
  std::set<Place> explained;
  for (const auto& [place, why] : kKnownExtras) explained.insert(place);
  EXPECT_EQ(comparison.extras, explained);
  // What is not done is counted too, so that this table is true.
  const std::map<std::string, int> agreed = {
      {"bundle", 64},
      {"display", 12},
      {"form", 12},
      {"invariant", 4},
      {"json", 11},
      {"narrative", 2},
      {"profile", 2},
      {"questionnaire", 2},
      {"reference", 2},
      {"signature", 3},
      {"structure", 3},
      {"unknown", 1},
  };
  EXPECT_EQ(comparison.agreed, agreed);
}

// What the guides' own examples claim, and where they break it.
TEST(ValidationCorpusTest, ExamplesConformToTheirProfiles) {
  HANDOFF_SKIP_WITHOUT(kCorpora / "STRUCTURE.tsv");
  std::vector<ConfigNode> documents;
  for (const char* file : {"us-core-8", "davinci-alerts", "gravity-sdoh"}) {
    const auto node = ConfigNode::Load("config/profiles/" + std::string(file) + ".yaml");
    ASSERT_TRUE(node.ok()) << node.status();
    documents.push_back(*node);
  }
  ConfigErrors errors;
  const ProfileSet profiles = ProfileSet::Load(documents, errors);
  ASSERT_TRUE(errors.empty());
  ValidateOptions options;
  options.profiles = &profiles;
  std::map<std::string, int> claims;  // examples that name the profile
  std::map<std::string, std::set<std::string>> found;
  for (const std::string& name : SoundDocuments()) {
    if (!name.starts_with("us-core/8.0.0/") && !name.starts_with("gravity-sdoh-cc/") &&
        !name.starts_with("davinci-alerts/")) {
      continue;
    }
    const std::string text = testing::ReadFile(kCorpora / name);
    for (const std::string_view url : profiles.Urls()) {
      const std::string quoted = "\"" + std::string(url);
      if (text.find(quoted + "\"") != text.npos || text.find(quoted + "|") != text.npos)
        ++claims[std::string(url)];
    }
    for (const Issue& issue : AllIssues(name, options)) {
      if (issue.severity >= Severity::kError) found[name].insert(issue.text);
    }
  }
  for (const auto& [url, examples] : claims) std::printf("%3d %s\n", examples, url.c_str());
  EXPECT_GT(claims.size(), 9u);
  EXPECT_TRUE(found.empty()) << ::testing::PrintToString(found);
}

}  // namespace
}  // namespace handoff::fhir
