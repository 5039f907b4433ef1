// Profiles as data: what the loader takes and refuses, and what is checked of a resource.
#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fhir-mappings/validation/profile_set.h"
#include "gateway/base/config_node.h"
#include "tests/support/schema_keys.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/validation/validate_test_util.h"

namespace handoff::fhir {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

ProfileSet Load(const std::string& yaml, ConfigErrors& errors) {
  const auto node = ConfigNode::Parse(yaml, "p.yaml");
  EXPECT_THAT(node, testing::IsOk());
  return node.ok() ? ProfileSet::Load({*node}, errors) : ProfileSet();
}

std::vector<std::string> ErrorsOf(const std::string& yaml) {
  ConfigErrors errors;
  Load(yaml, errors);
  return errors.list();
}

constexpr std::string_view kUrl = "https://x.example/p";

// What a profile with these rows finds in a document, which is checked because it is asked for.
std::vector<std::string> Check(const std::string& type,
                               const std::string& rows,
                               const std::string& json) {
  ConfigErrors errors;
  const ProfileSet profiles =
      Load("url: https://x.example/p\nversion: 1.0.0\nsource: a test\ntype: " + type + "\n" + rows +
               "\n",
           errors);
  EXPECT_THAT(errors.list(), IsEmpty());
  ValidateOptions options;
  options.profiles = &profiles;
  options.claimed = {std::string(kUrl)};
  return Findings(json, options);
}

std::string Patient(const std::string& members) {
  return R"({"resourceType":"Patient")" + members + "}";
}

TEST(ProfilesTest, CountsElements) {
  const std::string rows = "elements: [{path: name, min: 1, max: 2}]";
  const std::string name = R"({"text":"a"})";
  EXPECT_THAT(Check("Patient", rows, Patient(R"(,"name":[)" + name + "]")), IsEmpty());
  EXPECT_THAT(Check("Patient", rows, Patient("")), ElementsAre("error required Patient.name is"));
  EXPECT_THAT(
      Check("Patient", rows, Patient(R"(,"name":[)" + name + "," + name + "," + name + "]")),
      ElementsAre("error structure Patient.name must"));
  EXPECT_THAT(
      Check("Patient", "elements: [{path: name, max: 0}]", Patient(R"(,"name":[)" + name + "]")),
      ElementsAre("error structure Patient.name must"));
}

TEST(ProfilesTest, CountsElementsOfEachThatIsThere) {
  const std::string rows = "elements: [{path: identifier.system, min: 1}]";
  EXPECT_THAT(Check("Patient", rows, Patient("")), IsEmpty());
  EXPECT_THAT(
      Check("Patient",
            rows,
            Patient(R"(,"identifier":[{"system":"urn:oid:1.2","value":"1"},{"value":"2"}])")),
      ElementsAre("error required Patient.identifier[1].system is"));
}

TEST(ProfilesTest, AnExtensionThatTellsWhyStandsForAValue) {
  EXPECT_THAT(
      Check(
          "Patient",
          "elements: [{path: birthDate, min: 1}]",
          Patient(R"(,"_birthDate":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/)"
                  R"(data-absent-reason","valueCode":"unknown"}]})")),
      IsEmpty());
}

TEST(ProfilesTest, LimitsTypesAndTargets) {
  const std::string rows =
      "elements: [{path: deceased, types: [boolean]}, {path: generalPractitioner, targets: "
      "[Organization]}]";
  EXPECT_THAT(
      Check("Patient",
            rows,
            Patient(R"(,"deceasedBoolean":false,)"
                    R"("generalPractitioner":[{"reference":"Organization/o"},{"display":"x"}])")),
      IsEmpty());
  EXPECT_THAT(Check("Patient",
                    rows,
                    Patient(R"(,"deceasedDateTime":"2020",)"
                            R"("generalPractitioner":[{"reference":"Practitioner/o"}])")),
              ElementsAre("error structure Patient.deceased must",
                          "error structure Patient.generalPractitioner[0] must"));
}

TEST(ProfilesTest, FixesTextsAndCodes) {
  const std::string rows =
      "elements: [{path: gender, fixed: female}, {path: maritalStatus, pattern: ['urn:x|M']}, "
      "{path: language, codes: {value_set: 'urn:v', allow: [en, fr]}}]";
  const auto patient =
      [](const std::string& gender, const std::string& marital, const std::string& language) {
        return Patient(
            R"(,"gender":")" + gender +
            R"(","maritalStatus":{"coding":[{"system":"urn:y","code":"M"},{"system":"urn:x",)" +
            R"("code":")" + marital + R"("}]},"language":")" + language + "\"");
      };
  EXPECT_THAT(Check("Patient", rows, patient("female", "M", "fr")), IsEmpty());
  EXPECT_THAT(Check("Patient", rows, patient("male", "S", "de")),
              ElementsAre("error value Patient.gender must",
                          "error value Patient.maritalStatus must",
                          "error code-invalid Patient.language must"));
}

TEST(ProfilesTest, CountsSlices) {
  const std::string rows =
      "elements: [{path: category, min: 1, slices: [{name: a, codes: ['urn:x|1', 'urn:x|2'], min: "
      "1, "
      "max: 1}]}]";
  const auto condition = [](const std::string& codes) {
    return R"({"resourceType":"Condition","clinicalStatus":{"text":"t"},"subject":{"display":"x"},)"
           R"("category":[)" +
           codes + "]}";
  };
  const std::string one = R"({"coding":[{"system":"urn:x","code":"1"}]})";
  const std::string other = R"({"coding":[{"system":"urn:y","code":"1"}]})";
  EXPECT_THAT(Check("Condition", rows, condition(one + "," + other)), IsEmpty());
  EXPECT_THAT(Check("Condition", rows, condition(other)),
              ElementsAre("error structure Condition.category slice"));
  EXPECT_THAT(Check("Condition", rows, condition(one + "," + one)),
              ElementsAre("error structure Condition.category slice"));
}

TEST(ProfilesTest, CountsExtensions) {
  const std::string rows =
      "extensions: [{path: ., url: 'urn:e', max: 1}, {path: name, url: 'urn:n', min: 1}]";
  const std::string extension = R"({"url":"urn:e","valueCode":"x"})";
  EXPECT_THAT(Check("Patient", rows, Patient(R"(,"extension":[)" + extension + "]")), IsEmpty());
  EXPECT_THAT(
      Check("Patient", rows, Patient(R"(,"extension":[)" + extension + "," + extension + "]")),
      ElementsAre("error structure Patient.extension urn"));
  EXPECT_THAT(Check("Patient", rows, Patient(R"(,"name":[{"text":"x"}])")),
              ElementsAre("error required Patient.name[0].extension urn"));
}

TEST(ProfilesTest, CountsExtensionsThatHaveFields) {
  const std::string url = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-";
  const std::string rows = "extensions: [{path: ., url: '" + url + "birthsex', min: 1, max: 1}]";
  const std::string sex = R"({"url":")" + url + R"(birthsex","valueCode":"F"})";
  const std::string race =
      R"({"url":")" + url + R"(race","extension":[{"url":"text","valueString":"x"}]})";
  EXPECT_THAT(Check("Patient", rows, Patient(R"(,"extension":[)" + race + "," + sex + "]")),
              IsEmpty());
  EXPECT_THAT(Check("Patient", rows, Patient(R"(,"extension":[)" + sex + "," + sex + "]")),
              ElementsAre("error structure Patient.extension http"));
  EXPECT_THAT(Check("Patient", rows, Patient(R"(,"extension":[)" + race + "]")),
              ElementsAre("error required Patient.extension http"));
}

TEST(ProfilesTest, InvariantsSeeExtensionsThatHaveFields) {
  const std::string url = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-";
  const auto holds = [&](const std::string& expression) {
    const std::string rows =
        "invariants: [{key: x-1, path: ., text: t, expression: \"" + expression + "\"}]";
    return Check("Patient",
                 rows,
                 Patient(R"(,"extension":[{"url":"urn:o","valueCode":"o"},{"url":")" + url +
                         R"(race","extension":[{"url":"text","valueString":"White"}]},{"url":")" +
                         url + R"(birthsex","valueCode":"F"}])"))
        .empty();
  };
  EXPECT_TRUE(holds("extension.count() = 3"));
  EXPECT_TRUE(holds("extension('" + url + "birthsex').value = 'F'"));
  EXPECT_TRUE(holds("extension.where(url = '" + url + "birthsex').exists()"));
  EXPECT_TRUE(holds("extension('" + url + "race').extension('text').value = 'White'"));
  EXPECT_FALSE(holds("extension('" + url + "race').value.exists()"));
  EXPECT_FALSE(holds("extension('" + url + "ethnicity').exists()"));
}

TEST(ProfilesTest, HasInvariants) {
  const std::string rows =
      "invariants: [{key: k-1, path: name, text: t, severity: warning, expression: "
      "'family.exists()'},"
      " {key: k-2, path: ., text: t, expression: 'active = true'}]";
  EXPECT_THAT(Check("Patient", rows, Patient(R"(,"active":true,"name":[{"family":"x"}])")),
              IsEmpty());
  EXPECT_THAT(
      Check("Patient", rows, Patient(R"(,"active":false,"name":[{"family":"x"},{"text":"y"}])")),
      ElementsAre("warning invariant Patient.name[1] k-1", "error invariant Patient k-2"));
}

TEST(ProfilesTest, NamesTheProfileInWhatItSays) {
  ConfigErrors errors;
  const ProfileSet profiles = Load(
      "{url: 'https://x.example/p', version: 1, type: Patient, source: s, elements: [{path: name, "
      "min: 1}]}",
      errors);
  ValidateOptions options;
  options.profiles = &profiles;
  options.claimed = {std::string(kUrl)};
  const Issues issues = Validated(Patient(""), options);
  ASSERT_THAT(issues, SizeIs(1));
  EXPECT_EQ(issues[0].text, "Patient.name: is missing; it must stand 1..* (https://x.example/p)");
}

// Two profiles: one of a Bundle whose header conforms to the other, which has a base.
constexpr const char* kSet = R"(
- {url: 'urn:b', version: 1.0.0, type: Bundle, source: s,
   elements: [{path: entry, slices: [{name: header, resource: MessageHeader, profile: 'urn:h', min: 1}]}]}
- {url: 'urn:h', version: 1.0.0, type: MessageHeader, base: 'urn:i', source: s, elements: [{path: id, min: 1}]}
- {url: 'urn:i', version: 2.0.0, type: MessageHeader, source: s, elements: [{path: focus, min: 1}]}
)";

class ProfileSetTest : public ::testing::Test {
 protected:
  ProfileSetTest() : profiles_(Load(kSet, errors_)) {
    EXPECT_THAT(errors_.list(), IsEmpty());
    options_.profiles = &profiles_;
  }

  static std::string Header(const std::string& members) {
    return R"({"resourceType":"MessageHeader","eventUri":"urn:x","source":{"endpoint":"urn:x"})" +
           members + "}";
  }

  ConfigErrors errors_;
  ProfileSet profiles_;
  ValidateOptions options_;
};

TEST_F(ProfileSetTest, ChecksWhatAResourceClaims) {
  EXPECT_THAT(Findings(Header(R"(,"meta":{"profile":["urn:i"]})"), options_),
              ElementsAre("error required MessageHeader.focus is"));
  EXPECT_THAT(Findings(Header(R"(,"meta":{"profile":["urn:i|2.0.0"]})"), options_),
              ElementsAre("error required MessageHeader.focus is"));
  EXPECT_THAT(Findings(Header(""), options_), IsEmpty());
}

TEST_F(ProfileSetTest, ChecksTheBaseToo) {
  EXPECT_THAT(
      Findings(Header(R"(,"meta":{"profile":["urn:h"]})"), options_),
      ElementsAre("error required MessageHeader.id is", "error required MessageHeader.focus is"));
}

TEST_F(ProfileSetTest, ChecksResourcesInside) {
  EXPECT_THAT(
      Findings(
          R"({"resourceType":"Bundle","type":"collection","meta":{"profile":["urn:b"]},"entry":[)"
          R"({"resource":)" +
              Header(R"(,"id":"h")") + "}]}",
          options_),
      ElementsAre("error required Bundle.entry[0].resource.focus is"));
  EXPECT_THAT(Findings(R"({"resourceType":"Bundle","type":"collection","entry":[{"resource":)" +
                           Header(R"(,"meta":{"profile":["urn:i"]})") + "}]}",
                       options_),
              ElementsAre("error required Bundle.entry[0].resource.focus is"));
}

TEST_F(ProfileSetTest, TellsOfWhatItDoesNotKnow) {
  EXPECT_THAT(Findings(Header(R"(,"meta":{"profile":["urn:i|1.0.0","urn:none"]})"), options_),
              ElementsAre("warning not-found MessageHeader.meta.profile[0] this",
                          "warning not-found MessageHeader.meta.profile[1] this"));
  options_.claimed = {"urn:none"};
  EXPECT_THAT(Findings(Header(""), options_), ElementsAre("error not-found MessageHeader the"));
  options_.profiles = nullptr;
  EXPECT_THAT(Findings(Header(""), options_), ElementsAre("error not-found MessageHeader the"));
}

TEST_F(ProfileSetTest, TellsOfAnotherResourceType) {
  EXPECT_THAT(Findings(Patient(R"(,"meta":{"profile":["urn:i"]})"), options_),
              ElementsAre("error structure Patient is"));
}

TEST(ProfileLoadTest, TellsWhereAMistakeStands) {
  const std::string head = "url: urn:p\nversion: 1\nsource: s\ntype: Patient\n";
  EXPECT_THAT(ErrorsOf(head + "elements:\n  - path: nmae\n"),
              ElementsAre("p.yaml:6:11: Patient has no element nmae"));
  EXPECT_THAT(ErrorsOf(head + "elements:\n  - path: identifier.sytem\n"),
              ElementsAre("p.yaml:6:11: Identifier has no element sytem"));
  EXPECT_THAT(ErrorsOf(head + "elements:\n  - {path: name, min: 2, max: 1}\n"),
              ElementsAre("p.yaml:6:23: min is above max"));
  EXPECT_THAT(ErrorsOf(head + "elements:\n  - {path: generalPractitioner, targets: [Doctor]}\n"),
              ElementsAre("p.yaml:6:43: no resource type Doctor"));
  EXPECT_THAT(ErrorsOf(head + "elements:\n  - {path: name, slices: [{name: a}]}\n"),
              ElementsAre("p.yaml:6:27: a slice has either `codes` or `resource`"));
  EXPECT_THAT(
      ErrorsOf(head + "invariants:\n  - {key: k, path: ., text: t, expression: 'a.foo()'}\n"),
      ElementsAre("p.yaml:6:44: unknown function foo() (character 7 of the expression)"));
  EXPECT_THAT(ErrorsOf(head + "elemnts: []\n"), Contains(HasSubstr("p.yaml:5:1: unknown key")));
  EXPECT_THAT(ErrorsOf("url: urn:p\nversion: 1\nsource: s\ntype: Person1\n"),
              ElementsAre("p.yaml:4:7: no resource type with a map: Person1"));
  EXPECT_THAT(ErrorsOf("- {url: urn:p, version: 1, source: s, type: Patient}\n"
                       "- {url: urn:p, version: 1, source: s, type: Patient}\n"),
              ElementsAre("p.yaml:2:9: this version of the profile stands twice"));
}

TEST(ProfileLoadTest, LeavesOutWhatIsWrong) {
  ConfigErrors errors;
  const ProfileSet profiles = Load(
      "- {url: urn:p, version: 1, source: s, type: Patient}\n- {url: urn:q, version: 1, type: "
      "Goal}\n",
      errors);
  EXPECT_THAT(profiles.Urls(), ElementsAre("urn:p"));
  EXPECT_THAT(errors.list(), SizeIs(1));
}

TEST(ProfileLoadTest, ReadsWhatIsShipped) {
  ConfigErrors errors;
  std::vector<ConfigNode> documents;
  for (const auto& entry : std::filesystem::directory_iterator("config/profiles")) {
    if (entry.path().extension() != ".yaml") continue;
    const auto node = ConfigNode::Load(entry.path().string());
    ASSERT_THAT(node, testing::IsOk());
    documents.push_back(*node);
  }
  const ProfileSet profiles = ProfileSet::Load(documents, errors);
  EXPECT_THAT(errors.list(), IsEmpty());
  EXPECT_THAT(profiles.Urls(), SizeIs(15));
}

TEST(ProfileLoadTest, TheSchemaHasTheKeysOfTheReader) {
  const ConfigNode defs = testing::SchemaNamed("profile")["$defs"];
  const std::string head = "url: urn:p, version: 1, source: s, type: Patient, ";
  testing::ExpectSameKeys(ErrorsOf, defs["profile"]["properties"], "{", "}");
  testing::ExpectSameKeys(
      ErrorsOf, defs["element"]["properties"], "{" + head + "elements: [{", "}]}");
  testing::ExpectSameKeys(
      ErrorsOf, defs["extension"]["properties"], "{" + head + "extensions: [{", "}]}");
  testing::ExpectSameKeys(
      ErrorsOf, defs["invariant"]["properties"], "{" + head + "invariants: [{", "}]}");
  testing::ExpectSameKeys(ErrorsOf,
                          defs["slice"]["properties"],
                          "{" + head + "elements: [{path: name, slices: [{",
                          "}]}]}");
  testing::ExpectSameKeys(ErrorsOf,
                          defs["binding"]["properties"],
                          "{" + head + "elements: [{path: name, codes: {",
                          "}}]}");
}

}  // namespace
}  // namespace handoff::fhir
