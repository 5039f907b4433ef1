#include <gmock/gmock.h>

#include "gateway/base/error.h"
#include "tests/unit/access/reader_fixture.h"

namespace handoff::access {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(ReaderTest, ShowsThePartyThatSentItItsOwnRecordAsItStands) {
  LoadDemo();
  HANDOFF_ASSERT_OK_AND_ASSIGN(const std::string json,
                               ReadJsonAs("mrmc", {"Condition", "heart-failure"}));
  EXPECT_THAT(json, HasSubstr("Heart failure flare"));
}

TEST_F(ReaderTest, PutsVersionAndTimeOfTheStoreIntoMeta) {
  LoadDemo();
  HANDOFF_ASSERT_OK_AND_ASSIGN(const std::string json,
                               ReadJsonAs("lfm", {"Encounter", "v-771203"}));
  EXPECT_THAT(json,
              AllOf(HasSubstr("\"versionId\":\"2\""),
                    HasSubstr("\"lastUpdated\":\"2026-07-02T15:20:00.000Z\"")));
}

TEST_F(ReaderTest, ShowsThePayerAStayWithoutItsReasons) {
  LoadDemo();
  HANDOFF_ASSERT_OK_AND_ASSIGN(const std::string json,
                               ReadJsonAs("nha", {"Encounter", "v-771203"}));
  EXPECT_THAT(json, AllOf(HasSubstr("\"finished\""), Not(HasSubstr("heart-failure"))));
}

TEST_F(ReaderTest, AnswersForbiddenLikeAbsent) {
  LoadDemo();
  const absl::Status forbidden = ReadJsonAs("nha", {"Condition", "heart-failure"}).status();
  const absl::Status absent = ReadJsonAs("nha", {"Condition", "no-such"}).status();
  EXPECT_EQ(forbidden, absent);
  EXPECT_EQ(ErrorOf(forbidden).id, ErrorId::kNotFound);
}

TEST_F(ReaderTest, ShowsAStrangerNothingOfAPerson) {
  LoadDemo();
  for (const auto& [type, id] : {std::pair("Patient", "odalys-brightwater"),
                                 std::pair("Encounter", "v-771203"),
                                 std::pair("ServiceRequest", "food-1"),
                                 std::pair("CarePlan", "plan-77")}) {
    EXPECT_THAT(ReadJsonAs("llp", {type, id}),
                testing::StatusIs(absl::StatusCode::kNotFound, "no such resource"))
        << type;
  }
}

TEST_F(ReaderTest, ShowsThePerformerOnlyTheStoryOfItsReferral) {
  LoadDemo();
  HANDOFF_EXPECT_OK(ReadJsonAs("htf", {"ServiceRequest", "food-1"}));
  HANDOFF_EXPECT_OK(ReadJsonAs("htf", {"Task", "food-task-1"}));
  HANDOFF_ASSERT_OK_AND_ASSIGN(const std::string patient,
                               ReadJsonAs("htf", {"Patient", "odalys-brightwater"}));
  EXPECT_THAT(patient, AllOf(HasSubstr("Brightwater"), Not(HasSubstr("500117"))));
  for (const auto& [type, id] : {std::pair("Condition", "heart-failure"),
                                 std::pair("Encounter", "v-771203"),
                                 std::pair("CarePlan", "plan-77"),
                                 std::pair("Coverage", "nha-88120")}) {
    EXPECT_THAT(ReadJsonAs("htf", {type, id}),
                testing::StatusIs(absl::StatusCode::kNotFound, "no such resource"))
        << type;
  }
}

TEST_F(ReaderTest, TakesThePatientFromThePerformerWhenTheReferralIsClosed) {
  LoadDemo();
  intake::Submission move;
  move.sender = PartyKey("htf");
  move.interaction = intake::Interaction::kMove;
  move.id =
      reader_->ListReferrals(PartyKey("htf"), v1::REFERRAL_STATE_UNSPECIFIED, {})->items.at(0).id();
  move.move.to = v1::REFERRAL_STATE_REJECTED;
  move.move.reason = "at capacity";
  ASSERT_TRUE(Accept(std::move(move)).accepted());
  EXPECT_THAT(ReadJsonAs("htf", {"Patient", "odalys-brightwater"}),
              testing::StatusIs(absl::StatusCode::kNotFound, ""));
  HANDOFF_EXPECT_OK(ReadJsonAs("htf", {"Task", "food-task-1"}));
}

// A record that the performer has no right to, and the performer's attempts to name it.
class ReferenceGrantsTest : public ReaderTest {
 protected:
  void SetUp() override {
    ReaderTest::SetUp();
    LoadDemo();
    Put("mrmc", "Goal", "secret", R"("lifecycleStatus":"active","description":{"text":"x"},
        "subject":{"reference":"Patient/odalys-brightwater"})");
  }

  void Put(const char* party, const std::string& type, const std::string& id, const char* members) {
    const std::string head = R"({"resourceType":")" + type + R"(","id":")" + id + R"(",)";
    ASSERT_TRUE(Accept(Update(party, type, id, head + members + "}")).accepted());
  }

  void ExpectHidden() {
    EXPECT_THAT(ReadJsonAs("htf", {"Goal", "secret"}),
                testing::StatusIs(absl::StatusCode::kNotFound, ""));
  }
};

TEST_F(ReferenceGrantsTest, OpenNothingToARequesterWhoMayNotSeeIt) {
  HANDOFF_ASSERT_OK_AND_ASSIGN(const std::string patient,
                               ReadJsonAs("htf", {"Patient", "odalys-brightwater"}));
  HANDOFF_ASSERT_OK_AND_ASSIGN(const std::string request,
                               ReadJsonAs("htf", {"ServiceRequest", "food-1"}));
  Put("htf", "ServiceRequest", "mine", R"("status":"active","intent":"order",
      "subject":{"reference":"Patient/odalys-brightwater"},
      "supportingInfo":[{"reference":"Goal/secret"},{"reference":"ServiceRequest/food-1"}])");
  ExpectHidden();
  EXPECT_EQ(*ReadJsonAs("htf", {"Patient", "odalys-brightwater"}), patient);
  EXPECT_EQ(*ReadJsonAs("htf", {"ServiceRequest", "food-1"}), request);
}

TEST_F(ReferenceGrantsTest, OpenNothingToAPerformerByItsOutput) {
  Put("htf", "Task", "food-task-1", R"("status":"accepted","intent":"order",
      "focus":{"reference":"ServiceRequest/food-1"},
      "output":[{"type":{"text":"x"},"valueReference":{"reference":"Goal/secret"}},
                {"type":{"text":"x"},"valueReference":{"reference":"Patient/odalys-brightwater"}}])");
  ExpectHidden();
  Put("htf", "Task", "food-task-1", R"("status":"completed","intent":"order",
      "focus":{"reference":"ServiceRequest/food-1"})");
  ExpectHidden();
  EXPECT_THAT(ReadJsonAs("htf", {"Patient", "odalys-brightwater"}),
              testing::StatusIs(absl::StatusCode::kNotFound, ""));
}

TEST_F(ReaderTest, TakesRecordsFromAPartyThatMayNotHoldItsRoleAnyMore) {
  Accept(Bundle(intake::DemoMessage("admit")));
  HANDOFF_EXPECT_OK(ReadJsonAs("lfm", {"Condition", "heart-failure"}));
  const std::size_t pending = Pending("lfm").size();
  LoadRules({{"lfm.roles", "treating"}});
  EXPECT_THAT(ReadJsonAs("lfm", {"Condition", "heart-failure"}),
              testing::StatusIs(absl::StatusCode::kNotFound, ""));
  const v1::Receipt receipt = Accept(Update("mrmc", "Encounter", "v-771203", R"({
      "resourceType":"Encounter","id":"v-771203","status":"finished","class":{"code":"IMP"},
      "subject":{"reference":"Patient/odalys-brightwater"},
      "period":{"start":"2026-06-27T14:02:11-04:00","end":"2026-07-02T10:00:00-04:00"}})"));
  EXPECT_EQ(receipt.events_size(), 1);
  EXPECT_EQ(Pending("lfm").size(), pending);
}

TEST_F(ReaderTest, ShowsWhoGivesCareToEveryParty) {
  LoadDemo();
  HANDOFF_EXPECT_OK(ReadJsonAs("llp", {"Organization", "maple-ridge"}));
  HANDOFF_EXPECT_OK(ReadJsonAs("llp", {"Practitioner", "dr-quillon"}));
}

TEST_F(ReaderTest, DropsReferencesToWhatTheCallerMayNotSee) {
  LoadDemo();
  HANDOFF_ASSERT_OK_AND_ASSIGN(const std::string json, ReadJsonAs("nha", {"CarePlan", "plan-77"}));
  EXPECT_THAT(json, AllOf(HasSubstr("Goal/"), Not(HasSubstr("Condition/"))));
}

TEST_F(ReaderTest, ReadsAPastVersion) {
  LoadDemo();
  const ResourceKey key{"Encounter", "v-771203"};
  HANDOFF_ASSERT_OK_AND_ASSIGN(const Visible first, reader_->VRead(PartyKey("lfm"), key, 1));
  EXPECT_THAT(JsonOf(first.encoded),
              AllOf(HasSubstr("\"in-progress\""), HasSubstr("\"versionId\":\"1\"")));
  EXPECT_THAT(reader_->VRead(PartyKey("lfm"), key, 9),
              testing::StatusIs(absl::StatusCode::kNotFound, ""));
  EXPECT_THAT(reader_->VRead(PartyKey("llp"), key, 1),
              testing::StatusIs(absl::StatusCode::kNotFound, ""));
}

// What a message label withholds when the message is sent must not be had by asking.
TEST_F(ReaderTest, HidesWhatCameWithARecordUnderAMessageLabel) {
  std::string labelled = intake::DemoMessage("admit");
  const std::string condition = "\"id\": \"heart-failure\",";
  ASSERT_NE(labelled.find(condition), std::string::npos);
  labelled = intake::Replaced(
      labelled,
      condition,
      condition +
          R"("meta": {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
                                    "code": "42CFRPart2"}]},)");
  ASSERT_TRUE(Accept(Bundle(labelled)).accepted());
  EXPECT_THAT(ReadJsonAs("lfm", {"Encounter", "v-771203"}),
              testing::StatusIs(absl::StatusCode::kNotFound, ""));
  EXPECT_THAT(ReadJsonAs("nha", {"Patient", "odalys-brightwater"}),
              testing::StatusIs(absl::StatusCode::kNotFound, ""));
  HANDOFF_EXPECT_OK(ReadJsonAs("mrmc", {"Encounter", "v-771203"}));
}

constexpr char kPart2[] = R"("meta":{"security":[
    {"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"42CFRPart2"}]},)";

TEST_F(ReaderTest, HidesAllThatCameUnderALabelOfTheBundleOrItsHeader) {
  for (const char* place :
       {"\"id\": \"mrmc-admit\",", "\"id\": \"7d1f0c52-0000-4000-8000-000000000101\","}) {
    ReaderTest::store_ = store::OpenMemoryStore({});
    SetUp();
    const std::string plain = intake::DemoMessage("admit");
    const std::string labelled = intake::Replaced(plain, place, std::string(place) + kPart2);
    ASSERT_NE(labelled, plain) << place;
    ASSERT_TRUE(Accept(Bundle(labelled)).accepted());
    for (const auto& [type, id] : {std::pair("Encounter", "v-771203"),
                                   std::pair("Condition", "heart-failure"),
                                   std::pair("Patient", "odalys-brightwater")}) {
      EXPECT_THAT(ReadJsonAs("lfm", {type, id}), testing::StatusIs(absl::StatusCode::kNotFound, ""))
          << place << type;
      HANDOFF_EXPECT_OK(ReadJsonAs("mrmc", {type, id}));
    }
  }
}

TEST_F(ReaderTest, KeepsALabelThroughAnUpdateWithoutIt) {
  LoadDemo();
  const auto put = [this](const std::string& meta, const char* text) {
    ASSERT_TRUE(Accept(Update("mrmc",
                              "Condition",
                              "labelled",
                              R"({"resourceType":"Condition",)" + meta +
                                  R"("id":"labelled","code":{"text":")" + text +
                                  R"("},"subject":{"reference":"Patient/odalys-brightwater"}})"))
                    .accepted());
  };
  put("", "first");
  HANDOFF_EXPECT_OK(ReadJsonAs("lfm", {"Condition", "labelled"}));
  put(kPart2, "second");
  put("", "third");
  EXPECT_THAT(ReadJsonAs("lfm", {"Condition", "labelled"}),
              testing::StatusIs(absl::StatusCode::kNotFound, ""));
  HANDOFF_ASSERT_OK_AND_ASSIGN(const std::string own,
                               ReadJsonAs("mrmc", {"Condition", "labelled"}));
  EXPECT_THAT(own, AllOf(HasSubstr("third"), HasSubstr("42CFRPart2")));
}

class DeletedTest : public ReaderTest {
 protected:
  // The store keeps a deletion as a version without content.
  void Delete(const ResourceKey& key) {
    v1::StoredResource stored = Stored(key.type, key.id);
    stored.mutable_name()->set_version(stored.name().version() + 1);
    stored.set_deleted(true);
    stored.clear_resource();
    stored.clear_tokens();
    store::Batch batch;
    batch.resources.push_back(std::move(stored));
    HANDOFF_ASSERT_OK(store_->CommitAndWait(std::move(batch)));
  }
};

TEST_F(DeletedTest, IsGoneForThoseWhoMightHaveSeenItAndAbsentForOthers) {
  LoadDemo();
  Delete({"Condition", "heart-failure"});
  const absl::Status seen = ReadJsonAs("lfm", {"Condition", "heart-failure"}).status();
  EXPECT_EQ(ErrorOf(seen).id, ErrorId::kGone);
  const absl::Status unseen = ReadJsonAs("nha", {"Condition", "heart-failure"}).status();
  EXPECT_EQ(ErrorOf(unseen).id, ErrorId::kNotFound);
  HANDOFF_EXPECT_OK(reader_->VRead(PartyKey("lfm"), {"Condition", "heart-failure"}, 1).status());
}

}  // namespace
}  // namespace handoff::access
