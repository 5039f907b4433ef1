// Referrals as messages open and move them.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/care/referral.h"
#include "tests/unit/care/world.h"

namespace handoff::care::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct Request {
  std::string status = "active";
  std::string intent = "order";
  std::string more = "";
};

std::string ServiceRequest(const Request& request = {}) {
  return R"({"resourceType":"ServiceRequest","id":"s","status":")" + request.status +
         R"(","intent":")" + request.intent +
         R"(","code":{"coding":[{"system":"http://snomed.info/sct","code":"467771000124109"}]},)"
         R"("subject":{"reference":"Patient/p"},"requester":{"reference":"Organization/lfm"},)"
         R"("authoredOn":"2026-07-01T10:00:00Z")" +
         request.more + "}";
}

struct Work {
  std::string status = "requested";
  std::string reason = "";
  std::string owner = "llp";
  std::string id = "t";
  std::string more = "";
};

std::string Task(const Work& work = {}) {
  std::string json =
      R"({"resourceType":"Task","id":")" + work.id + R"(","status":")" + work.status +
      R"(","intent":"order","code":{"coding":[{"code":"fulfill"}]},)"
      R"("focus":{"reference":"ServiceRequest/s"},"for":{"reference":"Patient/p"},)"
      R"("authoredOn":"2026-07-01T10:20:00Z","requester":{"reference":"Organization/lfm"},)"
      R"("owner":{"reference":"Organization/)" +
      work.owner + R"("})";
  if (!work.reason.empty()) json += R"(,"statusReason":{"text":")" + work.reason + R"("})";
  return json + work.more + "}";
}

class ReferralReaderTest : public ::testing::Test {
 protected:
  ReferralReaderTest() {
    for (const char* party : {"lfm", "llp", "htf", "nha"}) {
      world_.Know(std::string("Organization/") + party, party);
    }
  }

  const v1::Referral& Loop() { return world_.Loop("Task", "t"); }

  World world_;
};

TEST_F(ReferralReaderTest, OpensOneReferralForARequestAndItsTask) {
  const Understanding read =
      world_.Send("lfm", {R"({"resourceType":"Patient","id":"p"})", ServiceRequest(), Task()});
  ASSERT_EQ(Kinds(read), "REFERRAL_REQUESTED");
  ASSERT_THAT(read.referrals, SizeIs(1));
  const v1::Referral& referral = read.referrals[0];
  EXPECT_EQ(referral.state(), v1::REFERRAL_STATE_REQUESTED);
  EXPECT_EQ(referral.requester(), "lfm");
  EXPECT_EQ(referral.performer(), "llp");
  EXPECT_EQ(referral.need(), "food-insecurity");
  EXPECT_EQ(referral.task().id(), "t");
  EXPECT_EQ(referral.service_request().id(), "s");
  EXPECT_EQ(referral.service_request().version(), 1u);
  EXPECT_EQ(referral.version(), 1u);
  EXPECT_EQ(referral.person_id(), 7u);
  EXPECT_EQ(read.events[0].referral_id(), referral.id());
  EXPECT_EQ(read.events[0].occurred_us(), At("2026-07-01T10:20:00Z"));
  EXPECT_EQ(Story(read.events[0]), "Task/t ServiceRequest/s Patient/p");
}

TEST_F(ReferralReaderTest, OpensAReferralForARequestAlone) {
  const Understanding read = world_.Send("lfm", {ServiceRequest()});
  ASSERT_EQ(Kinds(read), "REFERRAL_REQUESTED");
  EXPECT_EQ(read.referrals[0].performer(), "");
  EXPECT_EQ(read.referrals[0].state(), v1::REFERRAL_STATE_REQUESTED);
  EXPECT_EQ(Kinds(world_.Send("lfm", {ServiceRequest()})), "");
}

TEST_F(ReferralReaderTest, OpensNothingForWhatIsNoActiveOrder) {
  EXPECT_EQ(Kinds(world_.Send("lfm", {ServiceRequest({.status = "draft"})})), "");
  EXPECT_EQ(Kinds(world_.Send("lfm", {ServiceRequest({.intent = "plan"})})), "");
  EXPECT_EQ(Kinds(world_.Send("lfm", {ServiceRequest({.more = R"(,"doNotPerform":true)"})})), "");
  EXPECT_EQ(Kinds(world_.Send("lfm", {ServiceRequest()})), "REFERRAL_REQUESTED");
}

TEST_F(ReferralReaderTest, OpensAReferralForATaskWhoseFocusIsNotHere) {
  const Understanding read = world_.Send("lfm", {Task()});
  ASSERT_EQ(Kinds(read), "REFERRAL_REQUESTED");
  EXPECT_EQ(read.referrals[0].performer(), "llp");
  EXPECT_EQ(read.referrals[0].need(), "");
}

TEST_F(ReferralReaderTest, ReadsNoReferralInATaskOfAnotherKind) {
  const std::string approve =
      R"({"resourceType":"Task","id":"t","status":"received","intent":"order",)"
      R"("code":{"coding":[{"code":"approve"}]},"focus":{"reference":"ServiceRequest/s"}})";
  const std::string on_questionnaire =
      R"({"resourceType":"Task","id":"t","status":"ready","intent":"order",)"
      R"("focus":{"reference":"Questionnaire/q"}})";
  for (const std::string& task : {approve, on_questionnaire}) {
    const Understanding read = world_.Send("lfm", {task});
    EXPECT_EQ(Kinds(read), "");
    EXPECT_THAT(read.issues, IsEmpty());
  }
}

TEST_F(ReferralReaderTest, RefusesStatusesThatAReferralDoesNotUse) {
  for (const char* status : {"ready", "received"}) {
    const Understanding read = world_.Send("lfm", {ServiceRequest(), Task({.status = status})});
    ASSERT_THAT(read.issues, SizeIs(1));
    EXPECT_EQ(read.issues[0].severity, fhir::Severity::kError);
    EXPECT_EQ(read.issues[0].code, "business-rule");
    EXPECT_EQ(read.issues[0].expression, "Bundle.entry[1].resource.status");
  }
}

TEST_F(ReferralReaderTest, AdoptsTheTaskOfARequestThatWaits) {
  world_.Send("lfm", {ServiceRequest()});
  const Understanding read = world_.Send("lfm", {Task()});
  // The performer is named only now: it has to be told.
  EXPECT_EQ(Kinds(read), "REFERRAL_REQUESTED");
  EXPECT_EQ(Loop().id(), world_.Loop("ServiceRequest", "s").id());
  EXPECT_EQ(Loop().version(), 2u);
}

TEST_F(ReferralReaderTest, AdoptsATaskForTheSamePerformerInSilence) {
  world_.Send("lfm",
              {ServiceRequest({.more = R"(,"performer":[{"reference":"Organization/llp"}])"})});
  EXPECT_EQ(Kinds(world_.Send("lfm", {Task()})), "");
  EXPECT_EQ(Loop().task().id(), "t");
}

TEST_F(ReferralReaderTest, RefusesAStrangersTaskOnARequestThatWaits) {
  world_.Send("lfm", {ServiceRequest()});
  const Understanding read = world_.Send("nha", {Task()});
  ASSERT_THAT(read.issues, SizeIs(1));
  EXPECT_EQ(read.issues[0].expression, "Task.focus");
}

TEST_F(ReferralReaderTest, FollowsTheLoopToItsEnd) {
  world_.Send("lfm", {ServiceRequest(), Task()});
  MarkDelivered(&world_.Loop("Task", "t"), MessageId("m1"), FromMicros(1));
  EXPECT_EQ(Kinds(world_.Send("llp", {Task({.status = "accepted"})})), "REFERRAL_STATUS");
  EXPECT_EQ(Kinds(world_.Send("llp", {Task({.status = "in-progress"})})), "REFERRAL_STATUS");
  const std::string output =
      R"(,"output":[{"type":{"text":"done"},"valueReference":{"reference":"Procedure/pr"}}])";
  const Understanding read = world_.Send(
      "llp",
      {R"({"resourceType":"Procedure","id":"pr","status":"completed","subject":{"reference":"Patient/p"}})",
       Task({.status = "completed", .more = output})});
  ASSERT_EQ(Kinds(read), "REFERRAL_STATUS");
  EXPECT_EQ(read.events[0].status(), "completed");
  EXPECT_THAT(Story(read.events[0]), HasSubstr("Procedure/pr"));
  EXPECT_THAT(read.issues, IsEmpty());
  EXPECT_EQ(Loop().state(), v1::REFERRAL_STATE_COMPLETED);
  EXPECT_THAT(Loop().steps(), SizeIs(5));
}

TEST_F(ReferralReaderTest, TakesTheTimeOfAMoveFromTheTaskUnlessItIsStale) {
  const std::string modified = R"(,"lastModified":"2026-07-02T11:00:00Z")";
  world_.Send("lfm", {ServiceRequest(), Task()});
  const Understanding accepted =
      world_.Send("llp", {Task({.status = "accepted", .more = modified})});
  EXPECT_EQ(accepted.events.at(0).occurred_us(), At("2026-07-02T11:00:00Z"));
  world_.SetNow("2026-07-03T12:00:00Z");
  const Understanding started =
      world_.Send("llp", {Task({.status = "in-progress", .more = modified})});
  EXPECT_EQ(started.events.at(0).occurred_us(), At("2026-07-03T12:00:00Z"));
}

TEST_F(ReferralReaderTest, WarnsOfACompletionWithoutOutcome) {
  world_.Send("lfm", {ServiceRequest(), Task()});
  world_.Send("llp", {Task({.status = "accepted"})});
  const Understanding read = world_.Send("llp", {Task({.status = "completed"})});
  EXPECT_EQ(Kinds(read), "REFERRAL_STATUS");
  ASSERT_THAT(read.issues, SizeIs(1));
  EXPECT_EQ(read.issues[0].severity, fhir::Severity::kWarning);
  EXPECT_EQ(read.issues[0].expression, "Task.output");
}

TEST_F(ReferralReaderTest, RefusesAnIllegalMoveAndSaysWhere) {
  world_.Send("lfm", {ServiceRequest(), Task()});
  const Understanding read = world_.Send("llp", {Task({.status = "completed"})});
  EXPECT_EQ(Kinds(read), "");
  ASSERT_THAT(read.issues, SizeIs(1));
  EXPECT_EQ(read.issues[0].text, "referral cannot go from requested to completed by performer");
  EXPECT_EQ(read.issues[0].expression, "Task.status");
  EXPECT_EQ(Loop().state(), v1::REFERRAL_STATE_REQUESTED);
}

TEST_F(ReferralReaderTest, RefusesACancellationWithoutReason) {
  world_.Send("lfm", {ServiceRequest(), Task()});
  const Understanding read = world_.Send("llp", {Task({.status = "cancelled"})});
  ASSERT_THAT(read.issues, SizeIs(1));
  EXPECT_EQ(read.issues[0].expression, "Task.statusReason.text");
  EXPECT_EQ(Kinds(world_.Send("llp", {Task({.status = "cancelled", .reason = "moved away"})})),
            "REFERRAL_STATUS");
  EXPECT_EQ(Loop().reason(), "moved away");
}

TEST_F(ReferralReaderTest, TellsARepeatedMoveOnce) {
  world_.Send("lfm", {ServiceRequest(), Task()});
  world_.Send("llp", {Task({.status = "accepted"})});
  const Understanding read = world_.Send("llp", {Task({.status = "accepted"})});
  EXPECT_EQ(Kinds(read), "");
  EXPECT_THAT(read.issues, IsEmpty());
}

TEST_F(ReferralReaderTest, TellsAnotherPerformerThatTheRequesterNames) {
  world_.Send("lfm", {ServiceRequest(), Task()});
  MarkDelivered(&world_.Loop("Task", "t"), MessageId("m1"), FromMicros(1));
  const Understanding read = world_.Send("lfm", {Task({.owner = "htf"})});
  ASSERT_EQ(Kinds(read), "RETRACTION REFERRAL_REQUESTED");
  EXPECT_EQ(Loop().performer(), "htf");
  EXPECT_EQ(Loop().state(), v1::REFERRAL_STATE_REQUESTED);
  // Of the version that named the former one.
  const v1::Event& retraction = read.events[0];
  EXPECT_EQ(retraction.former_performer(), "llp");
  EXPECT_EQ(retraction.status(), "cancelled");
  EXPECT_EQ(retraction.referral_id(), Loop().id());
  EXPECT_EQ(Story(retraction), "Task/t");
  EXPECT_EQ(retraction.focus().version(), 1u);
  EXPECT_EQ(read.events[1].focus().version(), 2u);
}

TEST_F(ReferralReaderTest, RetractsARequestWithoutATaskAsItWasMade) {
  const auto performer = [](const std::string& party) {
    return ServiceRequest(
        {.more = R"(,"performer":[{"reference":"Organization/)" + party + R"("}])"});
  };
  world_.Send("lfm", {performer("llp")});
  Understanding read = world_.Send("lfm", {performer("htf")});
  ASSERT_EQ(Kinds(read), "RETRACTION REFERRAL_REQUESTED");
  EXPECT_EQ(read.events[0].former_performer(), "llp");
  EXPECT_EQ(Story(read.events[0]), "ServiceRequest/s");
  EXPECT_EQ(read.events[0].focus().version(), 1u);
  // A Task that names a third.
  read = world_.Send("lfm", {Task({.owner = "llp"})});
  ASSERT_EQ(Kinds(read), "RETRACTION REFERRAL_REQUESTED");
  EXPECT_EQ(read.events[0].former_performer(), "htf");
  EXPECT_EQ(Story(read.events[0]), "ServiceRequest/s");
}

TEST_F(ReferralReaderTest, WarnsOfANewReferralThatAsksNobody) {
  Understanding read = world_.Send("lfm", {ServiceRequest(), Task({.status = "accepted"})});
  ASSERT_THAT(read.issues, SizeIs(1));
  EXPECT_EQ(read.issues[0].severity, fhir::Severity::kWarning);
  EXPECT_THAT(read.issues[0].text, HasSubstr("new and accepted asks nobody"));
  EXPECT_EQ(Loop().state(), v1::REFERRAL_STATE_ACCEPTED);
}

// To name a record of somebody else is not to have it shown.
TEST_F(ReferralReaderTest, TellsOnlyWhatWhoAsksMayShow) {
  world_.Send("mrmc",
              {R"({"resourceType":"Condition","id":"c","subject":{"reference":"Patient/p"}})",
               R"({"resourceType":"Patient","id":"p"})"});
  const std::string request =
      ServiceRequest({.more = R"(,"reasonReference":[{"reference":"Condition/c"}])"});
  Understanding read = world_.Send("lfm", {request, Task()});
  EXPECT_EQ(Story(read.events.at(0)), "Task/t ServiceRequest/s Patient/p");
  world_.Open("lfm");
  read = world_.Send("lfm", {request, Task({.owner = "htf"})});
  EXPECT_EQ(Story(read.events.at(1)), "Task/t ServiceRequest/s Patient/p Condition/c");
}

TEST_F(ReferralReaderTest, OpensAnotherReferralForAnotherTask) {
  world_.Send("lfm", {ServiceRequest(), Task()});
  world_.Send("llp", {Task({.status = "rejected", .reason = "at capacity"})});
  EXPECT_EQ(Kinds(world_.Send("lfm", {Task({.owner = "htf", .id = "t2"})})), "REFERRAL_REQUESTED");
  EXPECT_NE(world_.Loop("Task", "t2").id(), Loop().id());
  EXPECT_EQ(Loop().state(), v1::REFERRAL_STATE_REJECTED);
}

TEST_F(ReferralReaderTest, SaysNothingOfADraftUntilItIsSent) {
  EXPECT_EQ(Kinds(world_.Send("lfm", {Task({.status = "draft"})})), "");
  EXPECT_EQ(Loop().state(), v1::REFERRAL_STATE_DRAFT);
  EXPECT_EQ(Kinds(world_.Send("lfm", {Task({.status = "draft", .owner = "htf"})})), "");
  EXPECT_EQ(Kinds(world_.Send("lfm", {Task()})), "REFERRAL_REQUESTED");
}

TEST_F(ReferralReaderTest, CancelsARequestThatIsRevokedBeforeItHasATask) {
  world_.Send("lfm", {ServiceRequest()});
  const Understanding read = world_.Send("lfm", {ServiceRequest({.status = "revoked"})});
  ASSERT_EQ(Kinds(read), "REFERRAL_STATUS");
  EXPECT_EQ(read.events[0].status(), "cancelled");
  EXPECT_EQ(Kinds(world_.Send("lfm", {ServiceRequest({.status = "revoked"})})), "");
}

TEST_F(ReferralReaderTest, KeepsToItselfWhyARequestIsRevoked) {
  world_.Send("lfm", {ServiceRequest()});
  world_.Send(
      "lfm",
      {ServiceRequest(
          {.status = "revoked",
           .more = R"(,"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/)"
                   R"(request-statusReason","valueCodeableConcept":{"text":"Relapse"}}])"})});
  const v1::Referral& referral = world_.Loop("ServiceRequest", "s");
  EXPECT_EQ(referral.state(), v1::REFERRAL_STATE_CANCELLED);
  EXPECT_EQ(referral.reason(), "the service request was revoked");
}

// A move over gRPC writes the Task that the request came without.
TEST_F(ReferralReaderTest, AdoptsAPerformersTaskAndItsMove) {
  world_.Send("lfm",
              {ServiceRequest({.more = R"(,"performer":[{"reference":"Organization/llp"}])"})});
  const Understanding refused = world_.Send("llp", {Task({.status = "completed"})});
  ASSERT_THAT(refused.issues, SizeIs(1));
  const Understanding read = world_.Send("llp", {Task({.status = "accepted"})});
  ASSERT_EQ(Kinds(read), "REFERRAL_STATUS");
  ASSERT_THAT(read.referrals, SizeIs(1));
  EXPECT_EQ(read.referrals[0].version(), 2u);
  EXPECT_EQ(read.referrals[0].task().id(), "t");
}

}  // namespace
}  // namespace handoff::care::testing
