#include "gateway/directory/identity.h"

#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "tests/unit/directory/parties.h"

namespace handoff::directory {
namespace {

using ::testing::Eq;
using ::testing::Optional;

v1::Identifier Identifier(const std::string& system,
                          const std::string& value,
                          const std::string& type = "") {
  v1::Identifier identifier;
  identifier.set_system(system);
  identifier.set_value(value);
  if (!type.empty()) {
    v1::Coding& coding = *identifier.mutable_type()->add_codings();
    coding.set_system("http://terminology.hl7.org/CodeSystem/v2-0203");
    coding.set_code(type);
  }
  return identifier;
}

Party Sender(const std::string& key, const std::string& system) {
  Party party;
  party.key = PartyKey(key);
  party.identifier_system = system;
  return party;
}

struct Born {
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
};

v1::Patient Patient(Born born, const std::string& family, const std::vector<std::string>& given) {
  v1::Patient patient;
  if (born.year != 0) {
    patient.mutable_birth_date()->set_year(born.year);
    patient.mutable_birth_date()->set_month(born.month);
    patient.mutable_birth_date()->set_day(born.day);
  }
  v1::HumanName& name = *patient.add_names();
  name.set_family(family);
  for (const std::string& g : given) name.add_given(g);
  return patient;
}

TEST(NormalSystemTest, SpellsOneSystemInOneWay) {
  EXPECT_EQ(NormalSystem(" http://hl7.org/fhir/sid/us-npi "), kNpi);
  EXPECT_EQ(NormalSystem("URN:OID:2.16.840.1.113883.4.6"), kNpi);
  EXPECT_EQ(NormalSystem("urn:uuid:ABCD"), "urn:uuid:abcd");
  EXPECT_EQ(NormalSystem("URN:Handoff:Party"), "urn:handoff:Party");
  EXPECT_EQ(NormalSystem("https://A.example/Case"), "https://A.example/Case");
}

TEST(LinkKeyTest, JoinsSystemAndValue) {
  const Party mrmc = Sender("mrmc", "urn:oid:2.999.10.1");
  EXPECT_THAT(LinkKey(Identifier("urn:oid:2.999.10.1", " 500117 ", "MR"), mrmc),
              Optional(Eq("urn:oid:2.999.10.1|500117")));
}

TEST(LinkKeyTest, BareNumberCountsInTheSpaceOfItsSender) {
  const Party mrmc = Sender("mrmc", "urn:oid:2.999.10.1");
  const Party oak = Sender("oak", "urn:handoff:party:oak");
  EXPECT_THAT(LinkKey(Identifier("", "500117"), mrmc), Optional(Eq("urn:oid:2.999.10.1|500117")));
  EXPECT_THAT(LinkKey(Identifier("", "500117", "MR"), mrmc),
              Optional(Eq("urn:oid:2.999.10.1|500117")));
  EXPECT_THAT(LinkKey(Identifier("", "500117"), oak), Optional(Eq("urn:handoff:party:oak|500117")));
}

TEST(LinkKeyTest, BareAccountNumberNeverMeetsARecordNumber) {
  const Party mrmc = Sender("mrmc", "urn:oid:2.999.10.1");
  EXPECT_THAT(LinkKey(Identifier("", "500117", "AN"), mrmc),
              Optional(Eq("urn:oid:2.999.10.1#AN|500117")));
}

TEST(LinkKeyTest, SocialSecurityNumberNeverLinks) {
  const Party mrmc = Sender("mrmc", "urn:oid:2.999.10.1");
  EXPECT_EQ(LinkKey(Identifier("http://hl7.org/fhir/sid/us-ssn", "999-00-1234"), mrmc),
            std::nullopt);
  EXPECT_EQ(LinkKey(Identifier("urn:oid:2.16.840.1.113883.4.1", "999-00-1234"), mrmc),
            std::nullopt);
  EXPECT_EQ(LinkKey(Identifier("urn:oid:2.999.10.1", "999-00-1234", "SS"), mrmc), std::nullopt);
  EXPECT_EQ(LinkKey(Identifier("", "999-00-1234", "SS"), mrmc), std::nullopt);
}

TEST(LinkKeyTest, NothingWithoutAValueLinks) {
  EXPECT_EQ(LinkKey(Identifier("urn:oid:2.999.10.1", " "), Sender("mrmc", "x")), std::nullopt);
}

TEST(PlausibilityTest, NeedsBothBirthDateAndNameToDisagree) {
  const v1::Patient known = Patient({1944, 3, 18}, "Okonjo-Bell", {"Marguerite"});
  EXPECT_EQ(CheckPlausible(known, Patient({1944, 3, 18}, "Smith", {"Jo"})), Plausibility::kAgrees);
  EXPECT_EQ(CheckPlausible(known, Patient({1944, 3, 19}, "Okonjo-Bell", {"Marguerite"})),
            Plausibility::kAgrees);
  EXPECT_EQ(CheckPlausible(known, Patient({1944, 3, 19}, "Smith", {"Jo"})),
            Plausibility::kConflict);
}

TEST(PlausibilityTest, ConfirmsByTheBirthDayAndBothNames) {
  const v1::Patient known = Patient({1944, 3, 18}, "Okonjo-Bell", {"Marguerite"});
  EXPECT_EQ(CheckPlausible(known, Patient({1944, 3, 18}, "Bell", {"M."})),
            Plausibility::kConfirmed);
  EXPECT_EQ(CheckPlausible(known, Patient({1944, 3}, "Bell", {"Marguerite"})),
            Plausibility::kAgrees);
  for (const v1::Patient& other : {Patient({1944, 3, 18}, "B", {"Marguerite"}),
                                   Patient({1944, 3, 18}, "", {"Marguerite"}),
                                   Patient({1944, 3, 18}, "Bell", {}),
                                   Patient({1944, 3, 18}, "A B C D E F G H Bell", {"Marguerite"})})
    EXPECT_EQ(CheckPlausible(known, other), Plausibility::kAgrees) << other.DebugString();
  for (const v1::Patient& other : {Patient({1944, 3}, "Smith", {"Jo"}), Patient({}, "B", {"M"})})
    EXPECT_EQ(CheckPlausible(known, other), Plausibility::kPlausible) << other.DebugString();
}

TEST(SaysWhoTest, NeedsABirthDateOrAName) {
  EXPECT_TRUE(SaysWho(Patient({1944}, "Doe", {"Jane"})));
  EXPECT_TRUE(SaysWho(Patient({1900, 1, 1}, "Bell", {})));
  EXPECT_FALSE(SaysWho(Patient({1900, 1, 1}, "Doe", {"Jane"})));
  EXPECT_FALSE(SaysWho(v1::Patient()));
}

// One case: what a second record may be called, given another birth date, to be still the same
// person.
struct NameCase {
  std::string family;
  std::vector<std::string> given;
  Plausibility want;
};

class NamePlausibilityTest : public ::testing::TestWithParam<NameCase> {};

TEST_P(NamePlausibilityTest, HoldsWhereTheBirthDateDisagrees) {
  const v1::Patient known = Patient({1944, 3, 18}, "Okonjo-Bell", {"Marguerite", "Ada"});
  const v1::Patient other = Patient({1994, 3, 18}, GetParam().family, GetParam().given);
  EXPECT_EQ(CheckPlausible(known, other), GetParam().want);
  EXPECT_EQ(CheckPlausible(other, known), GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    All,
    NamePlausibilityTest,
    ::testing::Values(NameCase{"OKONJO BELL", {"marguérite"}, Plausibility::kAgrees},
                      NameCase{"Bell", {"Marguerite"}, Plausibility::kAgrees},
                      NameCase{"Marguerite", {"Bell"}, Plausibility::kPlausible},
                      NameCase{"Bell", {"M."}, Plausibility::kAgrees},
                      NameCase{"Bell", {"Ada"}, Plausibility::kAgrees},
                      NameCase{"Bell", {}, Plausibility::kPlausible},
                      NameCase{"Doe", {"Jane"}, Plausibility::kPlausible},
                      NameCase{"Bell", {"Baby", "Girl"}, Plausibility::kPlausible},
                      NameCase{"Bell", {"Adaeze"}, Plausibility::kConflict},
                      NameCase{"Smith", {"Marguerite"}, Plausibility::kConflict},
                      NameCase{"Smith", {"Jo"}, Plausibility::kConflict}));

TEST(PlausibilityTest, PlaceholderOrPartOfABirthDateDisagreesWithNothing) {
  const v1::Patient known = Patient({1944, 3, 18}, "Okonjo", {"Ada"});
  for (const Born born : {Born{}, Born{1900, 1, 1}, Born{1944}, Born{1944, 3}}) {
    EXPECT_EQ(CheckPlausible(known, Patient(born, "Smith", {"Jo"})), Plausibility::kPlausible);
  }
  EXPECT_EQ(CheckPlausible(known, Patient({1945}, "Smith", {"Jo"})), Plausibility::kConflict);
  EXPECT_EQ(CheckPlausible(known, Patient({1944, 4}, "Smith", {"Jo"})), Plausibility::kConflict);
}

TEST(PlausibilityTest, AnyNameOfEitherWillDo) {
  v1::Patient known = Patient({1944, 3, 18}, "Okonjo", {"Ada"});
  v1::HumanName& maiden = *known.add_names();
  maiden.set_text("Ada Smith");
  EXPECT_EQ(CheckPlausible(known, Patient({1994, 3, 18}, "Smith", {"Ada"})), Plausibility::kAgrees);
  EXPECT_EQ(CheckPlausible(known, v1::Patient()), Plausibility::kPlausible);
}

}  // namespace
}  // namespace handoff::directory
