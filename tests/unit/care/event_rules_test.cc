#include "gateway/care/event_rules.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/care/world.h"

namespace handoff::care::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

ConfigNode Yaml(const std::string& text) {
  const auto node = ConfigNode::Parse(text, "rules.yaml");
  EXPECT_TRUE(node.ok()) << node.status();
  return *node;
}

TEST(EventRulesTest, ShippedRulesKnowTheirCodes) {
  const EventRules& rules = ShippedRules();
  v1::Coding coding;
  coding.set_system("http://hl7.org/fhir/us/davinci-alerts/CodeSystem/notification-event");
  coding.set_code("notification-discharge");
  EXPECT_EQ(rules.KindOf(coding), v1::EVENT_KIND_DISCHARGE);
  coding.set_system("http://example.org");
  EXPECT_EQ(rules.KindOf(coding), v1::EVENT_KIND_UNSPECIFIED);
  EXPECT_EQ(rules.PhaseOf(v1::ENCOUNTER_STATUS_IN_PROGRESS), StayPhase::kPresent);
  EXPECT_EQ(rules.PhaseOf(v1::ENCOUNTER_STATUS_ENTERED_IN_ERROR), StayPhase::kVoid);
  EXPECT_EQ(rules.PhaseOf(v1::ENCOUNTER_STATUS_UNSPECIFIED), StayPhase::kNone);
  for (const char* stay : {"IMP", "EMER", "OBSENC", "ACUTE", "NONAC", "SS"})
    EXPECT_TRUE(rules.IsStay(stay));
  EXPECT_FALSE(rules.IsStay("AMB"));
  EXPECT_TRUE(rules.IsAdmission("EMER", "IMP"));
  EXPECT_FALSE(rules.IsAdmission("IMP", "ACUTE"));
  EXPECT_FALSE(rules.IsAdmission("EMER", "OBSENC"));
}

TEST(EventRulesTest, ReadsTheNeedFromTheCategoryBeforeTheCode) {
  v1::ServiceRequest request;
  v1::Coding& code = *request.mutable_code()->add_codings();
  code.set_system("http://snomed.info/sct");
  code.set_code("467771000124109");
  EXPECT_EQ(ShippedRules().NeedOf(request), "food-insecurity");
  v1::Coding& category = *request.add_categories()->add_codings();
  category.set_system(
      "http://hl7.org/fhir/us/sdoh-clinicalcare/CodeSystem/SDOHCC-CodeSystemTemporaryCodes");
  category.set_code("transportation-insecurity");
  EXPECT_EQ(ShippedRules().NeedOf(request), "transportation-insecurity");
  EXPECT_EQ(ShippedRules().NeedOf(v1::ServiceRequest()), "");
}

TEST(EventRulesTest, SaysWhereARowIsWrong) {
  ConfigErrors errors;
  EventRules::Load(Yaml(R"(announcements:
  - {system: s, code: c, event: admitted, effective: 2020-01-01, source: x}
statuses:
  - {status: begun, means: present, effective: 2020-01-01, source: x}
  - {status: planned, means: perhaps, effective: 2020, source: x}
stays:
  - {class: IMP, inpatient: true, effective: 2020-01-01}
)"),
                   Yaml("service: []\n"),
                   errors);
  EXPECT_THAT(errors.list(),
              ElementsAre(HasSubstr("rules.yaml:2:33: `admitted`"),
                          HasSubstr("rules.yaml:5:50: `2020` is not a date"),
                          HasSubstr("rules.yaml:4:14: no Encounter.status"),
                          HasSubstr("rules.yaml:5:30: none of"),
                          HasSubstr("rules.yaml:7:5: `source` is missing"),
                          HasSubstr("rules.yaml:1:1: unknown key `service`")));
}

}  // namespace
}  // namespace handoff::care::testing
