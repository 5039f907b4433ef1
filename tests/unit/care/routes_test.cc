#include "gateway/care/routes.h"

#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/care/transition.h"

namespace handoff::care {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::int64_t kNow = 1'783'005'600'000'000;
constexpr std::int64_t kDay = 86'400'000'000;

class FakeParties final : public PartyFacts {
 public:
  std::map<std::string, std::string> kinds = {{"mrmc", "hospital"},
                                              {"lfm", "practice"},
                                              {"nha", "payer"},
                                              {"llp", "community"},
                                              {"htf", "community"}};
  std::vector<PartyKey> agencies;
  std::string deaf;  // has no channel

  std::string KindOf(const PartyKey& party) const override {
    const auto found = kinds.find(party.value());
    return found == kinds.end() ? std::string() : found->second;
  }
  bool CanReceive(const PartyKey& party) const override { return party.value() != deaf; }
  std::vector<PartyKey> AgenciesFor(const v1::Referral&) const override { return agencies; }
};

Routes LoadText(const std::string& text, ConfigErrors& errors) {
  const auto node = ConfigNode::Parse(text, "routes.yaml");
  EXPECT_TRUE(node.ok()) << node.status();
  return Routes::Load(*node, errors);
}

const Routes& Shipped() {
  static const Routes routes = [] {
    ConfigErrors errors;
    const auto node = ConfigNode::Load("config/routes.yaml");
    EXPECT_TRUE(node.ok()) << node.status();
    Routes loaded = Routes::Load(*node, errors);
    EXPECT_TRUE(errors.empty()) << errors.list()[0];
    return loaded;
  }();
  return routes;
}

v1::Attribution Holds(const char* party,
                      const char* role,
                      std::int64_t since = 0,
                      std::int64_t until = 0) {
  v1::Attribution attribution;
  attribution.set_party(party);
  attribution.set_role(role);
  attribution.set_source("Patient.generalPractitioner@mrmc#5f3a");
  attribution.set_since_us(since);
  attribution.set_until_us(until);
  return attribution;
}

class RoutesTest : public ::testing::Test {
 protected:
  RoutesTest() {
    event_.set_source("mrmc");
    event_.set_occurred_us(kNow);
    attributions_ = {Holds("lfm", "medical-home"), Holds("nha", "payer")};
    referral_.set_requester("lfm");
    referral_.set_performer("llp");
  }

  std::vector<RouteDecision> Decide(v1::EventKind kind, const Routes& routes = Shipped()) {
    event_.set_kind(kind);
    return routes.Plan({event_, attributions_, &referral_, FromMicros(kNow), told_}, parties_);
  }

  // "lfm:treatment-full nha:payer-alert": who is told, with which view.
  std::string Told(v1::EventKind kind, const Routes& routes = Shipped()) {
    std::string told;
    for (const RouteDecision& decision : Decide(kind, routes)) {
      if (!decision.told()) continue;
      if (!told.empty()) told += ' ';
      told += decision.party.value() + ":" + decision.view;
    }
    return told;
  }

  v1::Event event_;
  std::vector<v1::Attribution> attributions_;
  v1::Referral referral_;
  const google::protobuf::RepeatedPtrField<v1::Transition::Told>* told_ = nullptr;
  FakeParties parties_;
};

TEST_F(RoutesTest, ShippedRoutesFollowTheMatrix) {
  for (const v1::EventKind kind :
       {v1::EVENT_KIND_ADMIT, v1::EVENT_KIND_TRANSFER, v1::EVENT_KIND_DISCHARGE}) {
    EXPECT_EQ(Told(kind), "lfm:treatment-full nha:payer-alert");
  }
  EXPECT_EQ(Told(v1::EVENT_KIND_PLAN_VERSION), "lfm:treatment-full nha:payer-status");
  EXPECT_EQ(Told(v1::EVENT_KIND_GOAL_STATUS), "lfm:treatment-full nha:payer-status");
  EXPECT_EQ(Told(v1::EVENT_KIND_REFERRAL_REQUESTED), "llp:community-minimum");
  event_.set_source("llp");
  event_.set_status("accepted");
  EXPECT_EQ(Told(v1::EVENT_KIND_REFERRAL_STATUS), "lfm:treatment-full");
}

TEST_F(RoutesTest, TellsOfCorrectionsAndNotOfMovesInside) {
  event_.set_status("moved");
  EXPECT_EQ(Told(v1::EVENT_KIND_ENCOUNTER_UPDATE), "");
  for (const char* status : {"corrected", "discharge-cancelled", "cancelled"}) {
    event_.set_status(status);
    EXPECT_EQ(Told(v1::EVENT_KIND_ENCOUNTER_UPDATE), "lfm:treatment-full nha:payer-alert");
  }
}

// Whatever became of the roles since.
TEST_F(RoutesTest, TellsOfACorrectionWhoWasToldOfWhatItCorrects) {
  v1::Transition stay;
  AddTold(&stay, PartyKey("nha"), "payer", v1::EVENT_KIND_ADMIT);
  AddTold(&stay, PartyKey("llp"), "medical-home", v1::EVENT_KIND_ADMIT);
  AddTold(&stay, PartyKey("llp"), "medical-home", v1::EVENT_KIND_DISCHARGE);
  AddTold(&stay, PartyKey("llp"), "medical-home", v1::EVENT_KIND_DISCHARGE);
  AddTold(&stay, PartyKey("lfm"), "medical-home", v1::EVENT_KIND_ENCOUNTER_UPDATE);
  EXPECT_EQ(stay.told_size(), 3);
  told_ = &stay.told();
  event_.set_status("discharge-cancelled");
  EXPECT_EQ(Told(v1::EVENT_KIND_ENCOUNTER_UPDATE), "llp:treatment-full");
  EXPECT_EQ(Decide(v1::EVENT_KIND_ENCOUNTER_UPDATE)[0].because,
            "told of the discharge as medical-home");
  event_.set_status("cancelled");
  EXPECT_EQ(Told(v1::EVENT_KIND_ENCOUNTER_UPDATE), "llp:treatment-full nha:payer-alert");
  event_.set_status("");
  EXPECT_EQ(Told(v1::EVENT_KIND_DISCHARGE), "lfm:treatment-full nha:payer-alert");
}

TEST_F(RoutesTest, SaysWhyWithoutPatientData) {
  const std::vector<RouteDecision> decisions = Decide(v1::EVENT_KIND_ADMIT);
  ASSERT_THAT(decisions, Not(IsEmpty()));
  EXPECT_EQ(decisions[0].route, "stay-medical-home");
  EXPECT_EQ(decisions[0].role, "medical-home");
  EXPECT_EQ(decisions[0].because, "medical-home of the person, says Patient.generalPractitioner");
}

TEST_F(RoutesTest, TellsAPartyOnceInItsFirstRole) {
  attributions_.push_back(Holds("lfm", "payer"));
  const std::vector<RouteDecision> decisions = Decide(v1::EVENT_KIND_ADMIT);
  ASSERT_EQ(decisions.size(), 2u);
  EXPECT_EQ(decisions[0].view, "treatment-full");
  EXPECT_THAT(decisions[0].also, ElementsAre("stay-payer"));
}

TEST_F(RoutesTest, TellsNobodyWhatItSentItself) {
  event_.set_source("lfm");
  const std::vector<RouteDecision> decisions = Decide(v1::EVENT_KIND_PLAN_VERSION);
  ASSERT_EQ(decisions.size(), 2u);
  EXPECT_EQ(decisions[0].withheld, "it sent the message itself");
  EXPECT_TRUE(decisions[1].told());
}

TEST_F(RoutesTest, TellsNothingToAPartyOfUnknownKind) {
  parties_.kinds.erase("nha");
  EXPECT_EQ(Told(v1::EVENT_KIND_ADMIT), "lfm:treatment-full");
  EXPECT_EQ(Decide(v1::EVENT_KIND_ADMIT)[1].withheld, "it is of no known kind");
}

TEST_F(RoutesTest, WithholdsFromAPartyWithoutChannel) {
  parties_.deaf = "lfm";
  EXPECT_THAT(Decide(v1::EVENT_KIND_ADMIT)[0].withheld, HasSubstr("no channel"));
}

TEST_F(RoutesTest, CountsOnlyAttributionsThatAreOpen) {
  attributions_ = {Holds("lfm", "medical-home", 0, kNow), Holds("nha", "payer", kNow + 1)};
  EXPECT_THAT(Decide(v1::EVENT_KIND_ADMIT), IsEmpty());
  attributions_ = {Holds("lfm", "medical-home", kNow, kNow + 1)};
  EXPECT_EQ(Told(v1::EVENT_KIND_ADMIT), "lfm:treatment-full");
}

TEST_F(RoutesTest, KeepsOldNewsToItself) {
  event_.set_occurred_us(kNow - 30 * kDay);
  EXPECT_EQ(Told(v1::EVENT_KIND_ADMIT), "lfm:treatment-full nha:payer-alert");
  event_.set_occurred_us(kNow - 30 * kDay - 1);
  EXPECT_EQ(Told(v1::EVENT_KIND_ADMIT), "");
  EXPECT_EQ(Decide(v1::EVENT_KIND_ADMIT)[0].withheld, "the event is older than 30 days");
  EXPECT_EQ(Told(v1::EVENT_KIND_PLAN_VERSION), "lfm:treatment-full nha:payer-status");
  event_.set_occurred_us(kNow - 367 * kDay);
  EXPECT_EQ(Told(v1::EVENT_KIND_PLAN_VERSION), "");
}

constexpr char kOff[] = R"(max_event_age: off
routes:
  - {name: a, on: [admit], to: "role:payer", view: v, effective: 2020-01-01, source: s}
)";

TEST_F(RoutesTest, TellsNewsOfAnyAgeIfToldTo) {
  ConfigErrors errors;
  const Routes routes = LoadText(kOff, errors);
  EXPECT_TRUE(errors.empty());
  event_.set_occurred_us(kNow - 4000 * kDay);
  EXPECT_EQ(Told(v1::EVENT_KIND_ADMIT, routes), "nha:v");
}

TEST_F(RoutesTest, AsksTheFirstAgencyThatFits) {
  referral_.clear_performer();
  parties_.agencies = {PartyKey("gone"), PartyKey("nha"), PartyKey("htf"), PartyKey("llp")};
  const std::vector<RouteDecision> decisions = Decide(v1::EVENT_KIND_REFERRAL_REQUESTED);
  ASSERT_EQ(decisions.size(), 1u);
  EXPECT_EQ(decisions[0].party, PartyKey("htf"));
  EXPECT_EQ(decisions[0].view, "community-minimum");
  EXPECT_TRUE(decisions[0].told());
  EXPECT_TRUE(decisions[0].assigns_performer);
}

TEST_F(RoutesTest, SaysThatNoAgencyFits) {
  referral_.clear_performer();
  const std::vector<RouteDecision> decisions = Decide(v1::EVENT_KIND_REFERRAL_REQUESTED);
  ASSERT_EQ(decisions.size(), 1u);
  EXPECT_TRUE(decisions[0].party.empty());
  EXPECT_FALSE(decisions[0].assigns_performer);
  EXPECT_EQ(decisions[0].withheld, "no agency has the service in the person's area");
}

TEST_F(RoutesTest, GivesAClinicalPerformerTheClinicalRequest) {
  referral_.set_performer("lfm");
  EXPECT_EQ(Told(v1::EVENT_KIND_REFERRAL_REQUESTED), "lfm:treatment-full");
}

TEST_F(RoutesTest, TellsThePerformerOfACancellation) {
  event_.set_source("lfm");
  event_.set_status("cancelled");
  EXPECT_EQ(Told(v1::EVENT_KIND_REFERRAL_STATUS), "llp:community-minimum");
  event_.set_status("completed");
  EXPECT_EQ(Told(v1::EVENT_KIND_REFERRAL_STATUS), "");
}

TEST_F(RoutesTest, TellsWhoWasAskedBeforeAndNobodyElseThatItIsNoMore) {
  event_.set_source("lfm");
  event_.set_former_performer("htf");
  EXPECT_EQ(Told(v1::EVENT_KIND_RETRACTION), "htf:community-minimum");
  event_.clear_former_performer();
  EXPECT_EQ(Told(v1::EVENT_KIND_RETRACTION), "");
}

TEST_F(RoutesTest, SaysWhereARouteIsWrong) {
  ConfigErrors errors;
  LoadText(R"(max_age: 3d
max_event_age: soon
routes:
  - name: a
    on: [arrival]
    to: role:neighbour
    view: v
    effective: yesterday
    source: s
  - {name: a, to: everyone, effective: 2020-01-01, source: s}
)",
           errors);
  EXPECT_THAT(errors.list(), Contains(HasSubstr("routes.yaml:1:1: unknown key `max_age`")));
  EXPECT_THAT(errors.list(), Contains(HasSubstr("routes.yaml:2:16")));
  EXPECT_THAT(errors.list(),
              Contains(HasSubstr("routes.yaml:5:10: `arrival` is no kind of event")));
  EXPECT_THAT(errors.list(), Contains(HasSubstr("routes.yaml:6:9: `neighbour` is no role")));
  EXPECT_THAT(errors.list(), Contains(HasSubstr("routes.yaml:8:16: `yesterday` is not a date")));
  EXPECT_THAT(errors.list(), Contains(HasSubstr("`everyone` is none of role:<role>")));
  EXPECT_THAT(errors.list(), Contains(HasSubstr("a second route `a`")));
  EXPECT_THAT(errors.list(), Contains(HasSubstr("`on` is missing")));
}

}  // namespace
}  // namespace handoff::care
