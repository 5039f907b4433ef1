#include "gateway/directory/attribution.h"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "tests/support/fake_clock.h"
#include "tests/unit/directory/parties.h"

namespace handoff::directory {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr char kParties[] = R"(
- key: mrmc
  name: Maple Ridge
  kind: hospital
  identifier_system: urn:oid:2.999.10.1
  identifiers: [{system: "http://hl7.org/fhir/sid/us-npi", value: "9990000001"}]
- key: lfm
  name: Lakeside
  kind: practice
  identifiers: [{system: "http://hl7.org/fhir/sid/us-npi", value: "9990000002"}]
  practitioners: [{system: "http://hl7.org/fhir/sid/us-npi", value: "9990000011"}]
- key: oak
  name: Oakmoor
  kind: practice
  identifiers: [{system: "http://hl7.org/fhir/sid/us-npi", value: "9990000003"}]
  roster: [{role: medical-home, patient: {system: "urn:oid:2.999.10.1", value: "700"}}]
- key: nha
  name: Northbrook
  kind: payer
  time_zone: America/New_York
  identifiers: [{system: "https://northbrook.example/payer-id", value: NHA}]
- key: htf
  name: Harvest Table
  kind: community
  identifiers: [{system: "urn:oid:2.999.20", value: HTF}]
)";

v1::Reference Logical(const std::string& system, const std::string& value) {
  v1::Reference reference;
  reference.mutable_identifier()->set_system(system);
  reference.mutable_identifier()->set_value(value);
  return reference;
}

v1::Reference Npi(const std::string& value) { return Logical(kNpi, value); }

v1::Reference Literal(const std::string& type, const std::string& id) {
  v1::Reference reference;
  reference.set_resource_type(type);
  reference.set_resource_id(id);
  return reference;
}

v1::Reference ByUri(const std::string& uri) {
  v1::Reference reference;
  reference.set_uri(uri);
  return reference;
}

void SetDay(v1::DateTime& time, std::chrono::year_month_day day) {
  time.set_precision(v1::DateTime::DAY);
  time.set_seconds(std::chrono::sys_seconds(std::chrono::sys_days(day)).time_since_epoch().count());
}

void SetInstant(v1::DateTime& time, Timestamp at) {
  time.set_precision(v1::DateTime::SECOND);
  time.set_seconds(std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count());
}

v1::Resource Patient(const std::string& id, const std::vector<v1::Reference>& practitioners) {
  v1::Resource resource;
  resource.mutable_patient()->set_id(id);
  for (const v1::Reference& p : practitioners)
    *resource.mutable_patient()->add_general_practitioners() = p;
  return resource;
}

v1::Resource Coverage(const std::string& id, const v1::Reference& payor) {
  v1::Resource resource;
  resource.mutable_coverage()->set_id(id);
  resource.mutable_coverage()->set_status(v1::FINANCIAL_RESOURCE_STATUS_ACTIVE);
  *resource.mutable_coverage()->add_payors() = payor;
  return resource;
}

v1::Resource Encounter(const std::string& id,
                       const v1::Reference& provider,
                       v1::EncounterStatus status) {
  v1::Resource resource;
  resource.mutable_encounter()->set_id(id);
  resource.mutable_encounter()->set_status(status);
  *resource.mutable_encounter()->mutable_service_provider() = provider;
  return resource;
}

class AttributionTest : public ::testing::Test {
 protected:
  const Party& Of(const char* key) const { return *directory_->Find(PartyKey(key)); }

  // One message of `sender`; the person remembers it.
  AttributionResult Send(const char* sender, const std::vector<v1::Resource>& resources) {
    std::vector<const v1::Resource*> pointers;
    for (const v1::Resource& resource : resources) pointers.push_back(&resource);
    const MessageId message("m" + std::to_string(++messages_));
    const ResourceResolver resolve = [this](std::string_view type, std::string_view id) {
      const auto found = stored_.find(std::string(type) + "/" + std::string(id));
      return found == stored_.end() ? nullptr : &found->second;
    };
    AttributionResult result = Attribute({.directory = *directory_,
                                          .sender = Of(sender),
                                          .message = message,
                                          .received = clock_.Now(),
                                          .resources = pointers,
                                          .person = person_,
                                          .resolve = resolve,
                                          .options = {}});
    *person_.mutable_attributions() = result.attributions;
    return result;
  }

  std::vector<std::string> HoldersOf(const char* role_name) const {
    std::vector<std::string> keys;
    for (const PartyKey& key : Holders(person_, role_name, clock_.Now()))
      keys.push_back(key.value());
    return keys;
  }

  testing::FakeClock clock_;
  std::shared_ptr<const Directory> directory_ = DirectoryOf(kParties);
  std::map<std::string, v1::Resource> stored_;
  v1::Person person_;
  int messages_ = 0;
};

TEST_F(AttributionTest, AgencySaysNothingOfWhoLooksAfterAPerson) {
  Send("mrmc", {Patient("p", {Npi("9990000002")})});
  const AttributionResult result =
      Send("htf",
           {Patient("p", {Npi("9990000003")}),
            Coverage("c", Logical("https://northbrook.example/payer-id", "NHA")),
            Encounter("v", Npi("9990000001"), v1::ENCOUNTER_STATUS_IN_PROGRESS)});
  EXPECT_THAT(result.started, IsEmpty());
  EXPECT_THAT(result.ended, IsEmpty());
  EXPECT_THAT(HoldersOf(role::kMedicalHome), ElementsAre("lfm"));
}

TEST_F(AttributionTest, GeneralPractitionerIsTheMedicalHome) {
  const AttributionResult result = Send("mrmc", {Patient("p", {Npi("9990000002")})});
  ASSERT_THAT(result.started, SizeIs(1));
  const v1::Attribution& began = result.started[0];
  EXPECT_EQ(began.party(), "lfm");
  EXPECT_EQ(began.role(), "medical-home");
  EXPECT_THAT(began.source(), StartsWith("Patient.generalPractitioner@mrmc#"));
  EXPECT_EQ(SourceElement(began), "Patient.generalPractitioner");
  EXPECT_EQ(began.message_id(), "m1");
  EXPECT_EQ(began.since_us(), ToMicros(clock_.Now()));
  EXPECT_EQ(began.until_us(), 0);
  EXPECT_THAT(HoldersOf(role::kMedicalHome), ElementsAre("lfm"));
}

TEST_F(AttributionTest, SourceDoesNotShowTheIdOfTheResource) {
  const AttributionResult result = Send("mrmc", {Patient("mrn-500117", {Npi("9990000002")})});
  EXPECT_EQ(result.started[0].source().find("500117"), std::string::npos);
}

TEST_F(AttributionTest, RepeatedMessageChangesNothing) {
  Send("mrmc", {Patient("p", {Npi("9990000002")})});
  clock_.Advance(1h);
  const AttributionResult again = Send("mrmc", {Patient("p", {Npi("9990000002")})});
  EXPECT_THAT(again.started, IsEmpty());
  EXPECT_THAT(again.ended, IsEmpty());
  ASSERT_EQ(again.attributions.size(), 1);
  EXPECT_EQ(again.attributions[0].message_id(), "m1");
}

TEST_F(AttributionTest, NewPractitionerEndsTheOldOneAndKeepsItAsHistory) {
  Send("mrmc", {Patient("p", {Npi("9990000002")})});
  clock_.Advance(1h);
  const AttributionResult result = Send("mrmc", {Patient("p", {Npi("9990000003")})});
  ASSERT_THAT(result.ended, SizeIs(1));
  EXPECT_EQ(result.ended[0].party(), "lfm");
  EXPECT_EQ(result.ended[0].until_us(), ToMicros(clock_.Now()));
  EXPECT_EQ(result.attributions.size(), 2);
  EXPECT_THAT(HoldersOf(role::kMedicalHome), ElementsAre("oak"));
}

TEST_F(AttributionTest, OneThatComesBackBeginsAnew) {
  Send("mrmc", {Patient("p", {Npi("9990000002")})});
  clock_.Advance(1h);
  Send("mrmc", {Patient("p", {})});
  EXPECT_THAT(HoldersOf(role::kMedicalHome), IsEmpty());
  clock_.Advance(1h);
  const AttributionResult result = Send("mrmc", {Patient("p", {Npi("9990000002")})});
  EXPECT_EQ(result.attributions.size(), 2);
  EXPECT_EQ(result.started[0].message_id(), "m3");
  EXPECT_THAT(HoldersOf(role::kMedicalHome), ElementsAre("lfm"));
}

TEST_F(AttributionTest, NobodyEndsWhatAnotherSenderOrResourceSaid) {
  Send("mrmc", {Patient("p", {Npi("9990000002")})});
  Send("nha", {Patient("p", {})});
  Send("mrmc", {Patient("other", {})});
  Send("mrmc", {Encounter("e", Npi("9990000001"), v1::ENCOUNTER_STATUS_IN_PROGRESS)});
  EXPECT_THAT(HoldersOf(role::kMedicalHome), ElementsAre("lfm"));
}

TEST_F(AttributionTest, TwoLiveClaimsOfOneRankBothCount) {
  Send("mrmc", {Patient("p", {Npi("9990000002")})});
  Send("nha", {Patient("q", {Npi("9990000003")})});
  EXPECT_THAT(HoldersOf(role::kMedicalHome), ElementsAre("lfm", "oak"));
}

TEST_F(AttributionTest, PatientComesBeforeRosterBeforeEncounter) {
  v1::Resource encounter = Encounter("e", Npi("9990000001"), v1::ENCOUNTER_STATUS_IN_PROGRESS);
  v1::Encounter::Participant& participant = *encounter.mutable_encounter()->add_participants();
  *participant.mutable_individual() = Npi("9990000011");
  v1::Coding& function = *participant.add_types()->add_codings();
  function.set_system("http://terminology.hl7.org/CodeSystem/v3-ParticipationFunction");
  function.set_code("PCP");
  Send("mrmc", {encounter});
  EXPECT_THAT(HoldersOf(role::kMedicalHome), ElementsAre("lfm"));

  v1::Identifier& mrn = *person_.add_identifiers();
  mrn.set_system("urn:oid:2.999.10.1");
  mrn.set_value("700");
  Send("mrmc", {});
  EXPECT_THAT(HoldersOf(role::kMedicalHome), ElementsAre("oak"));

  Send("mrmc", {Patient("p", {Npi("9990000002")})});
  EXPECT_THAT(HoldersOf(role::kMedicalHome), ElementsAre("lfm"));
}

TEST_F(AttributionTest, RosterKnowsTheBareNumberOfTheSender) {
  v1::Resource patient = Patient("p", {});
  patient.mutable_patient()->add_identifiers()->set_value("700");
  const AttributionResult result = Send("mrmc", {patient});
  ASSERT_THAT(result.started, SizeIs(1));
  EXPECT_EQ(result.started[0].source(), "config");
  EXPECT_EQ(result.started[0].message_id(), "");

  person_.Clear();
  EXPECT_THAT(Send("nha", {patient}).started, IsEmpty());
}

TEST_F(AttributionTest, RowThatLeftTheRosterEnds) {
  v1::Resource patient = Patient("p", {});
  patient.mutable_patient()->add_identifiers()->set_value("700");
  Send("mrmc", {patient});
  directory_ = DirectoryOf(
      std::string(kParties).replace(std::string(kParties).find("\"700\""), 5, "\"701\""));
  EXPECT_THAT(Send("mrmc", {patient}).ended, SizeIs(1));
  EXPECT_THAT(HoldersOf(role::kMedicalHome), IsEmpty());
}

TEST_F(AttributionTest, ClaimForARoleThatThePartyMayNotHoldIsNone) {
  EXPECT_THAT(Send("mrmc", {Patient("p", {Logical("urn:oid:2.999.20", "HTF")})}).started,
              IsEmpty());
  EXPECT_THAT(Send("mrmc", {Coverage("c", Npi("9990000002"))}).started, IsEmpty());
}

TEST_F(AttributionTest, CoverageEndsAtThePayersMidnight) {
  v1::Resource coverage = Coverage("c", Logical("https://northbrook.example/payer-id", "NHA"));
  SetDay(*coverage.mutable_coverage()->mutable_period()->mutable_start(), 2026y / 1 / 1);
  SetDay(*coverage.mutable_coverage()->mutable_period()->mutable_end(), 2026y / 7 / 31);
  const AttributionResult result = Send("mrmc", {coverage});
  ASSERT_THAT(result.started, SizeIs(1));
  EXPECT_EQ(FromMicros(result.started[0].since_us()), std::chrono::sys_days(2026y / 1 / 1) + 5h);
  EXPECT_EQ(FromMicros(result.started[0].until_us()), std::chrono::sys_days(2026y / 8 / 1) + 4h);
  clock_.Set(std::chrono::sys_days(2026y / 8 / 1) + 4h - 1us);
  EXPECT_THAT(HoldersOf(role::kPayer), ElementsAre("nha"));
  clock_.Set(std::chrono::sys_days(2026y / 8 / 1) + 4h);
  EXPECT_THAT(HoldersOf(role::kPayer), IsEmpty());
}

TEST_F(AttributionTest, PeriodOfAMonthOrYearEndsWithIt) {
  v1::Resource coverage = Coverage("c", Logical("https://northbrook.example/payer-id", "NHA"));
  v1::DateTime& end = *coverage.mutable_coverage()->mutable_period()->mutable_end();
  SetDay(end, 2026y / 12 / 1);
  end.set_precision(v1::DateTime::MONTH);
  EXPECT_EQ(FromMicros(Send("mrmc", {coverage}).started[0].until_us()),
            std::chrono::sys_days(2027y / 1 / 1) + 5h);
  person_.Clear();
  SetDay(end, 2026y / 1 / 1);
  end.set_precision(v1::DateTime::YEAR);
  EXPECT_EQ(FromMicros(Send("mrmc", {coverage}).started[0].until_us()),
            std::chrono::sys_days(2027y / 1 / 1) + 5h);
}

TEST_F(AttributionTest, CoverageThatIsCancelledOrPastGivesNothing) {
  v1::Resource coverage = Coverage("c", Logical("https://northbrook.example/payer-id", "NHA"));
  Send("mrmc", {coverage});
  coverage.mutable_coverage()->set_status(v1::FINANCIAL_RESOURCE_STATUS_CANCELLED);
  EXPECT_THAT(Send("mrmc", {coverage}).ended, SizeIs(1));
  v1::Resource past = Coverage("d", Logical("https://northbrook.example/payer-id", "NHA"));
  SetDay(*past.mutable_coverage()->mutable_period()->mutable_end(), 2025y / 12 / 31);
  EXPECT_THAT(Send("mrmc", {past}).started, IsEmpty());
  EXPECT_THAT(HoldersOf(role::kPayer), IsEmpty());
}

TEST_F(AttributionTest, RetroTerminationEndsTheClaim) {
  v1::Resource coverage = Coverage("c", Logical("https://northbrook.example/payer-id", "NHA"));
  Send("mrmc", {coverage});
  SetDay(*coverage.mutable_coverage()->mutable_period()->mutable_end(), 2026y / 5 / 31);
  const AttributionResult result = Send("mrmc", {coverage});
  EXPECT_THAT(result.ended, SizeIs(1));
  EXPECT_THAT(result.started, IsEmpty());
  EXPECT_THAT(HoldersOf(role::kPayer), IsEmpty());
}

TEST_F(AttributionTest, CareTeamBringsTheOrganisationOnWhoseBehalfOneActs) {
  v1::Resource team;
  team.mutable_care_team()->set_id("t");
  team.mutable_care_team()->set_status(v1::CARE_TEAM_STATUS_ACTIVE);
  v1::CareTeam::Participant& participant = *team.mutable_care_team()->add_participants();
  *participant.mutable_member() = Npi("9990000011");
  *participant.mutable_on_behalf_of() = Npi("9990000003");
  *team.mutable_care_team()->add_managing_organizations() = Npi("9990000001");
  Send("mrmc", {team});
  EXPECT_THAT(HoldersOf(role::kCareTeam), ElementsAre("mrmc", "oak"));

  participant.clear_on_behalf_of();
  Send("mrmc", {team});
  EXPECT_THAT(HoldersOf(role::kCareTeam), ElementsAre("lfm", "mrmc"));

  team.mutable_care_team()->set_status(v1::CARE_TEAM_STATUS_INACTIVE);
  Send("mrmc", {team});
  EXPECT_THAT(HoldersOf(role::kCareTeam), IsEmpty());
}

TEST_F(AttributionTest, ParticipantsOwnPeriodNarrowsThatOfTheTeam) {
  v1::Resource team;
  team.mutable_care_team()->set_id("t");
  SetDay(*team.mutable_care_team()->mutable_period()->mutable_end(), 2026y / 12 / 31);
  v1::CareTeam::Participant& participant = *team.mutable_care_team()->add_participants();
  *participant.mutable_member() = Npi("9990000011");
  SetDay(*participant.mutable_period()->mutable_start(), 2026y / 8 / 1);
  Send("mrmc", {team});
  EXPECT_THAT(HoldersOf(role::kCareTeam), IsEmpty());
  clock_.Set(std::chrono::sys_days(2026y / 8 / 1));
  EXPECT_THAT(HoldersOf(role::kCareTeam), ElementsAre("lfm"));
  clock_.Set(std::chrono::sys_days(2027y / 1 / 1));
  EXPECT_THAT(HoldersOf(role::kCareTeam), IsEmpty());
}

TEST_F(AttributionTest, ProviderStaysTreatingForAWhileAfterTheStay) {
  v1::Resource stay = Encounter("e", Npi("9990000001"), v1::ENCOUNTER_STATUS_IN_PROGRESS);
  Send("mrmc", {stay});
  EXPECT_THAT(HoldersOf(role::kTreating), ElementsAre("mrmc"));
  stay.mutable_encounter()->set_status(v1::ENCOUNTER_STATUS_FINISHED);
  SetInstant(*stay.mutable_encounter()->mutable_period()->mutable_end(), clock_.Now());
  EXPECT_THAT(Send("mrmc", {stay}).ended, IsEmpty());
  clock_.Advance(30 * 24h - 1s);
  EXPECT_THAT(HoldersOf(role::kTreating), ElementsAre("mrmc"));
  clock_.Advance(1s);
  EXPECT_THAT(HoldersOf(role::kTreating), IsEmpty());
}

TEST_F(AttributionTest, StayThatFinishedWithoutAnEndIsOverSinceTheMessage) {
  Send("mrmc", {Encounter("e", Npi("9990000001"), v1::ENCOUNTER_STATUS_FINISHED)});
  EXPECT_EQ(FromMicros(person_.attributions(0).until_us()), clock_.Now() + 30 * 24h);
}

TEST_F(AttributionTest, StayThatNeverWasTreatsNobody) {
  Send("mrmc", {Encounter("e", Npi("9990000001"), v1::ENCOUNTER_STATUS_IN_PROGRESS)});
  EXPECT_THAT(
      Send("mrmc", {Encounter("e", Npi("9990000001"), v1::ENCOUNTER_STATUS_CANCELLED)}).ended,
      SizeIs(1));
  EXPECT_THAT(HoldersOf(role::kTreating), IsEmpty());
}

TEST_F(AttributionTest, FollowsStoredResourcesToTheParty) {
  stored_["Practitioner/halvorsen"].mutable_practitioner()->add_identifiers()->CopyFrom(
      Npi("9990000011").identifier());
  stored_["Organization/lake"].mutable_organization()->add_identifiers()->CopyFrom(
      Npi("9990000002").identifier());
  *stored_["Organization/ward"].mutable_organization()->mutable_part_of() =
      Literal("Organization", "lake");
  *stored_["PractitionerRole/r"].mutable_practitioner_role()->mutable_organization() =
      Literal("Organization", "ward");
  *stored_["Location/l"].mutable_location()->mutable_managing_organization() =
      Literal("Organization", "lake");
  stored_["/urn:uuid:1"] = stored_["Organization/lake"];
  for (const v1::Reference& reference : {Literal("Practitioner", "halvorsen"),
                                         Literal("Organization", "ward"),
                                         Literal("PractitionerRole", "r"),
                                         Literal("Location", "l"),
                                         ByUri("urn:uuid:1")}) {
    person_.Clear();
    Send("mrmc", {Patient("p", {reference})});
    EXPECT_THAT(HoldersOf(role::kMedicalHome), ElementsAre("lfm")) << reference.ShortDebugString();
  }
}

TEST_F(AttributionTest, FindsAContainedPractitioner) {
  v1::Resource contained;
  contained.mutable_practitioner()->set_id("gp");
  *contained.mutable_practitioner()->add_identifiers() = Npi("9990000011").identifier();
  v1::Resource patient = Patient("p", {ByUri("#gp")});
  patient.mutable_patient()->add_contained("not a resource");
  patient.mutable_patient()->add_contained(contained.SerializeAsString());
  Send("mrmc", {patient});
  EXPECT_THAT(HoldersOf(role::kMedicalHome), ElementsAre("lfm"));
}

TEST_F(AttributionTest, LoopsAndStrangersNameNobody) {
  *stored_["Organization/a"].mutable_organization()->mutable_part_of() =
      Literal("Organization", "b");
  *stored_["Organization/b"].mutable_organization()->mutable_part_of() =
      Literal("Organization", "a");
  const AttributionResult result = Send("mrmc",
                                        {Patient("p",
                                                 {Literal("Organization", "a"),
                                                  Literal("Organization", "unknown"),
                                                  Literal("Patient", "p"),
                                                  ByUri("https://elsewhere.example/Organization/1"),
                                                  ByUri("#nowhere"),
                                                  Npi("1111111111"),
                                                  v1::Reference()})});
  EXPECT_THAT(result.started, IsEmpty());
}

TEST_F(AttributionTest, RolesOfAPartyFollowTheSamePrecedence) {
  Send("mrmc",
       {Patient("p", {Npi("9990000002")}),
        Encounter("e", Npi("9990000002"), v1::ENCOUNTER_STATUS_IN_PROGRESS)});
  EXPECT_THAT(RolesOf(person_, PartyKey("lfm"), clock_.Now()),
              ElementsAre("medical-home", "treating"));
  EXPECT_THAT(RolesOf(person_, PartyKey("oak"), clock_.Now()), IsEmpty());
  person_.mutable_attributions(0)->set_source("Encounter.participant.pcp@mrmc#00000000");
  v1::Attribution& roster = *person_.add_attributions();
  roster.set_party("oak");
  roster.set_role(role::kMedicalHome);
  roster.set_source("config");
  EXPECT_THAT(RolesOf(person_, PartyKey("lfm"), clock_.Now()), ElementsAre("treating"));
  EXPECT_THAT(RolesOf(person_, PartyKey("oak"), clock_.Now()), ElementsAre("medical-home"));
}

TEST_F(AttributionTest, EffectiveLeavesOutHistoryAndLowerRanks) {
  v1::Resource patient = Patient("p", {Npi("9990000002")});
  patient.mutable_patient()->add_identifiers()->set_value("700");
  Send("mrmc", {patient, Encounter("e", Npi("9990000001"), v1::ENCOUNTER_STATUS_IN_PROGRESS)});
  std::vector<std::string> parties;
  for (const v1::Attribution& a : Effective(person_, clock_.Now())) parties.push_back(a.party());
  EXPECT_THAT(parties, ElementsAre("lfm", "mrmc"));
  EXPECT_EQ(person_.attributions_size(), 3);
}

TEST_F(AttributionTest, OnePartyNamedTwiceIsOneClaim) {
  const AttributionResult result =
      Send("mrmc", {Patient("p", {Npi("9990000002"), Npi("9990000011")})});
  EXPECT_THAT(result.started, SizeIs(1));
}

}  // namespace
}  // namespace handoff::directory
