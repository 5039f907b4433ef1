#include "gateway/intake/held_persons.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "tests/unit/intake/intake_fixture.h"

namespace handoff::intake {
namespace {

using ::handoff::testing::StatusIs;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kOdalys[] = "odalys-brightwater";

// Odalys is known; then a record of the same number comes with another name and birth date.
class HeldPersonsTest : public IntakeTest {
 protected:
  void SetUp() override {
    IntakeTest::SetUp();
    Accept(Bundle(DemoMessage("admit")));
    Settle("lfm");
    odalys_ = PersonOf("Patient", kOdalys);
  }

  // A message of a patient who has the number of Odalys, and a stay of their own.
  static std::string Abel(const std::string& message) {
    return AsAbel(
        Replaced(Replaced(Replaced(DemoMessage(message), kOdalys, "abel"), "v-771203", "v-880001"),
                 "V-771203",
                 "V-880001"));
  }
  static std::string AsAbel(std::string text) {
    return Replaced(
        Replaced(Replaced(Replaced(std::move(text), "Brightwater", "Nobody"), "Odalys", "Abel"),
                 "Maren",
                 "Tam"),
        "1944-03-18",
        "1999-09-09");
  }

  PersonId PersonOf(const std::string& type, const std::string& id) {
    return PersonId{Stored(type, id).person_id()};
  }
  v1::Person Person(PersonId id) { return **store_->GetSnapshot()->ReadPerson(id); }

  std::vector<v1::Delivery> Held() {
    return store_->ListDeliveries(v1::DELIVERY_STATE_HELD, "", "", 100).value();
  }
  absl::StatusOr<Released> Release(PersonId person, PersonId into = PersonId::kNone) {
    return held_persons_->Release(
        {.person = person, .merge_into = into, .by = "operations", .reason = "asked the ward"});
  }
  void Settle(const std::string& recipient) {
    store::Batch batch;
    for (v1::Delivery& delivery : Pending(recipient)) {
      delivery.set_state(v1::DELIVERY_STATE_DELIVERED);
      batch.settle.push_back(std::move(delivery));
    }
    HANDOFF_ASSERT_OK(store_->CommitAndWait(std::move(batch)));
  }
  // An admission of message m1 that had its recipient when the doubt came, long ago.
  void Keep(const std::string& id,
            PersonId person,
            const std::string& recipient,
            const std::string& channel) {
    store::Batch batch;
    v1::Delivery& held = batch.enqueue.emplace_back();
    held.set_id(id);
    held.set_recipient(recipient);
    held.set_channel(channel);
    held.set_person_id(static_cast<std::uint64_t>(person));
    held.set_state(v1::DELIVERY_STATE_HELD);
    held.mutable_event()->set_kind(v1::EVENT_KIND_ADMIT);
    held.mutable_event()->set_message_id("m1");
    HANDOFF_ASSERT_OK(store_->CommitAndWait(std::move(batch)));
  }
  std::vector<std::string> Texts(const std::string& message, v1::LedgerEntry::Kind kind) {
    std::vector<std::string> texts;
    const auto ledger = store_->GetSnapshot()->Ledger(MessageId(message));
    for (const v1::LedgerEntry& entry : ledger.value()) {
      if (entry.kind() == kind) texts.push_back(entry.text());
    }
    return texts;
  }

  PersonId odalys_ = PersonId::kNone;
};

TEST_F(HeldPersonsTest, KeepsWhatHappensToThemForASteward) {
  const v1::Receipt receipt = Accept(Bundle(Abel("discharge")));
  EXPECT_THAT(receipt.ShortDebugString(), HasSubstr("held for a steward"));
  EXPECT_EQ(receipt.deliveries(), 0u);
  const PersonId abel = PersonOf("Patient", "abel");
  EXPECT_NE(abel, odalys_);
  EXPECT_TRUE(Person(abel).held());
  EXPECT_FALSE(Person(odalys_).held());
  EXPECT_THAT(Pending("lfm"), IsEmpty());
  EXPECT_THAT(Kinds(Held()), Contains(v1::EVENT_KIND_UNSPECIFIED).Times(1));  // the doubt itself
  const std::string odalys = "person " + std::to_string(static_cast<std::uint64_t>(odalys_));
  EXPECT_THAT(Texts(receipt.message_id(), v1::LedgerEntry::HELD),
              Contains("for a steward: an identifier is that of " + odalys +
                       ", birth date and name are others"));
  EXPECT_THAT(Kinds(Held()), Contains(v1::EVENT_KIND_DISCHARGE).Times(1));
  for (const v1::Delivery& held : Held()) {
    EXPECT_EQ(PersonId{held.person_id()}, abel);
    EXPECT_EQ(held.event().message_id(), receipt.message_id());
  }
}

TEST_F(HeldPersonsTest, SomebodyOfTheirOwnIsToldOfAndInDoubtNoMore) {
  const v1::Receipt admit = Accept(Bundle(Abel("admit")));
  const v1::Receipt discharge = Accept(Bundle(Abel("discharge")));
  const PersonId abel = PersonOf("Patient", "abel");
  const std::size_t held = Held().size();
  HANDOFF_ASSERT_OK_AND_ASSIGN(const Released released, Release(abel));
  EXPECT_EQ(released.held, held);
  EXPECT_THAT(Held(), IsEmpty());
  EXPECT_THAT(Kinds(Pending("lfm")),
              ElementsAre(v1::EVENT_KIND_ADMIT,
                          v1::EVENT_KIND_DISCHARGE,
                          v1::EVENT_KIND_GOAL_STATUS,
                          v1::EVENT_KIND_PLAN_VERSION));
  for (const v1::Delivery& delivery : Pending("lfm"))
    EXPECT_EQ(PersonId{delivery.person_id()}, abel);
  EXPECT_THAT(Texts(discharge.message_id(), v1::LedgerEntry::RELEASED),
              Contains("by operations, somebody of its own: asked the ward"));
  EXPECT_THAT(Texts(admit.message_id(), v1::LedgerEntry::ROUTED), Not(IsEmpty()));

  // The number leads to Odalys as before; the record that has it too stays where it is.
  Settle("lfm");
  Accept(Bundle(Replaced(Abel("discharge"), "mrmc-discharge", "mrmc-again")));
  Accept(Update("mrmc", "Patient", "abel", R"({"resourceType":"Patient","id":"abel",
      "identifier":[{"system":"urn:oid:2.999.10.1","value":"500117"}],
      "name":[{"family":"Nobody","given":["Abel"]}],"birthDate":"1999-09-09"})"));
  EXPECT_FALSE(Person(abel).held());
  EXPECT_EQ(PersonOf("Patient", "abel"), abel);
  EXPECT_EQ(*store_->GetSnapshot()->Lookup(store::LinkKind::kIdentifierToPerson,
                                           "urn:oid:2.999.10.1|500117"),
            std::to_string(static_cast<std::uint64_t>(odalys_)));
  Accept(Bundle(DemoMessage("discharge")));
  EXPECT_EQ(PersonOf("Patient", kOdalys), odalys_);
  EXPECT_FALSE(Person(odalys_).held());
}

TEST_F(HeldPersonsTest, WhoIsAnotherBecomesThem) {
  const v1::Receipt receipt = Accept(Bundle(Abel("discharge")));
  const PersonId abel = PersonOf("Patient", "abel");
  HANDOFF_ASSERT_OK(Release(abel, odalys_));
  for (const auto& [type, id] :
       {std::pair("Patient", "abel"), {"Encounter", "v-880001"}, {"CarePlan", "plan-77"}})
    EXPECT_EQ(PersonOf(type, id), odalys_) << type;
  EXPECT_THAT(Kinds(Pending("lfm")), Contains(v1::EVENT_KIND_DISCHARGE));
  for (const v1::Delivery& delivery : Pending("lfm"))
    EXPECT_EQ(PersonId{delivery.person_id()}, odalys_);
  EXPECT_EQ(PersonId{Person(abel).merged_into()}, odalys_);
  EXPECT_FALSE(Person(odalys_).held());
  const v1::Person odalys = Person(odalys_);
  for (const std::string& id : odalys.transitions()) {
    const auto stay = store_->GetSnapshot()->ReadTransition(id);
    EXPECT_EQ(PersonId{(*stay)->person_id()}, odalys_);
  }
  EXPECT_EQ(odalys.transitions_size(), 2);
  EXPECT_THAT(Texts(receipt.message_id(), v1::LedgerEntry::RELEASED),
              Contains(HasSubstr("person " + std::to_string(odalys.id()))));

  // What a steward united is no doubt again, and later records follow.
  Accept(Bundle(Replaced(Abel("discharge"), "mrmc-discharge", "mrmc-again")));
  Accept(Bundle(DemoMessage("discharge")));
  EXPECT_FALSE(Person(odalys_).held());
  EXPECT_EQ(PersonOf("Patient", "abel"), odalys_);
  EXPECT_EQ(PersonOf("Patient", kOdalys), odalys_);
}

// A third record has to agree with one of the two, and only with one.
TEST_F(HeldPersonsTest, ARecordThatAgreesWithEitherOfTwoUnitedIsNoDoubt) {
  Accept(Bundle(Abel("admit")));
  HANDOFF_ASSERT_OK(Release(PersonOf("Patient", "abel"), odalys_));
  const auto send = [&](const char* id, const char* family, const char* birth_date) {
    Accept(Update(
        "lfm",
        "Patient",
        id,
        std::string(R"({"resourceType":"Patient","id":")") + id +
            R"(","identifier":[{"system":"urn:oid:2.999.10.1","value":"500117"}],"name":[{"family":")" +
            family + R"("}],"birthDate":")" + birth_date + R"("})"));
    return PersonOf("Patient", id);
  };
  EXPECT_EQ(send("third", "Nobody", "1999-09-09"), odalys_);
  EXPECT_EQ(send("fourth", "Brightwater", "1944-03-18"), odalys_);
  EXPECT_FALSE(Person(odalys_).held());
  EXPECT_TRUE(Person(send("fifth", "Else", "1921-01-02")).held());
}

// A mother and her newborn, with the family's insurance number.
TEST_F(HeldPersonsTest, TwoPatientsOfOneMessageAreCompared) {
  Accept(Bundle(R"({"resourceType":"Bundle","type":"transaction","entry":[
      {"request":{"method":"PUT","url":"Patient/mother"},
       "resource":{"resourceType":"Patient","id":"mother","birthDate":"1990-02-03",
         "identifier":[{"system":"urn:oid:2.999.30","value":"f1"}],
         "name":[{"family":"Lindqvist","given":["Hattie"]}]}},
      {"request":{"method":"PUT","url":"Patient/newborn"},
       "resource":{"resourceType":"Patient","id":"newborn","birthDate":"2026-07-01",
         "identifier":[{"system":"urn:oid:2.999.30","value":"f1"}],
         "name":[{"family":"Lindqvist","given":["Otto"]}]}}]})"));
  EXPECT_NE(PersonOf("Patient", "mother"), PersonOf("Patient", "newborn"));
  EXPECT_TRUE(Person(PersonOf("Patient", "newborn")).held());
}

// Another's data put over a record: the surest sign that one id now stands for two people.
TEST_F(HeldPersonsTest, ARecordThatBecomesSomebodyElseIsInDoubt) {
  Accept(Bundle(Replaced(AsAbel(DemoMessage("discharge")), "mrmc-discharge", "mrmc-overlay")));
  EXPECT_EQ(PersonOf("Patient", kOdalys), odalys_);
  EXPECT_TRUE(Person(odalys_).held());
  EXPECT_EQ(Held()[0].last_error(), "birth date and name are others than its record had");
  EXPECT_THAT(Pending("lfm"), IsEmpty());
  // The sender puts it right; a steward looks.
  Accept(Bundle(DemoMessage("discharge")));
  EXPECT_THAT(Pending("lfm"), IsEmpty());
  HANDOFF_ASSERT_OK(Release(odalys_));
  EXPECT_THAT(Kinds(Pending("lfm")), Contains(v1::EVENT_KIND_DISCHARGE));
  Accept(Bundle(Replaced(DemoMessage("discharge"), "mrmc-discharge", "mrmc-again")));
  EXPECT_FALSE(Person(odalys_).held());
}

TEST_F(HeldPersonsTest, ADeliveryThatWasHeldKeepsItsPlaceInTheLane) {
  Accept(Bundle(Abel("admit")));
  const PersonId abel = PersonOf("Patient", "abel");
  HANDOFF_ASSERT_OK(Release(abel));
  ASSERT_EQ(Pending("lfm").size(), 1u);
  const v1::Delivery admit = Pending("lfm")[0];

  // In doubt anew, while the delivery waits for its recipient.
  Accept(Update("mrmc", "Patient", "abel", R"({"resourceType":"Patient","id":"abel",
      "identifier":[{"system":"urn:oid:2.999.10.1","value":"500117"}],
      "name":[{"family":"Quite","given":["Other"]}],"birthDate":"1921-01-02"})"));
  ASSERT_TRUE(Person(abel).held());
  store::Batch batch;
  batch.settle.push_back(admit);
  batch.settle.back().set_state(v1::DELIVERY_STATE_HELD);
  HANDOFF_ASSERT_OK(store_->CommitAndWait(std::move(batch)));
  Accept(Bundle(Abel("discharge")));

  clock_.Advance(std::chrono::hours(1));
  HANDOFF_ASSERT_OK(Release(abel));
  const std::vector<v1::Delivery> pending = Pending("lfm");
  EXPECT_THAT(Kinds(pending), Contains(v1::EVENT_KIND_DISCHARGE));
  ASSERT_EQ(pending[0].id(), admit.id());
  EXPECT_EQ(pending[0].sequence(), admit.sequence());
  EXPECT_EQ(pending[0].created_us(), ToMicros(clock_.Now()));  // its seven days start again
}

TEST_F(HeldPersonsTest, WhatAStreamPassedOverComesBackOnIt) {
  Accept(Bundle(Abel("admit")));
  const PersonId abel = PersonOf("Patient", "abel");
  Keep("kept", abel, "nha", "stream");
  const std::size_t before = Stream("nha/transitions").size();
  HANDOFF_ASSERT_OK(Release(abel));
  const std::vector<v1::Delivery> items = Stream("nha/transitions");
  ASSERT_GT(items.size(), before);
  // In front of what came after it, however late its recipient asked for it.
  EXPECT_EQ(items[before].event().message_id(), "m1");
  EXPECT_NE(items[before].id(), "kept");
  EXPECT_THAT(Texts("m1", v1::LedgerEntry::ROUTED), ElementsAre(HasSubstr("after it was held")));
}

// What was on its way to somebody who was merged is about the survivor.
TEST_F(HeldPersonsTest, FollowsAMerge) {
  Accept(Bundle(Abel("admit")));
  const PersonId abel = PersonOf("Patient", "abel");
  HANDOFF_ASSERT_OK(Release(abel, odalys_));
  Accept(Bundle(Replaced(AsAbel(DemoMessage("discharge")), "mrmc-discharge", "mrmc-overlay")));
  ASSERT_TRUE(Person(odalys_).held());
  Keep("of-abel", abel, "lfm", "push");
  HANDOFF_ASSERT_OK(Release(abel));  // by the number that the list shows
  EXPECT_FALSE(Person(odalys_).held());
  EXPECT_THAT(Held(), IsEmpty());
  const v1::Delivery sent = **store_->ReadDelivery("of-abel");
  EXPECT_EQ(sent.state(), v1::DELIVERY_STATE_PENDING);
  EXPECT_EQ(PersonId{sent.person_id()}, odalys_);  // in one lane with what is told after it
}

TEST_F(HeldPersonsTest, RefusesWhatIsNoDecision) {
  Accept(Bundle(Abel("admit")));
  const PersonId abel = PersonOf("Patient", "abel");
  using absl::StatusCode;
  EXPECT_THAT(Release(PersonId{5}), StatusIs(StatusCode::kNotFound, "no such person"));
  EXPECT_THAT(Release(odalys_), StatusIs(StatusCode::kFailedPrecondition, "not held"));
  EXPECT_THAT(Release(abel, PersonId{5}), StatusIs(StatusCode::kNotFound, "merge into"));
  EXPECT_THAT(Release(abel, abel), StatusIs(StatusCode::kInvalidArgument, "into itself"));
  EXPECT_THAT(
      held_persons_->Release(
          {.person = abel, .merge_into = PersonId::kNone, .by = "operations", .reason = ""}),
      StatusIs(StatusCode::kInvalidArgument, "a reason"));
  EXPECT_TRUE(Person(abel).held());
  EXPECT_THAT(Held(), Not(IsEmpty()));

  HANDOFF_ASSERT_OK(Release(abel, odalys_));
  EXPECT_THAT(Release(abel), StatusIs(StatusCode::kFailedPrecondition, "not held"));
  Accept(Bundle(Replaced(AsAbel(DemoMessage("discharge")), "mrmc-discharge", "mrmc-overlay")));
  ASSERT_TRUE(Person(odalys_).held());
  EXPECT_THAT(Release(odalys_, abel), StatusIs(StatusCode::kFailedPrecondition, "was merged"));
}

}  // namespace
}  // namespace handoff::intake
