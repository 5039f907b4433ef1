// The referral examples of Gravity SDOH Clinical Care through the running gateway: a clinic asks,
// an agency in the area is found, answers, and the clinic is told.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/corpus/broken_input.h"
#include "tests/corpus/corpus_files.h"
#include "tests/corpus/real_input.h"

namespace handoff::testing {
namespace {

std::string Example(std::string_view part) {
  const std::vector<CorpusFile> files = ReadCorpus("gravity-sdoh-cc", part);
  EXPECT_EQ(files.size(), 1U) << part;
  return files.empty() ? "{}" : files[0].text;
}

std::vector<PartySpec> Parties() {
  return {
      {"clinic",
       "practice",
       Channel::kFhir,
       "practitioners:\n" + Identifier("http://www.deerland.org/practitioners", "24242") +
           "roster:\n" + RosterRow("medical-home", "http://hospital.smarthealthit.org", "1032702")},
      {"wic",
       "community",
       Channel::kNotice,
       "services:\n  - {name: Food, categories: [food-insecurity], types: [food-pantry]}\n"
       "area: {postal_codes: [\"74047\"]}\n"},
      {"elsewhere",
       "community",
       Channel::kStreams,
       "services:\n  - {name: Food, categories: [food-insecurity], types: [food-pantry]}\n"
       "area: {states: [NY]}\n"}};
}

TEST_F(RealInputTest, GravityReferralsReachAnAgencyAndComeBack) {
  // The request that the Tasks are about is not among the examples: its sibling stands in, for the
  // patient of the Tasks.
  constexpr char kMissing[] = "SDOHCC-ServiceRequestActiveFoodPantryApplicationAssistExample";
  const std::string wic = Example("ActiveWICReferral");
  const std::string request =
      Replaced(Replaced(wic, "SDOHCC-ServiceRequestActiveWICReferralExample", kMissing),
               "SDOHCC-PatientBabyAbbas",
               "pat-53234");
  std::vector<std::string> background;
  for (const CorpusFile& file : ReadCorpus("gravity-sdoh-cc")) {
    if (TextAt(file.json, "resourceType") != "Task" && file.text != wic)
      background.push_back(file.text);
  }
  ASSERT_EQ(background.size(), 33U);
  background.push_back(request);
  ASSERT_NO_FATAL_FAILURE(StartNetwork(Parties()));
  PrintHead();
  const std::string asked = TransactionOf(background);
  const Story request_story = Send("clinic", "POST", "", "gravity-sdoh-cc (all but Tasks)", asked);
  EXPECT_EQ(request_story.events, (Counts{{"referral-requested", 1}}));
  EXPECT_EQ(request_story.told, (Counts{{"wic", 1}}));

  // Its patient is not among the examples: kept, understood, and told to no one.
  const Story unknown =
      Send("clinic", "POST", "", "ServiceRequest ActiveWICReferral", TransactionOf({wic}));
  EXPECT_EQ(unknown.events, (Counts{{"referral-requested", 1}}));
  EXPECT_TRUE(unknown.told.empty());

  const std::string accepted = Example("OrderFulfillmentAccepted");
  const Story answer =
      Send("wic", "POST", "", "Task OrderFulfillmentAccepted", TransactionOf({accepted}));
  EXPECT_EQ(answer.events, (Counts{{"referral-status", 1}}));
  EXPECT_EQ(answer.told, (Counts{{"clinic", 1}}));
  const Story done = Send("wic",
                          "POST",
                          "",
                          "Task OrderFulfillmentCompleted",
                          TransactionOf({Example("OrderFulfillmentCompleted")}));
  EXPECT_EQ(done.events, (Counts{{"referral-status", 1}}));
  EXPECT_EQ(done.told, (Counts{{"clinic", 1}}));

  // A move that is not allowed, in the words of the patient.
  const HttpAnswer illegal = network().Call(
      "wic", {"POST", "", TransactionOf({Replaced(accepted, "\"accepted\"", "\"draft\"")}), {}});
  EXPECT_EQ(illegal.status, 422) << illegal.body;
  AddErrors(illegal.body);
  AddErrors(ProvokeErrors(network(), "clinic", asked));
}

}  // namespace
}  // namespace handoff::testing
