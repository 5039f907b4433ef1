// Labels, access, documents, and what is wrong in a file.
#include "gateway/policy/views.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/policy/unmapped.h"
#include "handoff/v1/exchange.pb.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/policy/shipped_views.h"

namespace handoff::policy::testing {
namespace {

using ::handoff::testing::StatusIs;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string Condition(const std::string& label, const std::string& more = {}) {
  return Encode(R"({"resourceType":"Condition","id":"c","meta":{"security":[{"code":")" + label +
                R"("}]},"subject":{"reference":"Patient/p"})" + more + "}");
}

const std::string& Encounter() {
  static const std::string encoded = Encode(
      R"({"resourceType":"Encounter","id":"v","status":"finished","class":{"code":"IMP"},)"
      R"("subject":{"reference":"Patient/p"},"diagnosis":[{"condition":{"reference":"Condition/c"}}]})");
  return encoded;
}

std::string CodesOf(const std::string& encoded) {
  const absl::StatusOr<Labels> labels = ShippedViews().LabelsOf(encoded);
  if (!labels.ok()) return labels.status().ToString();
  std::string codes;
  for (const Label* label : *labels) codes += label->code + " ";
  return codes;
}

TEST(ViewsTest, FindsTheLabelsOfADocument) {
  EXPECT_EQ(CodesOf(Encode(R"({"resourceType":"DocumentReference","id":"d","status":"current",
      "securityLabel":[{"coding":[{"code":"N"}]},{"coding":[{"code":"HIV"}]}],
      "content":[{"attachment":{"title":"x"}}]})")),
            "HIV ");
  EXPECT_EQ(CodesOf(Encode(R"({"resourceType":"Composition","id":"d","status":"final","title":"x",
      "type":{"text":"x"},"date":"2026-07-02","author":[{"display":"x"}],"confidentiality":"R"})")),
            "R ");
}

// Nobody knows what it says, so it says everything.
TEST(ViewsTest, TakesALabelThatCannotBeReadForOneThatCovers) {
  EXPECT_EQ(CodesOf(Encode(R"({"resourceType":"Condition","id":"c",
      "meta":{"security":[{"display":"Part 2"}]},"subject":{"reference":"Patient/p"}})")),
            "inline ");
  fhir::ReadOptions tolerant;
  tolerant.tolerances.forms = fhir::Tolerance::kWarn;
  for (const char* label : {R"({"code":"42CFRPart2 "})", R"({"code":7})"}) {
    fhir::Issues issues;
    std::string encoded;
    ASSERT_TRUE(fhir::ReadJson(std::string(R"({"resourceType":"Condition","id":"c",
        "meta":{"security":[)") + label +
                                   R"(]},"subject":{"reference":"Patient/p"}})",
                               tolerant,
                               &encoded,
                               &issues))
        << label;
    EXPECT_EQ(CodesOf(encoded), "inline ") << label;
  }
}

MessageProjection Send(const char* view, const std::vector<std::string_view>& resources) {
  auto message = ShippedViews().ProjectMessage(*ShippedViews().Find(view), resources);
  EXPECT_TRUE(message.ok()) << message.status();
  return message.ok() ? *std::move(message) : MessageProjection();
}

TEST(ViewsTest, FindsTheLabelsOfAResource) {
  EXPECT_EQ(CodesOf(Encounter()), "");
  EXPECT_EQ(CodesOf(Condition("HIV")), "HIV ");
  EXPECT_EQ(CodesOf(Condition("N")), "");
  EXPECT_EQ(
      CodesOf(Condition(
          "N",
          R"(,"contained":[{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},)"
          R"("meta":{"security":[{"code":"PSY"}]}}])")),
      "PSY ");
  EXPECT_EQ(
      CodesOf(Encode(
          R"({"resourceType":"ClinicalImpression","id":"x","meta":{"security":[{"code":"SDV"}]}})")),
      "SDV ");
  EXPECT_EQ(
      CodesOf(Encode(
          R"({"resourceType":"ClinicalImpression","id":"x","contained":[{"resourceType":"Basic",)"
          R"("meta":{"security":[{"code":"ETH"}]}}]})")),
      "ETH ");
}

// What carries labels behind the damage cannot be told from what carries none.
TEST(ViewsTest, LetsNothingLeaveThatCannotBeReadToItsEnd) {
  const Views& views = ShippedViews();
  const View& everything = *views.Find("own-record");
  const std::string whole = Condition("HIV");
  ASSERT_EQ(CodesOf(whole), "HIV ");
  const auto unreadable = StatusIs(absl::StatusCode::kDataLoss, "cannot be read");
  for (std::size_t size = 1; size < whole.size(); ++size) {
    const std::string cut = whole.substr(0, size);
    EXPECT_THAT(views.LabelsOf(cut), unreadable) << size;
    EXPECT_THAT(views.Project(everything, cut, {}), unreadable) << size;
    EXPECT_THAT(views.ProjectMessage(everything, {Encounter(), cut}), unreadable) << size;
  }
}

TEST(ViewsTest, TakesALabelOnAPartForALabelOnTheWhole) {
  EXPECT_EQ(
      CodesOf(Condition("N",
                        R"(,"code":{"text":"x","extension":[{"url":"http://hl7.org/fhir/uv/)"
                        R"(security-label-ds4p/StructureDefinition/extension-inline-sec-label",)"
                        R"("valueCoding":{"code":"X"}}]})")),
      "inline ");
}

// What is searched for stands at the very beginning or end of what is searched, or nearly stands.
TEST(ViewsTest, FindsALabelOnAPartWhereverItStands) {
  const std::string mark = "extension-inline-sec-label";
  const auto patient = [](const std::string& narrative) {
    v1::Resource resource;
    resource.mutable_patient()->mutable_text()->set_div(narrative);
    return resource.SerializeAsString();
  };
  EXPECT_EQ(CodesOf(patient(mark)), "inline ");
  EXPECT_EQ(CodesOf(patient("x ex exte" + mark + "x")), "inline ");
  EXPECT_EQ(CodesOf(patient("xtension-inline-sec-label")), "");
  EXPECT_EQ(CodesOf(patient(mark.substr(0, mark.size() - 1))), "");
  EXPECT_EQ(CodesOf(patient("no such letter")), "");
}

TEST(ViewsTest, WithholdsALabelledResourceAndEveryTraceOfIt) {
  const MessageProjection message = Send("treatment-full", {Encounter(), Condition("HIV")});
  EXPECT_EQ(message.withheld, "");
  ASSERT_THAT(message.resources, SizeIs(1));
  EXPECT_EQ(Decode(message.resources[0]),
            R"({"resourceType":"Encounter","id":"v","status":"finished","class":{"code":"IMP"}})");
  ASSERT_THAT(message.left_out, SizeIs(1));
  EXPECT_EQ(message.left_out[0].reason, "label: sensitive");
}

TEST(ViewsTest, WithholdsTheMessageThatWouldReveal) {
  for (const char* view : {"treatment-full", "payer-alert"}) {
    const MessageProjection message = Send(view, {Encounter(), Condition("42CFRPart2")});
    EXPECT_THAT(message.resources, IsEmpty());
    EXPECT_THAT(message.left_out, IsEmpty());
    EXPECT_EQ(message.withheld, "label: record of a Part 2 programme");
  }
}

TEST(ViewsTest, WithholdsTheMessageWhenItsSubjectDoesNotLeave) {
  const std::string patient =
      Encode(R"({"resourceType":"Patient","id":"p","name":[{"family":"Quill"}]})");
  EXPECT_EQ(Send("treatment-full", {Condition("PSY"), patient}).withheld, "label: sensitive");
  EXPECT_EQ(Send("payer-alert", {Condition("N"), patient}).withheld,
            "view payer-alert shows no Condition");
}

TEST(ViewsTest, ShowsALabelThatTheViewNames) {
  EXPECT_THAT(Send("treatment-full", {Condition("R")}).resources, SizeIs(1));
  EXPECT_THAT(Send("own-record", {Condition("42CFRPart2")}).resources, SizeIs(1));
  EXPECT_EQ(Send("payer-status", {Condition("R")}).withheld, "label: restricted");
}

TEST(ViewsTest, LeavesOutWhatMustReferToWhatDoesNotLeave) {
  // As Da Vinci intermediaries send it: about the header of their message, not of ours.
  const std::string provenance = Encode(
      R"({"resourceType":"Provenance","id":"v","target":[{"reference":"urn:uuid:5ef532e2-e105-11ea-a6e7-0aa89ff15e09"}],)"
      R"("recorded":"2020-08-18T03:46:17Z","agent":[{"who":{"display":"Intermediary"}}]})");
  const MessageProjection message = Send("treatment-full", {Encounter(), provenance});
  EXPECT_THAT(message.resources, SizeIs(1));
  ASSERT_THAT(message.left_out, SizeIs(1));
  EXPECT_EQ(message.left_out[0].reason, "it must refer to what does not leave");
}

TEST(ViewsTest, LeavesOutAPrescriptionWhoseMedicationStays) {
  const std::string prescription = Encode(
      R"({"resourceType":"MedicationRequest","id":"m","status":"active","intent":"order",)"
      R"("medicationReference":{"reference":"Medication/x"},"subject":{"reference":"Patient/p"}})");
  const std::string patient = Encode(R"({"resourceType":"Patient","id":"p"})");
  const std::string medication =
      Encode(R"({"resourceType":"Medication","id":"x","code":{"text":"a tablet"}})");
  EXPECT_THAT(Send("treatment-full", {Encounter(), patient, prescription, medication}).resources,
              SizeIs(4));
  const MessageProjection message = Send("treatment-full", {Encounter(), patient, prescription});
  EXPECT_THAT(message.resources, SizeIs(2));
  ASSERT_THAT(message.left_out, SizeIs(1));
  EXPECT_EQ(message.left_out[0].reason, "it must refer to what does not leave");
}

TEST(ViewsTest, WithholdsDocumentsBesideWhatWasLeftOut) {
  const std::string document =
      Encode(R"({"resourceType":"DocumentReference","id":"d","status":"current",)"
             R"("content":[{"attachment":{"contentType":"application/pdf"}}]})");
  EXPECT_THAT(Send("treatment-full", {Encounter(), document}).resources, SizeIs(2));
  const MessageProjection message =
      Send("treatment-full", {Encounter(), document, Condition("PSY")});
  EXPECT_THAT(message.resources, SizeIs(1));
  EXPECT_THAT(message.left_out, SizeIs(2));
  const auto alone = ShippedViews().Project(*ShippedViews().Find("treatment-full"), document, {});
  ASSERT_TRUE(alone.ok());
  EXPECT_FALSE(alone->encoded);
}

TEST(ViewsTest, WithholdsWhatAModifierTurnsAround) {
  const MessageProjection message = Send(
      "treatment-full",
      {Encounter(),
       Condition(
           "N", R"(,"modifierExtension":[{"url":"http://example.org/not","valueBoolean":true}])")});
  EXPECT_THAT(message.resources, SizeIs(1));
  ASSERT_THAT(message.left_out, SizeIs(1));
  EXPECT_THAT(message.left_out[0].reason, HasSubstr("modifier extension"));
}

TEST(ViewsTest, RefusesBytesThatAreNoResource) {
  const View& view = *ShippedViews().Find("treatment-full");
  EXPECT_THAT(ShippedViews().Project(view, "\xff\xff", {}),
              StatusIs(absl::StatusCode::kDataLoss, ""));
  EXPECT_THAT(ShippedViews().ProjectMessage(view, {"\xff\xff"}),
              StatusIs(absl::StatusCode::kDataLoss, ""));
}

TEST(ViewsTest, GivesAReaderTheViewOfItsRelation) {
  const auto view = [](const std::vector<std::string>& relations, std::string_view type) {
    const Views::Decision decision = ShippedViews().Decide(relations, type, {});
    return decision.view == nullptr ? std::string("denied") : decision.view->name();
  };
  EXPECT_EQ(view({"source", "payer"}, "Condition"), "own-record");
  EXPECT_EQ(view({"medical-home"}, "Condition"), "treatment-full");
  EXPECT_EQ(view({"payer"}, "CarePlan"), "payer-status");
  EXPECT_EQ(view({"payer"}, "Encounter"), "payer-alert");
  EXPECT_EQ(view({"payer"}, "Condition"), "denied");
  EXPECT_EQ(view({"payer", "medical-home"}, "Condition"), "treatment-full");
  EXPECT_EQ(view({"performer"}, "Patient"), "community-minimum");
  EXPECT_EQ(view({"performer"}, "Coverage"), "denied");
  EXPECT_EQ(view({"directory"}, "Organization"), "directory");
  EXPECT_EQ(view({"neighbour"}, "Patient"), "denied");
  EXPECT_EQ(view({}, "Patient"), "denied");
}

TEST(ViewsTest, DeniesALabelledResourceToWhomItsViewDoesNotNameIt) {
  const Labels labels = ShippedViews().LabelsOf(Condition("HIV")).value();
  const Views::Decision home = ShippedViews().Decide({"medical-home"}, "Condition", labels);
  EXPECT_EQ(home.view, nullptr);
  EXPECT_EQ(home.reason, "label: sensitive");
  EXPECT_NE(ShippedViews().Decide({"medical-home", "source"}, "Condition", labels).view, nullptr);
}

TEST(ViewsTest, SaysWhereTheFileIsWrong) {
  ConfigErrors errors;
  LoadText(R"(labels:
  - {code: X, kind: k, withhold: nothing, effective: 2020-01-01, source: s}
views:
  - name: a
    version: 0
    purpose: p
    effective: 2020
    source: s
    labels: [Y]
    allow:
      Patient: [name, shoeSize]
    unmapped: [Condition]
  - {name: a, version: 1, purpose: p, effective: 2020-01-01, source: s, everything: true, allow: {Goal: [note]}}
access:
  - {relation: source, view: b}
  - {relation: source, view: a, types: [Goal]}
extra: 1
)",
           errors);
  EXPECT_THAT(errors.list(), Contains(HasSubstr("views.yaml:2:34: `nothing`")));
  EXPECT_THAT(errors.list(), Contains(HasSubstr("views.yaml:5:14")));
  EXPECT_THAT(errors.list(), Contains(HasSubstr("views.yaml:7:16: `2020` is not a date")));
  EXPECT_THAT(errors.list(), Contains(HasSubstr("views.yaml:9:14: `Y` is not among the labels")));
  EXPECT_THAT(errors.list(), Contains(HasSubstr("views.yaml:11:23")));
  EXPECT_THAT(errors.list(), Contains(HasSubstr("views.yaml:12:16: `Condition` has a map")));
  EXPECT_THAT(errors.list(), Contains(HasSubstr("a second view of this name")));
  EXPECT_THAT(errors.list(), Contains(HasSubstr("a view of everything lists no elements")));
  EXPECT_THAT(errors.list(), Contains(HasSubstr("views.yaml:15:30: there is no view `b`")));
  EXPECT_THAT(errors.list(), Contains(HasSubstr("view `a` shows no Goal")));
  EXPECT_THAT(errors.list(), Contains(HasSubstr("unknown key `extra`")));
}

TEST(UnmappedTest, StripsWhatMayTellASecondStory) {
  EXPECT_EQ(
      StripUnmapped(
          R"({"resourceType":"ClinicalImpression","id":"x","meta":{"source":"s","security":[{"code":"R"}]},)"
          R"("text":{"div":"d"},"contained":[{"id":"c"}],"extension":[1],"_status":{"id":"i"},)"
          R"("status":"completed","code":{"extension":[{"url":"u"}]},"n":1.00,"note":[{"text":"t"}],)"
          R"("list":[{"_a":1},{"b":null,"c":true}]})"),
      R"({"resourceType":"ClinicalImpression","id":"x","meta":{"security":[{"code":"R"}]},"status":"completed",)"
      R"("n":1.00,"note":[{"text":"t"}],"list":[{"b":null,"c":true}]})");
}

TEST(UnmappedTest, RefusesWhatIsNoObject) {
  for (const char* json : {"", "[]", "1", "\"x\"", "{\"a\":", "{}x", "[{\"a\":1}]"}) {
    EXPECT_EQ(StripUnmapped(json), std::nullopt) << json;
  }
}

}  // namespace
}  // namespace handoff::policy::testing
