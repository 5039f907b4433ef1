// Admissions, transfers and discharges.
#include <chrono>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/care/world.h"

namespace handoff::care::testing {
namespace {

using ::testing::SizeIs;

constexpr char kPatient[] =
    R"({"resourceType":"Patient","id":"p","name":[{"family":"Quillfeather"}]})";

struct Stay {
  std::string status = "in-progress";
  std::string class_code = "IMP";
  std::string end = "";
  std::string more = "";  // members with a leading comma
};

std::string Encounter(const Stay& stay) {
  std::string json =
      R"({"resourceType":"Encounter","id":"v","status":")" + stay.status +
      R"(","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":")" +
      stay.class_code + R"("},"subject":{"reference":"Patient/p"},)" +
      R"("period":{"start":"2026-06-27T14:02:11-04:00")";
  if (!stay.end.empty()) json += R"(,"end":")" + stay.end + '"';
  return json + "}" + stay.more + "}";
}

std::string Header(const std::string& code) {
  return R"({"resourceType":"MessageHeader","id":"h","eventCoding":{)"
         R"("system":"http://hl7.org/fhir/us/davinci-alerts/CodeSystem/notification-event","code":")" +
         code + R"("},"source":{"endpoint":"urn:x"},"focus":[{"reference":"Encounter/v"}]})";
}

std::string Disposition(const std::string& code) {
  return R"(,"hospitalization":{"dischargeDisposition":{"coding":[{"code":")" + code + R"("}]}})";
}

std::string InPlace(const std::string& location, const std::string& facility) {
  std::string json = R"(,"location":[{"location":{"reference":"Location/)" + location +
                     R"("},"status":"active"}])";
  if (!facility.empty())
    json += R"(,"serviceProvider":{"reference":"Organization/)" + facility + R"("})";
  return json;
}

constexpr char kEnd[] = "2026-07-02T15:20:00-04:00";

TEST(StayTest, ADayIsOneOfWhereTheSenderIs) {
  World world;
  world.SetDayBegins(std::chrono::hours(4));
  world.Send("mrmc", {kPatient, Encounter({})});
  const Understanding read =
      world.Send("mrmc", {Encounter({.status = "finished", .end = "2026-07-02"})});
  ASSERT_EQ(Kinds(read), "DISCHARGE");
  EXPECT_EQ(read.events[0].occurred_us(), At("2026-07-02T00:00:00-04:00"));
}

TEST(StayTest, AnEndOfADayIsAfterWhatWasThatDay) {
  World world;
  world.Send("mrmc", {kPatient, Encounter({})});
  world.Send("mrmc", {Encounter({.status = "finished", .end = "2026-06-27"})});
  EXPECT_EQ(world.Stay("v").last(), v1::EVENT_KIND_DISCHARGE);
  EXPECT_EQ(world.Stay("v").discharged_us(), At("2026-06-27T14:02:11-04:00"));
}

TEST(StayTest, AStayOfAnotherPatientIsTakenBackAndToldAnew) {
  for (const char* now : {"in-progress", "finished"}) {
    World world;
    world.Send("mrmc", {kPatient, Encounter({})});
    const std::string before = world.Stay("v").id();
    world.SetPerson(8);
    const Understanding read =
        world.Send("mrmc", {Encounter({.status = now, .end = now[0] == 'f' ? kEnd : ""})});
    ASSERT_EQ(Kinds(read), now[0] == 'f' ? "ENCOUNTER_UPDATE DISCHARGE" : "ENCOUNTER_UPDATE ADMIT");
    EXPECT_EQ(read.events[0].person_id(), 7u);
    EXPECT_EQ(read.events[0].status(), "cancelled");
    EXPECT_EQ(read.events[0].transition_id(), before);
    EXPECT_EQ(Story(read.events[0]), "Encounter/v Patient/p");
    EXPECT_EQ(read.events[0].focus().version(), 1u);
    EXPECT_EQ(read.events[1].person_id(), 8u);
    EXPECT_NE(read.events[1].transition_id(), before);
    EXPECT_EQ(world.Stay("v").person_id(), 8u);
    EXPECT_EQ(
        Kinds(world.Send("mrmc", {Encounter({.status = now, .end = now[0] == 'f' ? kEnd : ""})})),
        "");
  }
}

TEST(StayTest, TellsAnAdmissionOfAPlainEncounter) {
  World world;
  const Understanding read = world.Send("mrmc", {kPatient, Encounter({})});
  ASSERT_EQ(Kinds(read), "ADMIT");
  const v1::Event& event = read.events[0];
  EXPECT_EQ(event.occurred_us(), At("2026-06-27T14:02:11-04:00"));
  EXPECT_EQ(event.source(), "mrmc");
  EXPECT_EQ(event.person_id(), 7u);
  EXPECT_EQ(Story(event), "Encounter/v Patient/p");
  ASSERT_THAT(read.transitions, SizeIs(1));
  const v1::Transition& stay = read.transitions[0];
  EXPECT_EQ(stay.version(), 1u);
  EXPECT_EQ(stay.id(), event.transition_id());
  EXPECT_EQ(stay.source(), "mrmc");
  EXPECT_EQ(stay.admitted_us(), event.occurred_us());
  EXPECT_TRUE(read.issues.empty());
}

TEST(StayTest, NamesTheFacilityThatProvidesTheService) {
  World world;
  world.Know("Organization/mrmc-org", "mrmc");
  const Understanding read = world.Send("hie", {Encounter({.more = InPlace("w", "mrmc-org")})});
  EXPECT_EQ(read.transitions.at(0).source(), "mrmc");
}

TEST(StayTest, TellsTheSameStateOnce) {
  World world;
  world.Send("mrmc", {Encounter({})});
  EXPECT_EQ(Kinds(world.Send("mrmc", {Encounter({})})), "");
  EXPECT_EQ(Kinds(world.Send("mrmc", {Encounter({})}, Header("notification-admit"))), "");
}

TEST(StayTest, TellsANotificationOnceHoweverItComesAgain) {
  World world;
  const std::string over = Encounter({.status = "finished", .end = kEnd});
  EXPECT_EQ(Kinds(world.Send("mrmc", {kPatient, over}, Header("notification-discharge"))),
            "DISCHARGE");
  EXPECT_EQ(Kinds(world.Send("hie", {kPatient, over}, Header("notification-discharge"))), "");
  EXPECT_EQ(Kinds(world.Send("mrmc", {over})), "");
}

TEST(StayTest, ConvergesAdmissionAndDischargeToOneStay) {
  World world;
  world.Send("mrmc", {Encounter({})}, Header("notification-admit"));
  const Understanding read = world.Send(
      "mrmc", {Encounter({.status = "finished", .end = kEnd, .more = Disposition("06")})});
  EXPECT_EQ(Kinds(read), "DISCHARGE");
  EXPECT_EQ(read.events[0].occurred_us(), At(kEnd));
  const v1::Transition& stay = world.Stay("v");
  EXPECT_EQ(stay.version(), 2u);
  EXPECT_EQ(stay.discharged_us(), At(kEnd));
  EXPECT_EQ(stay.disposition(), "06");
  EXPECT_EQ(stay.last(), v1::EVENT_KIND_DISCHARGE);
  EXPECT_THAT(stay.steps(), SizeIs(2));
}

TEST(StayTest, AcceptsADischargeBeforeItsAdmission) {
  World world;
  const Understanding first = world.Send("mrmc", {Encounter({.status = "finished", .end = kEnd})});
  EXPECT_EQ(Kinds(first), "DISCHARGE");
  ASSERT_THAT(first.issues, SizeIs(1));
  EXPECT_EQ(first.issues[0].severity, fhir::Severity::kInformation);
  EXPECT_EQ(first.issues[0].text, "admission not seen");
  EXPECT_EQ(first.issues[0].expression, "Encounter");

  // The stay is over: the late admission completes the timeline and alarms no one.
  EXPECT_EQ(Kinds(world.Send("mrmc", {Encounter({})}, Header("notification-admit"))), "");
  const v1::Transition& stay = world.Stay("v");
  ASSERT_THAT(stay.steps(), SizeIs(2));
  EXPECT_EQ(stay.steps(0).kind(), v1::EVENT_KIND_ADMIT);
  EXPECT_EQ(stay.last(), v1::EVENT_KIND_DISCHARGE);
  EXPECT_EQ(stay.discharged_us(), At(kEnd));
}

TEST(StayTest, TellsAnEmergencyVisitThatBecomesAnInpatientStayTwice) {
  World world;
  EXPECT_EQ(
      Kinds(world.Send("mrmc", {Encounter({.class_code = "EMER"})}, Header("notification-admit"))),
      "ADMIT");
  world.SetNow("2026-07-02T18:02:11Z");
  const std::string inpatient = Encounter({.class_code = "IMP"});
  const Understanding read = world.Send("mrmc", {inpatient});
  ASSERT_EQ(Kinds(read), "ADMIT");
  EXPECT_EQ(read.events[0].occurred_us(), At("2026-07-02T18:02:11Z"));
  EXPECT_EQ(world.Stay("v").admitted_us(), At("2026-06-27T14:02:11-04:00"));
  EXPECT_EQ(Kinds(world.Send("mrmc", {inpatient}, Header("notification-admit"))), "");
}

TEST(StayTest, TakesTheTimeOfAClassChangeFromItsHistory) {
  World world;
  world.Send("mrmc", {Encounter({.class_code = "OBSENC"})});
  const std::string history =
      R"(,"classHistory":[{"class":{"code":"OBSENC"},"period":{"end":"2026-06-27T20:00:00-04:00"}}])";
  const Understanding read = world.Send("mrmc", {Encounter({.more = history})});
  ASSERT_EQ(Kinds(read), "ADMIT");
  EXPECT_EQ(read.events[0].occurred_us(), At("2026-06-27T20:00:00-04:00"));
}

TEST(StayTest, IgnoresVisitsThatAreNoStays) {
  for (const char* class_code : {"AMB", "VR", "HH"}) {
    World world;
    EXPECT_EQ(Kinds(world.Send("mrmc", {Encounter({.class_code = class_code})})), "");
    EXPECT_EQ(
        Kinds(world.Send(
            "mrmc", {Encounter({.status = "finished", .class_code = class_code, .end = kEnd})})),
        "");
  }
}

TEST(StayTest, IgnoresPlannedStaysAndEndsThatNobodyDates) {
  World world;
  EXPECT_EQ(Kinds(world.Send("mrmc", {Encounter({.status = "planned"})})), "");
  EXPECT_EQ(Kinds(world.Send("mrmc", {Encounter({.status = "finished"})})), "");
  EXPECT_EQ(Kinds(world.Send("mrmc", {Encounter({.status = "unknown"})})), "");
}

TEST(StayTest, DoesNotDischargeWhoIsStillAPatient) {
  World world;
  EXPECT_EQ(
      Kinds(world.Send(
          "mrmc", {Encounter({.status = "finished", .end = kEnd, .more = Disposition("30")})})),
      "ADMIT");
}

TEST(StayTest, KeepsAMoveInsideTheFacilityForTheTimeline) {
  World world;
  world.Send("mrmc", {Encounter({.more = InPlace("bed-1", "mrmc-org")})});
  const Understanding read =
      world.Send("mrmc", {Encounter({.more = InPlace("bed-2", "mrmc-org")})});
  ASSERT_EQ(Kinds(read), "ENCOUNTER_UPDATE");
  EXPECT_EQ(read.events[0].status(), "moved");
}

TEST(StayTest, TellsAMoveToAnotherFacility) {
  World world;
  world.Send("mrmc", {Encounter({.more = InPlace("bed-1", "mrmc-org")})});
  EXPECT_EQ(Kinds(world.Send("mrmc", {Encounter({.more = InPlace("bed-9", "frh-org")})})),
            "TRANSFER");
}

TEST(StayTest, ReadsTheFacilityFromTheLocations) {
  const auto location = [](const std::string& id, const std::string& organization) {
    return R"({"resourceType":"Location","id":")" + id +
           R"(","managingOrganization":{"reference":"Organization/)" + organization + R"("}})";
  };
  World same;
  same.Send("mrmc",
            {Encounter({.more = InPlace("a", "")}), location("a", "m"), location("b", "m")});
  EXPECT_EQ(Kinds(same.Send("mrmc", {Encounter({.more = InPlace("b", "")})})), "ENCOUNTER_UPDATE");
  World other;
  other.Send("mrmc",
             {Encounter({.more = InPlace("a", "")}), location("a", "m"), location("b", "f")});
  EXPECT_EQ(Kinds(other.Send("mrmc", {Encounter({.more = InPlace("b", "")})})), "TRANSFER");
  World unknown;
  unknown.Send("mrmc", {Encounter({.more = InPlace("a", "")})});
  EXPECT_EQ(Kinds(unknown.Send("mrmc", {Encounter({.more = InPlace("b", "")})})), "TRANSFER");
}

TEST(StayTest, TellsAnAnnouncedTransferOnce) {
  World world;
  world.Send("mrmc", {Encounter({.more = InPlace("a", "")})});
  const std::string moved = Encounter({.more = InPlace("b", "frh-org")});
  EXPECT_EQ(Kinds(world.Send("mrmc", {moved}, Header("notification-transfer"))), "TRANSFER");
  EXPECT_EQ(Kinds(world.Send("mrmc", {moved}, Header("notification-transfer"))), "");
}

TEST(StayTest, TellsACorrectedDispositionOnce) {
  World world;
  world.Send("mrmc", {Encounter({.status = "finished", .end = kEnd, .more = Disposition("01")})});
  const std::string corrected =
      Encounter({.status = "finished", .end = kEnd, .more = Disposition("03")});
  const Understanding read = world.Send("mrmc", {corrected});
  ASSERT_EQ(Kinds(read), "ENCOUNTER_UPDATE");
  EXPECT_EQ(read.events[0].status(), "corrected");
  EXPECT_EQ(world.Stay("v").disposition(), "03");
  EXPECT_EQ(Kinds(world.Send("mrmc", {corrected})), "");
}

TEST(StayTest, TellsACorrectedDischargeTimeAnew) {
  World world;
  world.Send("mrmc", {Encounter({.status = "finished", .end = kEnd})});
  const Understanding read =
      world.Send("mrmc", {Encounter({.status = "finished", .end = "2026-07-02T17:00:00-04:00"})});
  EXPECT_EQ(Kinds(read), "DISCHARGE");
  EXPECT_EQ(world.Stay("v").discharged_us(), At("2026-07-02T17:00:00-04:00"));
}

TEST(StayTest, TakesADischargeBack) {
  World world;
  world.Send("mrmc", {Encounter({})});
  world.Send("mrmc", {Encounter({.status = "finished", .end = kEnd, .more = Disposition("01")})});
  const Understanding read = world.Send("mrmc", {Encounter({})});
  ASSERT_EQ(Kinds(read), "ENCOUNTER_UPDATE");
  EXPECT_EQ(read.events[0].status(), "discharge-cancelled");
  EXPECT_EQ(world.Stay("v").discharged_us(), 0);
  EXPECT_EQ(world.Stay("v").disposition(), "");
}

TEST(StayTest, TakesAStayBackOnce) {
  World world;
  world.Send("mrmc", {Encounter({})});
  const Understanding read = world.Send("mrmc", {Encounter({.status = "cancelled"})});
  ASSERT_EQ(Kinds(read), "ENCOUNTER_UPDATE");
  EXPECT_EQ(read.events[0].status(), "cancelled");
  EXPECT_EQ(Kinds(world.Send("mrmc", {Encounter({.status = "cancelled"})})), "");
}

TEST(StayTest, TellsADischargeAgainAfterItWasTakenBack) {
  for (const std::string& end : {std::string(kEnd), std::string()}) {
    World world;
    world.Send("mrmc", {Encounter({})});
    world.Send("mrmc", {Encounter({.status = "finished", .end = kEnd, .more = Disposition("01")})});
    world.Send("mrmc", {Encounter({})});
    const std::string again =
        Encounter({.status = "finished", .end = end, .more = Disposition("01")});
    EXPECT_EQ(Kinds(world.Send("mrmc", {again})), "DISCHARGE") << end;
    EXPECT_NE(world.Stay("v").discharged_us(), 0) << end;
    EXPECT_EQ(Kinds(world.Send("mrmc", {again})), "") << end;
  }
}

TEST(StayTest, TellsAnAdmissionAgainAfterTheStayWasTakenBack) {
  World world;
  world.Send("mrmc", {Encounter({})});
  world.Send("mrmc", {Encounter({.status = "cancelled"})});
  EXPECT_EQ(Kinds(world.Send("mrmc", {Encounter({})})), "ADMIT");
  EXPECT_EQ(Kinds(world.Send("mrmc", {Encounter({})})), "");
}

// What the notification announces is what it takes back.
TEST(StayTest, ReadsARetractionThatComesAsTheNotification) {
  World world;
  EXPECT_EQ(Kinds(world.Send("mrmc",
                             {kPatient, Encounter({.status = "entered-in-error"})},
                             Header("notification-admit"))),
            "");
  world.Send("mrmc", {kPatient, Encounter({})}, Header("notification-admit"));
  world.Send("mrmc",
             {kPatient, Encounter({.status = "finished", .end = kEnd})},
             Header("notification-discharge"));
  const Understanding reopened =
      world.Send("mrmc", {kPatient, Encounter({})}, Header("notification-discharge"));
  ASSERT_EQ(Kinds(reopened), "ENCOUNTER_UPDATE");
  EXPECT_EQ(reopened.events[0].status(), "discharge-cancelled");
  const Understanding cancelled = world.Send(
      "mrmc", {kPatient, Encounter({.status = "cancelled"})}, Header("notification-admit"));
  ASSERT_EQ(Kinds(cancelled), "ENCOUNTER_UPDATE");
  EXPECT_EQ(cancelled.events[0].status(), "cancelled");
}

TEST(StayTest, TellsNobodyOfAVersionThatComesLate) {
  World world;
  const auto at = [](const char* time) {
    return R"(,"meta":{"lastUpdated":")" + std::string(time) + R"("})";
  };
  world.Send("mrmc", {Encounter({.more = at("2026-06-28T00:00:00Z")})});
  world.Send("mrmc",
             {Encounter({.status = "finished", .end = kEnd, .more = at("2026-07-02T20:00:00Z")})});
  const Understanding late = world.Send("mrmc", {Encounter({.more = at("2026-06-29T00:00:00Z")})});
  EXPECT_EQ(Kinds(late), "");
  ASSERT_THAT(late.issues, SizeIs(1));
  EXPECT_NE(world.Stay("v").discharged_us(), 0);
}

TEST(StayTest, ReadsAnEncounterThatTheNotificationOnlyRefersTo) {
  World world;
  world.Send("mrmc", {kPatient, Encounter({.status = "planned"})});
  const Understanding read = world.Send("mrmc", {}, Header("notification-admit"));
  ASSERT_EQ(Kinds(read), "ADMIT");
  EXPECT_EQ(read.events[0].person_id(), 7u);
  EXPECT_EQ(Story(read.events[0]), "Encounter/v Patient/p");
}

TEST(StayTest, WarnsOfANotificationAboutNothingKnown) {
  World world;
  const Understanding read = world.Send("mrmc", {kPatient}, Header("notification-admit"));
  EXPECT_EQ(Kinds(read), "");
  ASSERT_THAT(read.issues, SizeIs(1));
  EXPECT_EQ(read.issues[0].severity, fhir::Severity::kWarning);
  EXPECT_EQ(read.issues[0].expression, "MessageHeader.focus");
}

TEST(StayTest, ReadsAMessageOfAnotherKindAsPlainResources) {
  World world;
  EXPECT_EQ(Kinds(world.Send("mrmc", {Encounter({})}, Header("coverage-change"))), "ADMIT");
}

TEST(StayTest, TellsWhatWasFoundInTheStay) {
  World world;
  const Understanding read = world.Send(
      "mrmc",
      {kPatient,
       Encounter({}),
       R"({"resourceType":"Condition","id":"c","subject":{"reference":"Patient/p"},"encounter":{"reference":"Encounter/v"}})",
       R"({"resourceType":"Condition","id":"other","subject":{"reference":"Patient/p"}})"});
  ASSERT_EQ(Kinds(read), "ADMIT");
  EXPECT_EQ(Story(read.events[0]), "Encounter/v Patient/p Condition/c");
}

TEST(StayTest, TellsTheMedicationThatAPrescriptionOfTheStayNames) {
  World world;
  const Understanding read = world.Send(
      "mrmc",
      {kPatient,
       Encounter({}),
       R"({"resourceType":"Medication","id":"tablet","code":{"text":"a tablet"}})",
       R"({"resourceType":"Medication","id":"other","code":{"text":"another"}})",
       R"({"resourceType":"MedicationRequest","id":"m","status":"active","intent":"order",)"
       R"("medicationReference":{"reference":"Medication/tablet"},"subject":{"reference":"Patient/p"},)"
       R"("encounter":{"reference":"Encounter/v"}})"});
  EXPECT_EQ(Story(read.events.at(0)),
            "Encounter/v Patient/p MedicationRequest/m Medication/tablet");
}

TEST(StayTest, NeverTellsOfAnotherPerson) {
  World world;
  world.SetPerson(8);
  world.Send("mrmc", {R"({"resourceType":"Patient","id":"mother"})"});
  world.SetPerson(7);
  const Understanding read = world.Send(
      "mrmc",
      {kPatient,
       Encounter({.more = R"(,"participant":[{"individual":{"reference":"Patient/mother"}}])"})});
  ASSERT_EQ(Kinds(read), "ADMIT");
  EXPECT_EQ(Story(read.events[0]), "Encounter/v Patient/p");
}

}  // namespace
}  // namespace handoff::care::testing
