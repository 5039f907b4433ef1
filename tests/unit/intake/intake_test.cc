#include <atomic>
#include <thread>
#include <vector>

#include <gmock/gmock.h>

#include "tests/unit/intake/intake_fixture.h"

namespace handoff::intake {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_F(IntakeTest, TellsMedicalHomeAndPayerOfADischarge) {
  const v1::Receipt receipt = Accept(Bundle(DemoMessage("discharge")));
  ASSERT_TRUE(receipt.accepted()) << receipt.ShortDebugString();
  EXPECT_EQ(receipt.http_status(), 200u);
  EXPECT_EQ(receipt.entries_size(), 11);
  EXPECT_THAT(Kinds(Pending("lfm")), Contains(v1::EVENT_KIND_DISCHARGE));
  EXPECT_THAT(Kinds(Stream("nha/transitions")), ElementsAre(v1::EVENT_KIND_DISCHARGE));
  EXPECT_THAT(Pending("htf"), IsEmpty());
  EXPECT_EQ(Stored("Encounter", "v-771203").owner(), "mrmc");
  EXPECT_NE(Stored("Encounter", "v-771203").person_id(), 0u);
  EXPECT_EQ(Stored("Organization", "lakeside").person_id(), 0u);
}

TEST_F(IntakeTest, ResolvesReferencesOfAMessageToWhatIsStored) {
  Accept(Bundle(DemoMessage("discharge")));
  const v1::Resource encounter = Parsed("Encounter", "v-771203");
  EXPECT_EQ(encounter.encounter().subject().resource_type(), "Patient");
  EXPECT_EQ(encounter.encounter().subject().resource_id(), "odalys-brightwater");
}

TEST_F(IntakeTest, TakesTheSameEntriesUnderAnotherConditionAsAnotherMessage) {
  const auto transaction = [](const std::string& condition) {
    return Bundle(R"({"resourceType":"Bundle","id":"b","type":"transaction","entry":[{)"
                  R"("resource":{"resourceType":"Location","id":"l","status":"active"},)"
                  R"("request":{"method":"PUT","url":"Location/l")" +
                  condition + "}}]}");
  };
  EXPECT_TRUE(Accept(transaction("")).accepted());
  EXPECT_TRUE(Accept(transaction("")).repeated_message());
  EXPECT_EQ(Accept(transaction(R"(,"ifMatch":"W/\"7\"")")).http_status(), 412u);
}

TEST_F(IntakeTest, GivesARepeatTheEarlierAnswerAndNoSecondEffect) {
  const v1::Receipt first = Accept(Bundle(DemoMessage("discharge")));
  const std::size_t pending = Pending("lfm").size();
  const v1::Receipt second = Accept(Bundle(DemoMessage("discharge")));
  EXPECT_TRUE(second.repeated_message());
  EXPECT_EQ(second.message_id(), first.message_id());
  EXPECT_EQ(Pending("lfm").size(), pending);
  EXPECT_EQ(Stored("Encounter", "v-771203").name().version(), 1u);
}

TEST_F(IntakeTest, TakesAReusedMessageIdWithOtherContentAsNewAndSaysSo) {
  const v1::Receipt first = Accept(Bundle(DemoMessage("discharge")));
  const v1::Receipt third =
      Accept(Bundle(Replaced(DemoMessage("discharge"), "12 Alder Court", "14 Alder Court")));
  EXPECT_FALSE(third.repeated_message());
  EXPECT_NE(third.message_id(), first.message_id());
  ASSERT_GE(third.issues_size(), 1);
  EXPECT_THAT(third.issues(0).text(), HasSubstr("used before with other content"));
  EXPECT_EQ(Stored("Patient", "odalys-brightwater").name().version(), 2u);
}

TEST_F(IntakeTest, KeepsTheVersionOfWhatCameUnchanged) {
  Accept(Bundle(DemoMessage("admit")));
  Accept(Bundle(DemoMessage("discharge")));
  EXPECT_EQ(Stored("Patient", "odalys-brightwater").name().version(), 1u);
  EXPECT_EQ(Stored("Encounter", "v-771203").name().version(), 2u);
}

TEST_F(IntakeTest, GivesAnotherPartysIdNeitherAwayNorUp) {
  Accept(Bundle(DemoMessage("discharge")));
  const v1::Receipt other = Accept(Update(
      "llp",
      "Patient",
      "odalys-brightwater",
      R"({"resourceType":"Patient","id":"odalys-brightwater","name":[{"family":"Other"}]})"));
  ASSERT_TRUE(other.accepted());
  EXPECT_EQ(other.http_status(), 201u);
  EXPECT_THAT(other.entries(0).resource().id(), HasSubstr("s-"));
  EXPECT_EQ(Stored("Patient", "odalys-brightwater").owner(), "mrmc");
  EXPECT_EQ(Stored("Patient", "odalys-brightwater").name().version(), 1u);
  EXPECT_NE(Stored("Patient", other.entries(0).resource().id()).person_id(),
            Stored("Patient", "odalys-brightwater").person_id());
}

TEST_F(IntakeTest, RefusesThePartyThatMayKnowButNotWrite) {
  Accept(Bundle(DemoMessage("discharge")));
  const v1::Receipt receipt =
      Accept(Update("lfm",
                    "Patient",
                    "odalys-brightwater",
                    R"({"resourceType":"Patient","id":"odalys-brightwater"})"));
  EXPECT_FALSE(receipt.accepted());
  EXPECT_EQ(receipt.http_status(), 403u);
}

TEST_F(IntakeTest, LetsAResourceOnAForeignPatientReachNoOne) {
  Accept(Bundle(DemoMessage("discharge")));
  Submission submission = Bundle(
      R"({"resourceType":"CarePlan","status":"active","intent":"plan",
          "subject":{"reference":"Patient/odalys-brightwater"}})",
      "llp");
  submission.interaction = Interaction::kCreate;
  submission.type = "CarePlan";
  const v1::Receipt receipt = Accept(std::move(submission));
  ASSERT_TRUE(receipt.accepted());
  EXPECT_EQ(receipt.deliveries(), 0u);
  EXPECT_EQ(Stored("CarePlan", receipt.entries(0).resource().id()).person_id(), 0u);
}

TEST_F(IntakeTest, GuardsAnUpdateByIfMatch) {
  Accept(Bundle(DemoMessage("discharge")));
  const std::string changed =
      R"({"resourceType":"Location","id":"mr-4-west","status":"suspended"})";
  EXPECT_EQ(Accept(Update("mrmc", "Location", "mr-4-west", changed, "7")).http_status(), 412u);
  EXPECT_EQ(Stored("Location", "mr-4-west").name().version(), 1u);
  EXPECT_EQ(Accept(Update("mrmc", "Location", "mr-4-west", changed, "W/\"1\"")).http_status(),
            200u);
  EXPECT_EQ(Stored("Location", "mr-4-west").name().version(), 2u);
}

TEST_F(IntakeTest, KeepsTheStoryOfAnEventOnceWithItsMessage) {
  const v1::Receipt receipt = Accept(Bundle(DemoMessage("discharge")));
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto message,
                               store_->GetSnapshot()->ReadMessage(MessageId(receipt.message_id())));
  ASSERT_GT(receipt.events_size(), 0);
  ASSERT_EQ(message->events_size(), receipt.events_size());
  for (int i = 0; i < message->events_size(); ++i) {
    EXPECT_EQ(message->events(i).kind(), receipt.events(i));
    EXPECT_EQ(message->events(i).number(), static_cast<std::uint32_t>(i) + 1);
    EXPECT_GT(message->events(i).resources_size(), 0);
  }
  const std::vector<v1::Delivery> pending = Pending("lfm");
  ASSERT_FALSE(pending.empty());
  for (const v1::Delivery& delivery : pending) {
    EXPECT_EQ(delivery.event().resources_size(), 0);
    ASSERT_GE(delivery.event().number(), 1u);
    const v1::Event& full = message->events(static_cast<int>(delivery.event().number()) - 1);
    EXPECT_EQ(delivery.event().kind(), full.kind());
    EXPECT_EQ(delivery.event().focus().id(), full.focus().id());
  }
}

TEST_F(IntakeTest, LetsAnAnswerBePreparedFromTheReceiptItGets) {
  for (const char* round : {"accepted", "repeated"}) {
    std::string prepared;
    Submission submission = Bundle(DemoMessage("discharge"));
    submission.prepare = [&](const v1::Receipt& receipt) {
      EXPECT_EQ(prepared, "");
      prepared = receipt.SerializeAsString();
    };
    EXPECT_EQ(Accept(std::move(submission)).SerializeAsString(), prepared) << round;
  }
  std::string prepared;
  Submission refused = Bundle(R"({"resourceType":"Bundle","type":"message"})");
  refused.prepare = [&](const v1::Receipt& receipt) { prepared = receipt.SerializeAsString(); };
  const v1::Receipt receipt = Accept(std::move(refused));
  EXPECT_FALSE(receipt.accepted());
  EXPECT_EQ(receipt.SerializeAsString(), prepared);
}

TEST_F(IntakeTest, RecordsARefusedMessageWithItsIssues) {
  const v1::Receipt receipt = Accept(Bundle(
      R"({"resourceType":"Bundle","type":"message","entry":[{"resource":{"resourceType":"Organization","name":"A"}}]})"));
  EXPECT_FALSE(receipt.accepted());
  EXPECT_EQ(receipt.http_status(), 422u);
  ASSERT_EQ(receipt.issues_size(), 1);
  EXPECT_EQ(receipt.issues(0).expression(), "Bundle.entry[0].resource");
  const auto kept = store_->GetSnapshot()->ReadMessage(MessageId(receipt.message_id()));
  ASSERT_TRUE(kept.ok() && *kept != nullptr);
  EXPECT_FALSE((*kept)->receipt().accepted());
}

TEST_F(IntakeTest, IsAsStrictAsTheSendersPartyIsConfigured) {
  const std::string message =
      Replaced(DemoMessage("discharge"), R"("gender": "female")", R"("gender": "F")");
  const v1::Receipt refused = Accept(Bundle(message));
  EXPECT_FALSE(refused.accepted());
  EXPECT_EQ(refused.http_status(), 400u);
  LoadRules({{"mrmc.accepts.codes", "warn"}});
  const v1::Receipt accepted = Accept(Bundle(message));
  ASSERT_TRUE(accepted.accepted()) << accepted.ShortDebugString();
  ASSERT_EQ(accepted.issues_size(), 1);
  EXPECT_EQ(accepted.issues(0).severity(), v1::ISSUE_SEVERITY_WARNING);
  EXPECT_THAT(accepted.issues(0).expression(), HasSubstr(".resource.gender"));
  EXPECT_THAT(Kinds(Pending("lfm")), Contains(v1::EVENT_KIND_DISCHARGE));
}

TEST_F(IntakeTest, HoldsTheSenderToRulesAndProfilesIfConfigured) {
  const std::string broken = Replaced(
      DemoMessage("discharge"), R"("gender": "female")", R"("contact": [{"gender": "male"}])");
  EXPECT_TRUE(Accept(Bundle(Replaced(broken, "7d1f0c52", "7d1f0c53"))).accepted());  // off
  LoadRules({{"mrmc.accepts.rules", "reject"}});
  EXPECT_TRUE(Accept(Bundle(DemoMessage("discharge"))).accepted());
  const v1::Receipt refused = Accept(Bundle(Replaced(broken, "7d1f0c52", "7d1f0c54")));
  EXPECT_FALSE(refused.accepted());
  EXPECT_EQ(refused.http_status(), 422u);
  EXPECT_THAT(refused.issues(0).text(), HasSubstr("pat-1"));
  LoadRules({{"mrmc.accepts.rules", "warn"}});
  const v1::Receipt warned = Accept(Bundle(Replaced(broken, "7d1f0c52", "7d1f0c55")));
  ASSERT_TRUE(warned.accepted());
  EXPECT_EQ(warned.issues(0).severity(), v1::ISSUE_SEVERITY_WARNING);
  EXPECT_THAT(warned.issues(0).expression(), HasSubstr(".resource.contact[0]"));
}

TEST_F(IntakeTest, RefusesTheEntryOfABatchThatBreaksARuleAlone) {
  LoadRules({{"mrmc.accepts.rules", "reject"}});
  const v1::Receipt receipt = Accept(Bundle(
      R"({"resourceType":"Bundle","type":"batch","entry":[)"
      R"({"resource":{"resourceType":"Organization","name":"A"},"request":{"method":"POST","url":"Organization"}},)"
      R"({"resource":{"resourceType":"Organization","active":true},"request":{"method":"POST","url":"Organization"}}]})"));
  ASSERT_TRUE(receipt.accepted()) << receipt.ShortDebugString();
  ASSERT_EQ(receipt.entries_size(), 2);
  EXPECT_EQ(receipt.entries(0).status(), 201u);
  EXPECT_EQ(receipt.entries(1).status(), 422u);
}

TEST_F(IntakeTest, RefusesMoreEntriesThanTheLimit) {
  const auto bundle = [](int entries) {
    std::string text = R"({"resourceType":"Bundle","type":"transaction","entry":[)";
    for (int i = 0; i < entries; ++i) {
      text += i > 0 ? "," : "";
      text +=
          R"({"resource":{"resourceType":"Organization","name":"A"},"request":{"method":"POST","url":"Organization"}})";
    }
    return text + "]}";
  };
  EXPECT_TRUE(Accept(Bundle(bundle(100))).accepted());
  EXPECT_EQ(Accept(Bundle(bundle(101))).http_status(), 413u);
}

TEST_F(IntakeTest, FailsTheEntryOfABatchAlone) {
  Accept(Bundle(DemoMessage("discharge")));
  const v1::Receipt receipt = Accept(Bundle(R"({"resourceType":"Bundle","type":"batch","entry":[
      {"resource":{"resourceType":"Location","id":"mr-4-west","status":"inactive"},
       "request":{"method":"PUT","url":"Location/mr-4-west","ifMatch":"W/\"9\""}},
      {"resource":{"resourceType":"Location","id":"mr-5-east","status":"active"},
       "request":{"method":"PUT","url":"Location/mr-5-east"}}]})"));
  ASSERT_TRUE(receipt.accepted());
  EXPECT_EQ(receipt.entries(0).status(), 412u);
  EXPECT_EQ(receipt.entries(1).status(), 201u);
}

TEST_F(IntakeTest, FindsAConditionalCreateAndReference) {
  const std::string create = R"({"resourceType":"Bundle","type":"transaction","entry":[
      {"resource":{"resourceType":"Organization","identifier":[{"system":"urn:x","value":"7"}],"name":"A"},
       "request":{"method":"POST","url":"Organization","ifNoneExist":"identifier=urn:x|7"}}]})";
  const v1::Receipt first = Accept(Bundle(create));
  EXPECT_EQ(first.entries(0).status(), 201u);
  const v1::Receipt second = Accept(Bundle(create));
  EXPECT_EQ(second.entries(0).status(), 200u);
  EXPECT_EQ(second.entries(0).resource().id(), first.entries(0).resource().id());
  const v1::Receipt refers =
      Accept(Bundle(R"({"resourceType":"Bundle","type":"transaction","entry":[
      {"resource":{"resourceType":"Location","managingOrganization":{"reference":"Organization?identifier=urn:x|7"}},
       "request":{"method":"POST","url":"Location"}}]})"));
  ASSERT_TRUE(refers.accepted());
  EXPECT_EQ(Parsed("Location", refers.entries(0).resource().id())
                .location()
                .managing_organization()
                .resource_id(),
            first.entries(0).resource().id());
  EXPECT_EQ(Accept(Bundle(R"({"resourceType":"Bundle","type":"transaction","entry":[
      {"resource":{"resourceType":"Location","managingOrganization":{"reference":"Organization?identifier=urn:x|8"}},
       "request":{"method":"POST","url":"Location"}}]})"))
                .http_status(),
            422u);
}

TEST_F(IntakeTest, RefusesAConditionalCreateThatItCannotDecide) {
  const v1::Receipt receipt =
      Accept(Bundle(R"({"resourceType":"Bundle","type":"transaction","entry":[
      {"resource":{"resourceType":"Organization","name":"A"},
       "request":{"method":"POST","url":"Organization","ifNoneExist":"name=A"}}]})"));
  EXPECT_FALSE(receipt.accepted());
  EXPECT_EQ(receipt.http_status(), 422u);
}

TEST_F(IntakeTest, HoldsAPersonWhoseIdentityIsInDoubt) {
  Accept(Bundle(DemoMessage("discharge")));
  const std::size_t told = Pending("lfm").size();
  std::string twin = Replaced(DemoMessage("admit"), "odalys-brightwater", "someone-else");
  twin = Replaced(twin, "Brightwater", "Quicksilver");
  twin = Replaced(Replaced(twin, "Odalys", "Brant"), "Maren", "Ulf");
  twin = Replaced(Replaced(twin, "1944-03-18", "1990-11-30"), "v-771203", "v-9");
  const v1::Receipt receipt = Accept(Bundle(twin));
  ASSERT_TRUE(receipt.accepted());
  EXPECT_EQ(receipt.deliveries(), 0u);
  EXPECT_EQ(Pending("lfm").size(), told);
  EXPECT_NE(Stored("Patient", "someone-else").person_id(),
            Stored("Patient", "odalys-brightwater").person_id());
}

class ReferralIntakeTest : public IntakeTest {
 protected:
  void SetUp() override {
    IntakeTest::SetUp();
    Accept(Bundle(DemoMessage("discharge")));
    const v1::Receipt receipt = Accept(Bundle(DemoMessage("referral")));
    ASSERT_TRUE(receipt.accepted()) << receipt.ShortDebugString();
    const auto items = Stream("htf/referrals");
    ASSERT_THAT(items, SizeIs(1));
    referral_ = items[0].event().referral_id();
  }

  Submission Move(const char* sender,
                  v1::ReferralState to,
                  std::string reason = {},
                  std::uint64_t version = 0) {
    Submission submission;
    submission.sender = PartyKey(sender);
    submission.interaction = Interaction::kMove;
    submission.id = referral_;
    submission.move.to = to;
    submission.move.reason = std::move(reason);
    submission.move.expected_version = version;
    return submission;
  }

  std::string referral_;
};

TEST_F(ReferralIntakeTest, RunsTheLoopAndTellsTheRequester) {
  EXPECT_TRUE(Accept(Move("htf", v1::REFERRAL_STATE_ACCEPTED)).accepted());
  EXPECT_TRUE(Accept(Move("htf", v1::REFERRAL_STATE_IN_PROGRESS)).accepted());
  Submission done = Move("htf", v1::REFERRAL_STATE_COMPLETED);
  std::string encoded;
  fhir::Issues issues;
  ASSERT_TRUE(fhir::ReadJson(R"({"resourceType":"Procedure","status":"completed",
      "subject":{"reference":"Patient/odalys-brightwater"}})",
                             {},
                             &encoded,
                             &issues));
  done.move.outputs.push_back(encoded);
  const v1::Receipt receipt = Accept(std::move(done));
  ASSERT_TRUE(receipt.accepted()) << receipt.ShortDebugString();
  EXPECT_EQ(Parsed("Task", "food-task-1").task().status(), v1::TASK_STATUS_COMPLETED);
  EXPECT_EQ(Stored("Task", "food-task-1").owner(), "mrmc");
  EXPECT_THAT(Kinds(Pending("mrmc")), SizeIs(3));
  EXPECT_EQ(store_->GetSnapshot()->ReadReferral(referral_).value()->state(),
            v1::REFERRAL_STATE_COMPLETED);
}

TEST_F(ReferralIntakeTest, RefusesAnIllegalMoveWithFromToAndActor) {
  ASSERT_TRUE(Accept(Move("htf", v1::REFERRAL_STATE_REJECTED, "no capacity")).accepted());
  const v1::Receipt receipt = Accept(Move("htf", v1::REFERRAL_STATE_COMPLETED));
  EXPECT_EQ(receipt.http_status(), 422u);
  ASSERT_GE(receipt.issues_size(), 1);
  EXPECT_THAT(receipt.issues(0).text(), HasSubstr("rejected"));
  EXPECT_THAT(receipt.issues(0).text(), HasSubstr("completed"));
  EXPECT_THAT(receipt.issues(0).text(), HasSubstr("performer"));
}

TEST_F(ReferralIntakeTest, GuardsAMoveByTheVersionOfTheReferral) {
  EXPECT_EQ(Accept(Move("htf", v1::REFERRAL_STATE_ACCEPTED, "", 9)).http_status(), 412u);
  EXPECT_EQ(Accept(Move("llp", v1::REFERRAL_STATE_ACCEPTED)).http_status(), 404u);
}

TEST_F(ReferralIntakeTest, TakesOfAPerformersTaskOnlyTheReport) {
  const std::string projected =
      R"({"resourceType":"Task","id":"food-task-1","status":"accepted","intent":"order",
      "focus":{"reference":"ServiceRequest/food-1"}})";
  const v1::Receipt receipt = Accept(Update("htf", "Task", "food-task-1", projected, "1"));
  ASSERT_TRUE(receipt.accepted()) << receipt.ShortDebugString();
  const v1::Task task = Parsed("Task", "food-task-1").task();
  EXPECT_EQ(task.status(), v1::TASK_STATUS_ACCEPTED);
  EXPECT_EQ(task.beneficiary().resource_id(), "odalys-brightwater");
  EXPECT_EQ(
      Accept(
          Update("htf", "Task", "food-task-1", Replaced(projected, "accepted", "in-progress"), "1"))
          .http_status(),
      412u);
}

TEST_F(ReferralIntakeTest, TakesAPerformersAnswerHoweverItIsSent) {
  const std::string entry = R"({"resource":{"resourceType":"Task","id":"food-task-1",
      "status":"accepted","intent":"order","focus":{"reference":"ServiceRequest/food-1"}},
      "request":{"method":"PUT","url":"Task/food-task-1"}})";
  const v1::Receipt receipt = Accept(
      Bundle(R"({"resourceType":"Bundle","type":"transaction","entry":[)" + entry + "]}", "htf"));
  ASSERT_TRUE(receipt.accepted()) << receipt.ShortDebugString();
  EXPECT_EQ(receipt.entries(0).resource().id(), "food-task-1");
  EXPECT_EQ(Stored("Task", "food-task-1").owner(), "mrmc");
  EXPECT_EQ(Parsed("Task", "food-task-1").task().beneficiary().resource_id(), "odalys-brightwater");
  EXPECT_EQ(store_->GetSnapshot()->ReadReferral(referral_).value()->state(),
            v1::REFERRAL_STATE_ACCEPTED);
}

TEST_F(ReferralIntakeTest, TellsWhoWasAskedFirstThatAnotherIsAskedNow) {
  const std::string other = Replaced(DemoMessage("referral"), R"("HTF")", R"("LLP")");
  const v1::Receipt receipt = Accept(Bundle(Replaced(other, "mrmc-referral", "mrmc-referral-2")));
  ASSERT_TRUE(receipt.accepted()) << receipt.ShortDebugString();
  const auto former = Stream("htf/referrals");
  ASSERT_THAT(former, SizeIs(2));
  EXPECT_EQ(former[1].event().kind(), v1::EVENT_KIND_RETRACTION);
  EXPECT_EQ(former[1].event().referral_id(), referral_);
  EXPECT_EQ(former[1].view(), "community-minimum");
  const auto now = Stream("llp/referrals");
  ASSERT_THAT(now, SizeIs(1));
  EXPECT_EQ(now[0].event().kind(), v1::EVENT_KIND_REFERRAL_REQUESTED);
}

TEST_F(ReferralIntakeTest, RefusesASecondTaskOfWhoHasNoPartInTheReferral) {
  const v1::Receipt receipt = Accept(Update("nha", "Task", "mine", R"({"resourceType":"Task",
      "id":"mine","status":"completed","intent":"order",
      "for":{"reference":"Patient/odalys-brightwater"},
      "focus":{"reference":"ServiceRequest/food-1"}})"));
  EXPECT_EQ(receipt.http_status(), 422u);
  EXPECT_THAT(receipt.issues(0).text(), HasSubstr("for its requester to write"));
}

TEST_F(IntakeTest, PlansAgainWhatLostARace) {
  constexpr int kThreads = 8;
  constexpr int kEach = 20;
  std::vector<std::thread> threads;
  std::atomic<int> accepted{0};
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        const std::string name = "w" + std::to_string(t) + "-" + std::to_string(i);
        std::string text = Replaced(DemoMessage("admit"), "mrmc-admit", name);
        text = Replaced(text, "7d1f0c52-0000-4000-8000-000000000101", name);
        text = Replaced(text, "+1-555-0142", "+1-555-" + name);
        accepted += Accept(Bundle(text)).accepted() ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(accepted, kThreads * kEach);
  EXPECT_EQ(Stored("Patient", "odalys-brightwater").name().version(),
            static_cast<std::uint64_t>(kThreads * kEach));
  EXPECT_THAT(Stream("nha/transitions"), SizeIs(1)) << "one admission, however often it is told";
}

// The wrong fact is where it was told, whatever became of the role; who never had it hears nothing.
TEST_F(IntakeTest, TakesAStayBackFromWhoWasToldOfIt) {
  Accept(Bundle(DemoMessage("admit")));
  ASSERT_THAT(Kinds(Pending("lfm")), ElementsAre(v1::EVENT_KIND_ADMIT));
  clock_.Advance(std::chrono::hours(1));
  Accept(Update("mrmc", "Patient", "odalys-brightwater", R"({"resourceType":"Patient",
      "id":"odalys-brightwater","birthDate":"1944-03-18","name":[{"family":"Brightwater"}],
      "identifier":[{"system":"urn:oid:2.999.10.1","value":"500117"}],
      "generalPractitioner":[{"identifier":{"system":"urn:oid:2.999.20","value":"HTF"}}]})"));
  clock_.Advance(std::chrono::hours(1));
  Accept(Update("mrmc", "Encounter", "v-771203", R"({"resourceType":"Encounter","id":"v-771203",
      "status":"cancelled","class":{"code":"IMP"},
      "subject":{"reference":"Patient/odalys-brightwater"},
      "period":{"start":"2026-06-27T14:02:11-04:00"}})"));
  EXPECT_THAT(Kinds(Pending("lfm")),
              ElementsAre(v1::EVENT_KIND_ADMIT, v1::EVENT_KIND_ENCOUNTER_UPDATE));
  EXPECT_EQ(Pending("lfm")[1].role(), "medical-home");
}

// Registered under the wrong patient, and put right.
TEST_F(IntakeTest, AStayThatIsAnothersIsTakenBackFromOneAndToldOfTheOther) {
  Accept(Bundle(DemoMessage("admit")));
  const std::uint64_t odalys = Stored("Patient", "odalys-brightwater").person_id();
  Accept(Update("mrmc", "Patient", "other", R"({"resourceType":"Patient","id":"other",
      "identifier":[{"system":"urn:oid:2.999.10.1","value":"700001"}],
      "generalPractitioner":[
        {"identifier":{"system":"http://hl7.org/fhir/sid/us-npi","value":"9990000002"}}]})"));
  const std::uint64_t other = Stored("Patient", "other").person_id();
  Accept(Update("mrmc", "Encounter", "v-771203", R"({"resourceType":"Encounter","id":"v-771203",
      "status":"in-progress","class":{"code":"IMP"},"subject":{"reference":"Patient/other"},
      "period":{"start":"2026-06-27T14:02:11-04:00"}})"));
  const std::vector<v1::Delivery> pending = Pending("lfm");
  ASSERT_THAT(
      Kinds(pending),
      ElementsAre(v1::EVENT_KIND_ADMIT, v1::EVENT_KIND_ENCOUNTER_UPDATE, v1::EVENT_KIND_ADMIT));
  EXPECT_EQ(pending[1].person_id(), odalys);
  EXPECT_EQ(pending[1].event().status(), "cancelled");
  EXPECT_EQ(pending[2].person_id(), other);
}

}  // namespace
}  // namespace handoff::intake
