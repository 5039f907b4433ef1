// Real data of others through the running gateway: accepted, understood, routed and delivered, and
// no word of a patient in any log, metric or error.

#include "tests/corpus/real_input.h"

#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/corpus/broken_input.h"
#include "tests/corpus/corpus_files.h"

namespace handoff::testing {
namespace {

using fhir::JsonValue;

constexpr char kNpi[] = "http://hl7.org/fhir/sid/us-npi";
constexpr char kSyntheaMrn[] = "http://hospital.smarthealthit.org";
constexpr char kBlueCross[] = "0000010005";

// A roster of all patients of `bundle` by their number in `system`.
std::string Roster(const std::string& role, const std::string& system, const JsonValue& bundle) {
  std::string rows;
  for (const JsonValue* patient : ResourcesOf(bundle, "Patient")) {
    for (const JsonValue& identifier : patient->members.at("identifier").items) {
      if (TextAt(identifier, "system") == system)
        rows += RosterRow(role, system, TextAt(identifier, "value"));
    }
  }
  return rows;
}

// --- davinci-alerts: notifications of one patient, as the implementation guide shows them.

constexpr char kAlertsMrn[] = "http://example.org/fhir/mrn";
constexpr char kHalvorson[] = "06e1f0dd-5fbe-4480-9bb4-6b54ec02d31b";

std::vector<PartySpec> AlertParties(bool payer_by_roster) {
  return {{"holy-family",
           "hospital",
           Channel::kNone,
           "identifiers:\n" + Identifier(kNpi, "9941339100")},
          {"practice",
           "practice",
           Channel::kFhir,
           "roster:\n" + RosterRow("medical-home", kAlertsMrn, kHalvorson)},
          {"blue-cross",
           "payer",
           Channel::kStreams,
           "identifiers:\n" + Identifier(kNpi, kBlueCross) +
               (payer_by_roster ? "roster:\n" + RosterRow("payer", kAlertsMrn, kHalvorson) : "")},
          {"aetna", "payer", Channel::kStreams, "identifiers:\n" + Identifier(kNpi, "0000010007")}};
}

// "admit" of the file's MessageHeader.
std::string Announced(const JsonValue& bundle) {
  const std::string code = TextAt(*ResourcesOf(bundle, "MessageHeader").at(0), "eventCoding/code");
  return code.substr(code.find('-') + 1);
}

TEST_F(RealInputTest, EveryDaVinciAlertReachesPracticeAndPayer) {
  const std::vector<CorpusFile> files = ReadCorpus("davinci-alerts");
  ASSERT_EQ(files.size(), 4U);
  PrintHead();
  for (const CorpusFile& file : files) {
    // Each alone on an empty gateway: three of them announce the same admission.
    const bool names_payer = !ResourcesOf(file.json, "Coverage").empty();
    ASSERT_NO_FATAL_FAILURE(StartNetwork(AlertParties(!names_payer)));
    const Story story = Send("holy-family", "POST", "/$process-message", file.name, file.text);
    EXPECT_EQ(story.events, (Counts{{Announced(file.json), 1}})) << file.name;
    EXPECT_EQ(story.told, (Counts{{"blue-cross", 1}, {"practice", 1}})) << file.name;
    const std::vector<std::string> to_practice = network().Received("practice");
    const std::vector<std::string> to_payer = network().Received("blue-cross");
    ASSERT_TRUE(to_practice.size() == 1 && to_payer.size() == 1);
    EXPECT_NE(to_practice[0].find("Examplitis"), std::string::npos);
    EXPECT_EQ(to_payer[0].find("Examplitis"), std::string::npos) << "the payer is told why";
    EXPECT_EQ(to_payer[0].find("2000-10-15"), std::string::npos);
    AddErrors(ProvokeErrors(network(), "holy-family", file.text));
  }
}

TEST_F(RealInputTest, DaVinciAlertsOfOneStayConverge) {
  ASSERT_NO_FATAL_FAILURE(StartNetwork(AlertParties(true)));
  PrintHead();
  Counts events;
  for (const CorpusFile& file : ReadCorpus("davinci-alerts")) {
    for (const auto& [kind, count] :
         Send("holy-family", "POST", "/$process-message", file.name, file.text).events)
      events[kind] += count;
  }
  EXPECT_EQ(events, (Counts{{"admit", 1}, {"discharge", 1}}));
}

// --- davinci-alerts-synthea-2020: the same stays in three steps, without MessageHeaders.

// The patients of a payer's members, by the NPI of the Organization that Coverage.payor names.
std::map<std::string, std::set<std::string>> MembersOf(const JsonValue& bundle) {
  std::map<std::string, std::string> npi_of;
  for (const JsonValue* organization : ResourcesOf(bundle, "Organization")) {
    for (const JsonValue& identifier : organization->members.at("identifier").items) {
      if (TextAt(identifier, "system") == kNpi)
        npi_of["urn:uuid:" + TextAt(*organization, "id")] = TextAt(identifier, "value");
    }
  }
  std::map<std::string, std::set<std::string>> members;
  for (const JsonValue* coverage : ResourcesOf(bundle, "Coverage")) {
    for (const JsonValue& payor : coverage->members.at("payor").items) {
      const auto npi = npi_of.find(TextAt(payor, "reference"));
      if (npi != npi_of.end())
        members[npi->second].insert(TextAt(*coverage, "beneficiary/reference"));
    }
  }
  return members;
}

class ConnectathonTest : public RealInputTest {
 protected:
  // Posts admit, transfer and discharge of one set of patients and checks who was told of each.
  void Run(const std::string& set, std::size_t patients) {
    const std::string folder = "davinci-alerts-synthea-2020";
    const std::vector<CorpusFile> files = ReadCorpus(folder, set);
    ASSERT_EQ(files.size(), 3U);  // by name: admit, discharge, transfer
    const JsonValue& admit = files[0].json;
    const std::vector<const JsonValue*> stays = ResourcesOf(admit, "Encounter");
    ASSERT_EQ(stays.size(), patients);

    std::vector<PartySpec> parties = {{"exchange", "hospital", Channel::kNone, ""},
                                      {"practice",
                                       "practice",
                                       Channel::kFhir,
                                       "roster:\n" + Roster("medical-home", kSyntheaMrn, admit)}};
    Counts told = {{"practice", patients}};
    for (const auto& [npi, members] : MembersOf(admit)) {
      const Channel channel = npi == kBlueCross ? Channel::kStreams : Channel::kFhir;
      parties.push_back(
          {"payer-" + npi, "payer", channel, "identifiers:\n" + Identifier(kNpi, npi)});
      for (const JsonValue* stay : stays)
        told["payer-" + npi] += members.count(TextAt(*stay, "subject/reference"));
      if (told["payer-" + npi] == 0) told.erase("payer-" + npi);
    }
    ASSERT_NO_FATAL_FAILURE(StartNetwork(std::move(parties)));
    PrintHead();
    const Story admitted = Send("exchange", "POST", "", files[0].name, files[0].text);
    EXPECT_EQ(admitted.events, (Counts{{"admit", patients}}));
    EXPECT_EQ(admitted.told, told);
    // From emergency to inpatient in the same hospital: the inpatient admission that must be told
    // (42 CFR 482.24(d)(2)).
    const Story transferred = Send("exchange", "POST", "", files[2].name, files[2].text);
    EXPECT_EQ(transferred.events, (Counts{{"admit", patients}}));
    EXPECT_EQ(transferred.told, told);
    const Story discharged = Send("exchange", "POST", "", files[1].name, files[1].text);
    EXPECT_EQ(discharged.events, (Counts{{"discharge", patients}}));
    EXPECT_EQ(discharged.told, told);
    ExpectOnePatientEach(admit);
    AddErrors(ProvokeErrors(network(), "exchange", files[0].text));
  }

 private:
  // Every notice to the practice is about one patient, and everyone has three.
  void ExpectOnePatientEach(const JsonValue& bundle) {
    Counts notices;
    for (const std::string& text : network().Received("practice")) {
      std::size_t patients = 0;
      for (const JsonValue* patient : ResourcesOf(bundle, "Patient")) {
        const std::string number = TextAt(patient->members.at("identifier").items.at(1), "value");
        if (text.find(number) == std::string::npos) continue;
        ++patients;
        ++notices[number];
      }
      EXPECT_EQ(patients, 1U);
    }
    for (const auto& [number, count] : notices) EXPECT_EQ(count, 3U) << number;
  }
};

TEST_F(ConnectathonTest, ThreePatientsAreAdmittedMovedAndDischarged) { Run("3Patients", 3); }
TEST_F(ConnectathonTest, HundredPatientsAreAdmittedMovedAndDischarged) { Run("100Patients", 95); }

// --- synthea-patients: whole lives in one transaction.

TEST_F(RealInputTest, SyntheaHistoriesTellOfStaysPlansAndGoals) {
  const std::vector<CorpusFile> files = ReadCorpus("synthea-patients");
  ASSERT_EQ(files.size(), 4U);
  std::string homes = "roster:\n";
  std::string members = "roster:\n";
  for (const CorpusFile& file : files) {
    homes += Roster("medical-home", kSyntheaMrn, file.json);
    members += Roster("payer", kSyntheaMrn, file.json);
  }
  ASSERT_NO_FATAL_FAILURE(StartNetwork({{"import", "hospital", Channel::kNone, ""},
                                        {"practice", "practice", Channel::kFhir, homes},
                                        {"insurer", "payer", Channel::kStreams, members}}));
  PrintHead();
  for (const CorpusFile& file : files) {
    Counts expected;
    for (const JsonValue* encounter : ResourcesOf(file.json, "Encounter")) {
      const std::string code = TextAt(*encounter, "class/code");
      const bool over =
          TextAt(*encounter, "status") == "finished" && !TextAt(*encounter, "period/end").empty();
      if (over && (code == "IMP" || code == "EMER")) ++expected["discharge"];
    }
    if (const std::size_t plans = ResourcesOf(file.json, "CarePlan").size())
      expected["plan-version"] = plans;
    if (const std::size_t goals = ResourcesOf(file.json, "Goal").size())
      expected["goal-status"] = goals;
    std::size_t all = 0;
    for (const auto& [kind, count] : expected) all += count;
    ASSERT_GT(all, 0U);
    const Story story = Send("import", "POST", "", file.name, file.text);
    EXPECT_EQ(story.events, expected) << file.name;
    EXPECT_EQ(story.told, (Counts{{"insurer", all}, {"practice", all}})) << file.name;
  }
  AddErrors(ProvokeErrors(network(), "import", files[1].text));
}

}  // namespace
}  // namespace handoff::testing
