// What each recipient sees of one discharge and of one referral, to the byte.
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/policy/shipped_views.h"

namespace handoff::policy::testing {
namespace {

using ::testing::ElementsAre;

// Invented. The Encounter first: it is what the message is about.
constexpr std::string_view kDischarge[] = {
    R"({"resourceType":"Encounter","id":"v","meta":{"versionId":"2","profile":["http://example.org/p"]},)"
    R"("text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">heart failure</div>"},)"
    R"("extension":[{"url":"http://example.org/e","valueString":"secret"}],)"
    R"("identifier":[{"system":"urn:oid:2.999.1","value":"V-771203"}],"status":"finished",)"
    R"("class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"IMP"},)"
    R"("type":[{"text":"cardiology"}],"subject":{"reference":"Patient/p","display":"Agnes Quill"},)"
    R"("participant":[{"individual":{"reference":"Practitioner/d","display":"Dr Ames Fell"}}],)"
    R"("period":{"start":"2026-06-27T14:02:11-04:00","end":"2026-07-02T15:20:00-04:00"},)"
    R"("reasonCode":[{"text":"short of breath"}],)"
    R"("diagnosis":[{"condition":{"reference":"Condition/c","display":"heart failure"}}],)"
    R"("hospitalization":{"dischargeDisposition":{"coding":[{"system":"http://example.org/nubc","code":"06"}],"text":"home health for heart failure"}},)"
    R"("serviceProvider":{"reference":"Organization/o","display":"Maple Ridge"}})",
    R"({"resourceType":"Patient","id":"p","identifier":[)"
    R"({"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}]},"system":"urn:oid:2.999.1","value":"M1"},)"
    R"({"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MB"}]},"system":"urn:oid:2.999.2","value":"N2"},)"
    R"({"system":"http://hl7.org/fhir/sid/us-ssn","value":"000-00-0000"}],)"
    R"("name":[{"family":"Quill","given":["Agnes"]}],"telecom":[{"system":"phone","value":"555-0100"}],"gender":"female",)"
    R"("birthDate":"1944-03-02","address":[{"line":["1 Elm St"],"city":"Oswego"}],)"
    R"("communication":[{"language":{"coding":[{"code":"es"}]}}]})",
    R"({"resourceType":"Practitioner","id":"d","name":[{"family":"Fell","given":["Ames"]}],"birthDate":"1970-01-01"})",
    R"({"resourceType":"Organization","id":"o","name":"Maple Ridge","telecom":[{"system":"phone","value":"555-0199"}]})",
    R"({"resourceType":"Condition","id":"c","code":{"text":"heart failure"},"subject":{"reference":"Patient/p"}})",
    R"({"resourceType":"MedicationRequest","id":"m","meta":{"versionId":"1"},"text":{"status":"generated","div":"<div>x</div>"},"status":"active",)"
    R"("intent":"order","medicationCodeableConcept":{"text":"furosemide","extension":[{"url":"u","valueString":"secret"}]},)"
    R"("subject":{"reference":"Patient/p"},"requester":{"reference":"Practitioner/elsewhere"},)"
    R"("dispenseRequest":{"quantity":{"value":1.00}}})"};

std::vector<std::string> See(std::string_view view_name,
                             const std::vector<std::string_view>& resources) {
  std::vector<std::string> encoded;
  for (const std::string_view json : resources) encoded.push_back(Encode(json));
  const View* view = ShippedViews().Find(view_name);
  EXPECT_NE(view, nullptr);
  if (view == nullptr) return {};
  const auto message = ShippedViews().ProjectMessage(*view, {encoded.begin(), encoded.end()});
  EXPECT_TRUE(message.ok()) << message.status();
  if (!message.ok()) return {};
  std::vector<std::string> seen;
  for (const std::string& resource : message->resources) seen.push_back(Decode(resource));
  if (!message->withheld.empty()) seen.push_back("withheld: " + message->withheld);
  return seen;
}

const std::vector<std::string_view> kDischargeMessage(std::begin(kDischarge), std::end(kDischarge));

TEST(DischargeGoldenTest, PayerSeesWhoWhereWhenAndWhereto) {
  EXPECT_THAT(
      See("payer-alert", kDischargeMessage),
      ElementsAre(
          R"({"resourceType":"Encounter","id":"v","status":"finished",)"
          R"("class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"IMP"},)"
          R"("subject":{"reference":"Patient/p"},)"
          R"("participant":[{"individual":{"reference":"Practitioner/d","display":"Dr Ames Fell"}}],)"
          R"("period":{"start":"2026-06-27T14:02:11-04:00","end":"2026-07-02T15:20:00-04:00"},)"
          R"("hospitalization":{"dischargeDisposition":{"coding":[{"system":"http://example.org/nubc","code":"06"}]}},)"
          R"("serviceProvider":{"reference":"Organization/o","display":"Maple Ridge"}})",
          R"({"resourceType":"Patient","id":"p","identifier":[)"
          R"({"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MB"}]},"system":"urn:oid:2.999.2","value":"N2"}],)"
          R"("name":[{"family":"Quill","given":["Agnes"]}]})",
          R"({"resourceType":"Practitioner","id":"d","name":[{"family":"Fell","given":["Ames"]}]})",
          R"({"resourceType":"Organization","id":"o","name":"Maple Ridge"})"));
}

TEST(DischargeGoldenTest, MedicalHomeSeesAllThatIsClinical) {
  EXPECT_THAT(
      See("treatment-full", kDischargeMessage),
      ElementsAre(
          R"({"resourceType":"Encounter","id":"v",)"
          R"("identifier":[{"system":"urn:oid:2.999.1","value":"V-771203"}],"status":"finished",)"
          R"("class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"IMP"},)"
          R"("type":[{"text":"cardiology"}],"subject":{"reference":"Patient/p","display":"Agnes Quill"},)"
          R"("participant":[{"individual":{"reference":"Practitioner/d","display":"Dr Ames Fell"}}],)"
          R"("period":{"start":"2026-06-27T14:02:11-04:00","end":"2026-07-02T15:20:00-04:00"},)"
          R"("reasonCode":[{"text":"short of breath"}],)"
          R"("diagnosis":[{"condition":{"reference":"Condition/c"}}],)"
          R"("hospitalization":{"dischargeDisposition":{"coding":[{"system":"http://example.org/nubc","code":"06"}],"text":"home health for heart failure"}},)"
          R"("serviceProvider":{"reference":"Organization/o","display":"Maple Ridge"}})",
          R"({"resourceType":"Patient","id":"p","identifier":[)"
          R"({"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}]},"system":"urn:oid:2.999.1","value":"M1"},)"
          R"({"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MB"}]},"system":"urn:oid:2.999.2","value":"N2"}],)"
          R"("name":[{"family":"Quill","given":["Agnes"]}],"telecom":[{"system":"phone","value":"555-0100"}],"gender":"female",)"
          R"("birthDate":"1944-03-02","address":[{"line":["1 Elm St"],"city":"Oswego"}],)"
          R"("communication":[{"language":{"coding":[{"code":"es"}]}}]})",
          R"({"resourceType":"Practitioner","id":"d","name":[{"family":"Fell","given":["Ames"]}]})",
          R"({"resourceType":"Organization","id":"o","name":"Maple Ridge","telecom":[{"system":"phone","value":"555-0199"}]})",
          R"({"resourceType":"Condition","id":"c","code":{"text":"heart failure"},"subject":{"reference":"Patient/p"}})",
          R"({"resourceType":"MedicationRequest","id":"m","status":"active",)"
          R"("intent":"order","medicationCodeableConcept":{"text":"furosemide"},)"
          R"("subject":{"reference":"Patient/p"},)"
          R"("dispenseRequest":{"quantity":{"value":1.00}}})"));
}

TEST(DischargeGoldenTest, AgencySeesNothingOfAStay) {
  EXPECT_THAT(See("community-minimum", kDischargeMessage),
              ElementsAre("withheld: view community-minimum shows no Encounter"));
}

TEST(DischargeGoldenTest, SourceSeesItsOwnRecordAsItStands) {
  std::vector<std::string> whole;
  for (const std::string_view json : kDischargeMessage) whole.push_back(Decode(Encode(json)));
  EXPECT_EQ(See("own-record", kDischargeMessage), whole);
  EXPECT_THAT(whole[0], ::testing::HasSubstr("secret"));
}

const std::vector<std::string_view> kReferralMessage = {
    R"({"resourceType":"Task","id":"t","identifier":[{"value":"T1"}],"status":"requested","intent":"order",)"
    R"("code":{"coding":[{"system":"http://hl7.org/fhir/CodeSystem/task-code","code":"fulfill"}],"text":"diabetic"},)"
    R"("description":"diabetic, insulin","focus":{"reference":"ServiceRequest/s"},"for":{"reference":"Patient/p","display":"Agnes Quill"},)"
    R"("requester":{"reference":"Organization/bh","display":"Recovery Clinic"},"owner":{"reference":"Organization/llp"},)"
    R"("reasonCode":{"text":"diabetes"},"insurance":[{"reference":"Coverage/i"}],"note":[{"text":"HIV"}],)"
    R"("restriction":{"period":{"start":"2026-08-03","end":"2026-08-10"}},)"
    R"("input":[{"type":{"text":"x"},"valueString":"insulin"}]})",
    R"({"resourceType":"ServiceRequest","id":"s","status":"active","intent":"order",)"
    R"("category":[{"coding":[{"code":"food-insecurity"}],"text":"diabetic"}],)"
    R"("code":{"coding":[{"system":"http://snomed.info/sct","code":"467771000124109"}],"text":"for diabetes"},)"
    R"("subject":{"reference":"Patient/p"},"occurrencePeriod":{"start":"2026-08-03","end":"2026-08-10"},)"
    R"("requester":{"reference":"Organization/bh"},"performer":[{"reference":"Organization/llp"}],)"
    R"("reasonCode":[{"text":"diabetes"}],"reasonReference":[{"reference":"Condition/c"}],)"
    R"("insurance":[{"reference":"Coverage/i"}],"supportingInfo":[{"reference":"Observation/hba1c"}],)"
    R"("note":[{"text":"diabetes"}],"patientInstruction":"with insulin"})",
    kDischarge[1],
    kDischarge[4],
    R"({"resourceType":"Coverage","id":"i","status":"active","subscriberId":"N2","beneficiary":{"reference":"Patient/p"},"payor":[{"reference":"Organization/nha"}]})",
    R"({"resourceType":"Goal","id":"g","lifecycleStatus":"active","description":{"coding":[{"system":"http://snomed.info/sct","code":"1078229009"}],"text":"eats despite depression"},)"
    R"("subject":{"reference":"Patient/p"},"addresses":[{"reference":"Condition/c"}]})",
    kDischarge[5]};

TEST(ReferralGoldenTest, AgencySeesWhomToReachAndWhatToDo) {
  EXPECT_THAT(
      See("community-minimum", kReferralMessage),
      ElementsAre(
          R"({"resourceType":"Task","id":"t","status":"requested","intent":"order",)"
          R"("code":{"coding":[{"system":"http://hl7.org/fhir/CodeSystem/task-code","code":"fulfill"}]},)"
          R"("focus":{"reference":"ServiceRequest/s"},"for":{"reference":"Patient/p"},)"
          R"("restriction":{"period":{"start":"2026-08-03","end":"2026-08-10"}}})",
          R"({"resourceType":"ServiceRequest","id":"s","status":"active","intent":"order",)"
          R"("category":[{"coding":[{"code":"food-insecurity"}]}],)"
          R"("code":{"coding":[{"system":"http://snomed.info/sct","code":"467771000124109"}]},)"
          R"("subject":{"reference":"Patient/p"},"occurrencePeriod":{"start":"2026-08-03","end":"2026-08-10"}})",
          R"({"resourceType":"Patient","id":"p","name":[{"family":"Quill","given":["Agnes"]}],)"
          R"("telecom":[{"system":"phone","value":"555-0100"}],"address":[{"line":["1 Elm St"],"city":"Oswego"}],)"
          R"("communication":[{"language":{"coding":[{"code":"es"}]}}]})",
          R"({"resourceType":"Goal","id":"g","lifecycleStatus":"active",)"
          R"("description":{"coding":[{"system":"http://snomed.info/sct","code":"1078229009"}]},)"
          R"("subject":{"reference":"Patient/p"}})"));
}

TEST(PlanGoldenTest, PayerSeesTheStateWithoutTheStory) {
  EXPECT_THAT(
      See("payer-status",
          {R"({"resourceType":"CarePlan","id":"cp","status":"active","intent":"plan",)"
           R"("category":[{"coding":[{"code":"assess-plan"}],"text":"depression"}],"title":"depression","description":"depression",)"
           R"("subject":{"reference":"Patient/p"},"period":{"start":"2026-07-01"},"created":"2026-07-01",)"
           R"("addresses":[{"reference":"Condition/c"}],"goal":[{"reference":"Goal/g"},{"reference":"Goal/labelled"}],)"
           R"("activity":[{"detail":{"kind":"Task","code":{"text":"therapy"},"status":"in-progress","description":"therapy"}}],)"
           R"("note":[{"text":"depression"}]})",
           R"({"resourceType":"Goal","id":"g","lifecycleStatus":"active","achievementStatus":{"coding":[{"code":"improving"}],"text":"mood"},)"
           R"("description":{"text":"mood"},"subject":{"reference":"Patient/p"},"statusDate":"2026-07-01"})",
           R"({"resourceType":"Goal","id":"labelled","meta":{"security":[{"code":"PSY"}]},"lifecycleStatus":"active",)"
           R"("description":{"text":"mood"},"subject":{"reference":"Patient/p"}})",
           R"({"resourceType":"Patient","id":"p","name":[{"family":"Quill"}],"birthDate":"1941-07-09"})"}),
      ElementsAre(
          R"({"resourceType":"CarePlan","id":"cp","status":"active","intent":"plan",)"
          R"("category":[{"coding":[{"code":"assess-plan"}]}],"subject":{"reference":"Patient/p"},)"
          R"("period":{"start":"2026-07-01"},"created":"2026-07-01","goal":[{"reference":"Goal/g"}],"activity":[{"detail":{"kind":"Task","status":"in-progress"}}]})",
          R"({"resourceType":"Goal","id":"g","lifecycleStatus":"active","achievementStatus":{"coding":[{"code":"improving"}]},)"
          R"("subject":{"reference":"Patient/p"},"statusDate":"2026-07-01"})",
          R"({"resourceType":"Patient","id":"p","name":[{"family":"Quill"}]})"));
}

}  // namespace
}  // namespace handoff::policy::testing
