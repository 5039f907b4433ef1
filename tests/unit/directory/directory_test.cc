#include "gateway/directory/directory.h"

#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/directory/parties.h"

namespace handoff::directory {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> Keys(const std::vector<const Party*>& parties) {
  std::vector<std::string> keys;
  for (const Party* party : parties) keys.push_back(party->key.value());
  return keys;
}

constexpr char kNetwork[] = R"(
- key: lfm
  name: Lakeside
  kind: practice
  identifiers: [{system: "http://hl7.org/fhir/sid/us-npi", value: "9990000002"}]
  practitioners: [{system: "http://hl7.org/fhir/sid/us-npi", value: "9990000011"}]
  clients: [{id: lfm-ehr}]
  roster: [{role: medical-home, patient: {system: "urn:oid:2.999.10.1", value: "500117"}}]
- key: htf
  name: Harvest Table
  kind: community
  services: [{name: Food, categories: [food-insecurity]}]
  area: {postal_codes: ["130*"]}
- key: state-food
  name: State pantry
  kind: community
  services: [{name: Food, categories: [food-insecurity, housing-instability]}]
  area: {states: [NY]}
- key: exact
  name: Exact
  kind: community
  services: [{name: Food, categories: [food-insecurity]}]
  area: {postal_codes: ["13057"]}
- key: also-state
  name: Another
  kind: community
  services: [{name: Food, categories: [food-insecurity]}]
  area: {states: [ny]}
- key: county
  name: County
  kind: community
  services: [{name: Food, categories: [food-insecurity]}]
  area: {counties: [NY/Onondaga]}
- key: everywhere
  name: Nationwide
  kind: community
  services: [{name: Food, categories: [food-insecurity]}]
  area: {everywhere: true}
)";

TEST(DirectoryTest, FindsByKeyClientAndIdentifier) {
  const auto directory = DirectoryOf(kNetwork);
  const Party* lfm = directory->Find(PartyKey("lfm"));
  ASSERT_NE(lfm, nullptr);
  EXPECT_EQ(directory->FindByClient("lfm-ehr"), lfm);
  EXPECT_EQ(directory->FindByIdentifier(kNpi, "9990000002"), lfm);
  EXPECT_EQ(directory->FindByIdentifier("urn:oid:2.16.840.1.113883.4.6", "9990000011"), lfm);
  EXPECT_EQ(directory->FindInRosters("urn:oid:2.999.10.1|500117")[0].party, lfm);
}

TEST(DirectoryTest, FindsNothingForAStranger) {
  const auto directory = DirectoryOf(kNetwork);
  EXPECT_EQ(directory->Find(PartyKey("nobody")), nullptr);
  EXPECT_EQ(directory->FindByClient("nobody"), nullptr);
  EXPECT_EQ(directory->FindByIdentifier(kNpi, "1"), nullptr);
  EXPECT_EQ(directory->FindByIdentifier("", ""), nullptr);
  EXPECT_THAT(directory->FindInRosters("urn:oid:2.999.10.1|500118"), IsEmpty());
}

TEST(DirectoryTest, PartiesAreInTheOrderOfTheirKeys) {
  std::vector<std::string> keys;
  const auto directory = DirectoryOf(kNetwork);
  for (const Party& party : directory->parties()) keys.push_back(party.key.value());
  EXPECT_THAT(
      keys, ElementsAre("also-state", "county", "everywhere", "exact", "htf", "lfm", "state-food"));
}

TEST(DirectoryTest, ServicesOfTheClosestAreaComeFirst) {
  const auto directory = DirectoryOf(kNetwork);
  EXPECT_THAT(Keys(directory->FindByService("food-insecurity", {"13057-1234", "onondaga", "NY"})),
              ElementsAre("exact", "htf", "county", "also-state", "state-food", "everywhere"));
  EXPECT_THAT(Keys(directory->FindByService("food-insecurity", {"14201", "Erie", "NY"})),
              ElementsAre("also-state", "state-food", "everywhere"));
  EXPECT_THAT(Keys(directory->FindByService("food-insecurity", {"", "Onondaga", "PA"})),
              ElementsAre("everywhere"));
  EXPECT_THAT(Keys(directory->FindByService("housing-instability", {"", "", "NY"})),
              ElementsAre("state-food"));
  EXPECT_THAT(Keys(directory->FindByService("pets", {"13057", "", "NY"})), IsEmpty());
}

TEST(DirectoryTest, AnUnknownPlaceIsServedOnlyFromEverywhere) {
  EXPECT_THAT(Keys(DirectoryOf(kNetwork)->FindByService("food-insecurity", {})),
              ElementsAre("everywhere"));
}

TEST(DirectoryTest, RefusesTwoOfTheSame) {
  EXPECT_THAT(ErrorsOf("[{key: a, name: A, kind: other}, {key: a, name: B, kind: other}]"),
              ElementsAre(HasSubstr("there are two parties `a`")));
  EXPECT_THAT(ErrorsOf("[{key: a, name: A, kind: other, clients: [{id: c}]},"
                       " {key: b, name: B, kind: other, clients: [{id: c}]}]"),
              ElementsAre(HasSubstr("client `c` belongs to `a` already")));
  EXPECT_THAT(ErrorsOf("[{key: a, name: A, kind: other, identifiers: [{system: s, value: v}]},"
                       " {key: b, name: B, kind: other, practitioners: [{system: s, value: v}]}]"),
              ElementsAre(HasSubstr("identifier s|v belongs to `a` already")));
}

TEST(DirectoryTest, OverridesReachTheirParty) {
  ConfigErrors errors;
  const auto directory =
      Directory::Load({Document("[{key: lfm, name: L, kind: practice,"
                                " endpoints: {push: {kind: fhir_rest, url: 'http://old'}}}]")},
                      {{"lfm.endpoints.push.url", "http://127.0.0.1:4711/fhir"}},
                      errors);
  EXPECT_THAT(errors.list(), IsEmpty());
  EXPECT_EQ(directory->Find(PartyKey("lfm"))->endpoints[0].url, "http://127.0.0.1:4711/fhir");
}

TEST(DirectoryTest, OverridesThatMissAreTold) {
  const std::string yaml = "{key: lfm, name: L, kind: practice}";
  EXPECT_THAT(ErrorsOf(yaml, {{"oak.name", "x"}}),
              ElementsAre("--set parties.oak.name: there is no party `oak`"));
  EXPECT_THAT(ErrorsOf(yaml, {{"lfm", "x"}}),
              ElementsAre("--set parties.lfm: names a party, not one of its values"));
  EXPECT_THAT(ErrorsOf(yaml, {{"lfm.name.first", "x"}}),
              ElementsAre(HasSubstr("--set parties.lfm.name.first: p.yaml")));
  EXPECT_THAT(ErrorsOf(yaml, {{"lfm.kind", "fax"}}),
              ElementsAre(HasSubstr("--set parties.lfm.kind: expected one of")));
}

TEST(DirectoryTest, LoadsEveryYamlFileOfAFolderAndTellsAllFaults) {
  const testing::TempDir dir;
  std::ofstream(dir / "a.yaml") << "key: a\nname: A\nkind: other\n";
  std::ofstream(dir / "list.yaml")
      << "- {key: b, name: B, kind: other}\n- {key: c, name: C, kind: other}\n";
  std::ofstream(dir / "notes.txt") << "not: [yaml";
  ConfigErrors none;
  EXPECT_EQ(Directory::Load(dir.path(), {}, none)->parties().size(), 3u);
  EXPECT_THAT(none.list(), IsEmpty());

  std::ofstream(dir / "x.yaml") << "key: [\n";
  std::ofstream(dir / "y.yaml") << "key: y\nkind: other\n";
  ConfigErrors errors;
  Directory::Load(dir.path(), {}, errors);
  EXPECT_THAT(errors.list(),
              ElementsAre(HasSubstr("x.yaml:2:1: "), HasSubstr("y.yaml:1:1: `name` is missing")));
}

TEST(DirectoryTest, AFolderWithoutPartiesOrThatIsNotThereIsAFault) {
  const testing::TempDir dir;
  ConfigErrors errors;
  Directory::Load(dir.path(), {}, errors);
  Directory::Load(dir / "none", {}, errors);
  EXPECT_THAT(errors.list(), ElementsAre(HasSubstr("holds no party"), HasSubstr("cannot be read")));
}

}  // namespace
}  // namespace handoff::directory
