// The invariants of single resource types: a document that keeps each, and one that breaks it.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/validation/validate_test_util.h"

namespace handoff::fhir {
namespace {

using ::testing::ElementsAreArray;

struct Case {
  std::string type;
  std::string members;  // without resourceType
  std::vector<std::string> findings;
};

class ResourceInvariantsTest : public ::testing::TestWithParam<Case> {};

TEST_P(ResourceInvariantsTest, Finds) {
  const Case& c = GetParam();
  EXPECT_THAT(Findings(R"({"resourceType":")" + c.type + "\"," + c.members + "}"),
              ElementsAreArray(c.findings))
      << c.type << " " << c.members;
}

std::string Error(const std::string& path_and_key) { return "error invariant " + path_and_key; }

const std::string kAllergy = R"("patient":{"reference":"Patient/p"})";
std::string Allergy(const std::string& kind, const std::string& code) {
  return R"(,")" + kind +
         R"(Status":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/)" +
         std::string("allergyintolerance-") + kind + R"(","code":")" + code + R"("}]})";
}

INSTANTIATE_TEST_SUITE_P(
    AllergyIntolerance,
    ResourceInvariantsTest,
    ::testing::Values(
        Case{"AllergyIntolerance", kAllergy + Allergy("clinical", "active"), {}},
        Case{"AllergyIntolerance", kAllergy + Allergy("verification", "entered-in-error"), {}},
        Case{"AllergyIntolerance", kAllergy, {Error("AllergyIntolerance ait-1")}},
        Case{"AllergyIntolerance",
             kAllergy + Allergy("clinical", "active") + Allergy("verification", "entered-in-error"),
             {Error("AllergyIntolerance ait-2")}}));

const std::string kActor =
    R"(,"participant":[{"status":"accepted","actor":{"reference":"Patient/p"}}])";
const std::string kTimes = R"(,"start":"2030-01-01T10:00:00Z","end":"2030-01-01T11:00:00Z")";

INSTANTIATE_TEST_SUITE_P(
    Appointment,
    ResourceInvariantsTest,
    ::testing::Values(
        Case{"Appointment", R"("status":"booked")" + kTimes + kActor, {}},
        Case{"Appointment", R"("status":"proposed")" + kActor, {}},
        Case{"Appointment", R"("status":"booked")" + kActor, {Error("Appointment app-3")}},
        Case{"Appointment",
             R"("status":"cancelled","start":"2030-01-01T10:00:00Z")" + kActor,
             {Error("Appointment app-2")}},
        Case{"Appointment",
             R"("status":"booked","cancelationReason":{"text":"x"})" + kTimes + kActor,
             {Error("Appointment app-4")}},
        Case{"Appointment",
             R"("status":"noshow","cancelationReason":{"text":"x"},)"
             R"("participant":[{"status":"accepted"}])" +
                 kTimes,
             {Error("Appointment.participant[0] app-1")}}));

const std::string kAudit =
    R"("type":{"code":"rest"},"recorded":"2020-01-01T00:00:00Z","agent":[{"requestor":true}],)"
    R"("source":{"observer":{"display":"x"}},"entity":[{"name":"n")";
const std::string kComposition =
    R"("status":"final","type":{"text":"t"},"date":"2020","author":[{"display":"x"}],"title":"t",)"
    R"("section":[)";

INSTANTIATE_TEST_SUITE_P(
    Documents,
    ResourceInvariantsTest,
    ::testing::Values(
        Case{"AuditEvent", kAudit + "}]", {}},
        Case{"AuditEvent", kAudit + R"(,"query":"AAAA"}])", {Error("AuditEvent.entity[0] sev-1")}},
        Case{"Composition",
             kComposition + R"({"emptyReason":{"text":"x"},"section":[)"
                            R"({"entry":[{"reference":"Task/t"}]}]}])",
             {}},
        Case{"Composition",
             kComposition + R"({"section":[{"title":"x"}]}])",
             {Error("Composition.section[0].section[0] cmp-1")}},
        Case{"Composition",
             kComposition + R"({"emptyReason":{"text":"x"},"entry":[{"reference":"Task/t"}]}])",
             {Error("Composition.section[0] cmp-2")}},
        Case{"Group",
             R"("type":"person","actual":false,"member":[{"entity":{"reference":"Patient/p"}}])",
             {Error("Group grp-1")}},
        Case{"List",
             R"("status":"current","mode":"snapshot","entry":[{"item":{"display":"x"}}])",
             {}},
        Case{"List",
             R"("status":"current","mode":"snapshot","emptyReason":{"text":"x"},)"
             R"("entry":[{"item":{"display":"x"},"deleted":true,"date":"2020"}])",
             {Error("List lst-1"), Error("List lst-2"), Error("List lst-3")}}));

const std::string kReport =
    R"("status":"complete","measure":"https://x.example/m","period":{"start":"2020"})";

INSTANTIATE_TEST_SUITE_P(
    Measures,
    ResourceInvariantsTest,
    ::testing::Values(
        Case{"MeasureReport", kReport + R"(,"type":"summary","group":[{"code":{"text":"x"}}])", {}},
        Case{"MeasureReport",
             kReport + R"(,"type":"data-collection","group":[{"code":{"text":"x"}}])",
             {Error("MeasureReport mrp-1")}},
        Case{"MeasureReport",
             kReport + R"(,"type":"summary","group":[{"stratifier":[{"stratum":[)"
                       R"({"measureScore":{"value":1}}]}]}])",
             {Error("MeasureReport mrp-2")}}));

INSTANTIATE_TEST_SUITE_P(
    Orders,
    ResourceInvariantsTest,
    ::testing::Values(
        Case{"MedicationDispense",
             R"("status":"completed","medicationCodeableConcept":{"text":"x"},)"
             R"("whenPrepared":"2020-01-02","whenHandedOver":"2020-01-01")",
             {Error("MedicationDispense mdd-1")}},
        Case{"MedicationDispense",
             R"("status":"completed","medicationCodeableConcept":{"text":"x"},)"
             R"("whenPrepared":"2020-01-02","whenHandedOver":"2020-01-02T08:00:00Z")",
             {}},
        Case{"NutritionOrder",
             R"("status":"active","intent":"order","patient":{"reference":"Patient/p"},)"
             R"("dateTime":"2020")",
             {"warning invariant NutritionOrder nor-1"}},
        Case{"RequestGroup",
             R"("status":"active","intent":"plan","action":[{"resource":{"reference":"Task/t"}},)"
             R"({"action":[{"title":"x"}]}])",
             {Error("RequestGroup.action[1].action[0] rqg-1")}},
        Case{"Task",
             R"("status":"draft","intent":"order","authoredOn":"2020-02-01",)"
             R"("lastModified":"2020-01-31")",
             {Error("Task inv-1")}},
        Case{"ServiceRequest",
             R"("status":"active","intent":"order","subject":{"reference":"Patient/p"},)"
             R"("orderDetail":[{"text":"x"}])",
             {Error("ServiceRequest prr-1")}}));

const std::string kRisk = R"("status":"final","subject":{"reference":"Patient/p"},"prediction":[{)";

INSTANTIATE_TEST_SUITE_P(
    RiskAssessment,
    ResourceInvariantsTest,
    ::testing::Values(Case{"RiskAssessment", kRisk + R"("probabilityDecimal":99.5}])", {}},
                      Case{"RiskAssessment", kRisk + R"("outcome":{"text":"x"}}])", {}},
                      Case{"RiskAssessment",
                           kRisk + R"("probabilityDecimal":100.5}])",
                           {Error("RiskAssessment.prediction[0] ras-2")}},
                      Case{"RiskAssessment",
                           kRisk + R"("probabilityRange":{"low":{"value":1,"code":"%",)"
                                   R"("system":"http://unitsofmeasure.org"}}}])",
                           {}},
                      Case{"RiskAssessment",
                           kRisk + R"("probabilityRange":{"low":{"value":1,"unit":"%"}}}])",
                           {Error("RiskAssessment.prediction[0].probability ras-1")}}));

INSTANTIATE_TEST_SUITE_P(
    Parameters,
    ResourceInvariantsTest,
    ::testing::Values(Case{"Parameters",
                           R"("parameter":[{"name":"a","valueString":"x"},{"name":"b","resource":)"
                           R"({"resourceType":"Patient","contact":[{"gender":"male"}]}},)"
                           R"({"name":"c","part":[{"name":"d","valueBoolean":false}]}])",
                           {Error("Parameters.parameter[1].resource.contact[0] pat-1")}},
                      Case{"Parameters",
                           R"("parameter":[{"name":"a"},{"name":"b","part":[{"name":"c"}]}])",
                           {Error("Parameters.parameter[0] inv-1"),
                            Error("Parameters.parameter[1].part[0] inv-1")}}));

std::string Form(const std::string& items) { return R"("status":"draft","item":[)" + items + "]"; }

INSTANTIATE_TEST_SUITE_P(
    Questionnaire,
    ResourceInvariantsTest,
    ::testing::Values(
        Case{
            "Questionnaire",
            Form(
                R"({"linkId":"1","type":"group","item":[{"linkId":"2","type":"string",)"
                R"("maxLength":3,"initial":[{"valueString":"x"}]}]},{"linkId":"3","type":"display"})"),
            {}},
        Case{"Questionnaire",
             R"("name":"no name",)" + Form(R"({"linkId":"1","type":"string"})"),
             {"warning invariant Questionnaire que-0"}},
        Case{"Questionnaire",
             Form(R"({"linkId":"1","type":"group","item":[{"linkId":"1","type":"string"}]})"),
             {Error("Questionnaire que-2")}},
        Case{"Questionnaire",
             Form(R"({"linkId":"1","type":"group"})"),
             {Error("Questionnaire.item[0] que-1")}},
        Case{"Questionnaire",
             Form(R"({"linkId":"1","type":"display","code":[{"code":"x"}],"required":true,)"
                  R"("readOnly":true,"initial":[{"valueString":"x"}],"maxLength":1})"),
             {Error("Questionnaire.item[0] que-3"),
              Error("Questionnaire.item[0] que-6"),
              Error("Questionnaire.item[0] que-8"),
              Error("Questionnaire.item[0] que-9"),
              Error("Questionnaire.item[0] que-10")}},
        Case{"Questionnaire",
             Form(R"({"linkId":"1","type":"boolean","answerOption":[{"valueString":"x"}],)"
                  R"("answerValueSet":"https://x.example/v","initial":[{"valueBoolean":true}]})"),
             {Error("Questionnaire.item[0] que-4"),
              Error("Questionnaire.item[0] que-5"),
              Error("Questionnaire.item[0] que-11")}},
        Case{
            "Questionnaire",
            Form(
                R"({"linkId":"1","type":"string","initial":[{"valueString":"x"},)"
                R"({"valueString":"y"}],"enableWhen":[{"question":"2","operator":"exists",)"
                R"("answerBoolean":true},{"question":"2","operator":"exists","answerString":"x"}]})"),
            {Error("Questionnaire.item[0] que-12"),
             Error("Questionnaire.item[0] que-13"),
             Error("Questionnaire.item[0].enableWhen[1] que-7")}},
        Case{"QuestionnaireResponse",
             R"("status":"completed","item":[{"linkId":"1","answer":[{"valueString":"x"}],)"
             R"("item":[{"linkId":"2"}]}])",
             {Error("QuestionnaireResponse.item[0] qrs-1")}}));

}  // namespace
}  // namespace handoff::fhir
