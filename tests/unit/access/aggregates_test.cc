// Plans, referrals, stays and explanations.
#include <gmock/gmock.h>

#include "gateway/store/cached_snapshot.h"
#include "tests/unit/access/reader_fixture.h"

namespace handoff::access {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Property;
using ::testing::SizeIs;

TEST_F(ReaderTest, GivesThePayerTheStatusOfAPlan) {
  LoadDemo();
  HANDOFF_ASSERT_OK_AND_ASSIGN(const v1::PlanStatus status,
                               reader_->GetPlanStatus(PartyKey("nha"), "plan-77"));
  EXPECT_EQ(status.plan_id(), "plan-77");
  EXPECT_EQ(status.status(), v1::REQUEST_STATUS_ACTIVE);
  ASSERT_THAT(status.goals(), SizeIs(1));
  EXPECT_EQ(status.goals(0).goal_id(), "steady-weight");
  EXPECT_THAT(status.subject_identifiers(), Not(IsEmpty()));
  for (const v1::Identifier& identifier : status.subject_identifiers()) {
    EXPECT_NE(identifier.value(), "500117");
  }
}

TEST_F(ReaderTest, ListsPlansOfThePersonThatAnIdentifierNames) {
  LoadDemo();
  HANDOFF_ASSERT_OK_AND_ASSIGN(const PlanStatusPage all,
                               reader_->ListPlanStatus(PartyKey("nha"), "", {}));
  EXPECT_THAT(all.items, SizeIs(1));
  EXPECT_EQ(all.next, "");
  EXPECT_THAT(reader_->ListPlanStatus(PartyKey("lfm"), "urn:oid:2.999.10.1|500117", {})->items,
              SizeIs(1));
  EXPECT_THAT(reader_->ListPlanStatus(PartyKey("lfm"), "urn:oid:2.999.10.1|1", {})->items,
              IsEmpty());
  EXPECT_THAT(reader_->ListPlanStatus(PartyKey("llp"), "urn:oid:2.999.10.1|500117", {})->items,
              IsEmpty());
  EXPECT_THAT(reader_->ListPlanStatus(PartyKey("lfm"), "500117", {}),
              testing::StatusIs(absl::StatusCode::kInvalidArgument, "system|value"));
  EXPECT_THAT(reader_->GetPlanStatus(PartyKey("htf"), "plan-77"),
              testing::StatusIs(absl::StatusCode::kNotFound, "no such resource"));
}

TEST_F(ReaderTest, ShowsAReferralToItsTwoPartiesOnly) {
  LoadDemo();
  for (const char* party : {"mrmc", "htf"}) {
    HANDOFF_ASSERT_OK_AND_ASSIGN(
        const ReferralPage page,
        reader_->ListReferrals(PartyKey(party), v1::REFERRAL_STATE_UNSPECIFIED, {}));
    ASSERT_THAT(page.items, SizeIs(1)) << party;
    HANDOFF_ASSERT_OK_AND_ASSIGN(const ReferralStory story,
                                 reader_->GetReferral(PartyKey(party), page.items[0].id()));
    EXPECT_EQ(story.referral.performer(), "htf");
    EXPECT_THAT(story.resources.size(), ::testing::Ge(3u)) << party;
    for (const char* other : {"llp", "nha", "lfm"}) {
      EXPECT_THAT(reader_->GetReferral(PartyKey(other), page.items[0].id()),
                  testing::StatusIs(absl::StatusCode::kNotFound, ""))
          << other;
    }
  }
  EXPECT_THAT(reader_->ListReferrals(PartyKey("llp"), v1::REFERRAL_STATE_UNSPECIFIED, {})->items,
              IsEmpty());
  EXPECT_THAT(reader_->ListReferrals(PartyKey("htf"), v1::REFERRAL_STATE_COMPLETED, {})->items,
              IsEmpty());
}

TEST_F(ReaderTest, ShowsTheReferralOfAPersonInDoubtToWhoAskedAlone) {
  LoadDemo();
  const v1::Referral referral =
      reader_->ListReferrals(PartyKey("mrmc"), v1::REFERRAL_STATE_UNSPECIFIED, {})->items[0];
  v1::Person person = **store_->GetSnapshot()->ReadPerson(PersonId{referral.person_id()});
  person.set_held(true);
  store::Batch batch;
  batch.persons.push_back(person);
  HANDOFF_ASSERT_OK(store_->CommitAndWait(std::move(batch)));
  HANDOFF_EXPECT_OK(reader_->GetReferral(PartyKey("mrmc"), referral.id()));
  EXPECT_THAT(reader_->GetReferral(PartyKey("htf"), referral.id()),
              testing::StatusIs(absl::StatusCode::kNotFound, ""));
  for (const auto& [party, count] : {std::pair("mrmc", 1u), {"htf", 0u}}) {
    EXPECT_THAT(reader_->ListReferrals(PartyKey(party), v1::REFERRAL_STATE_UNSPECIFIED, {})->items,
                SizeIs(count));
  }
}

TEST_F(ReaderTest, HidesInAStayWhatItsEncounterHides) {
  LoadDemo();
  const std::string id =
      **store_->GetSnapshot()->Lookup(store::LinkKind::kResourceToTransition, "Encounter/v-771203");
  HANDOFF_ASSERT_OK_AND_ASSIGN(const TransitionStory own,
                               reader_->GetTransition(PartyKey("mrmc"), id));
  EXPECT_NE(own.transition.discharged_us(), 0);
  HANDOFF_ASSERT_OK_AND_ASSIGN(const TransitionStory payer,
                               reader_->GetTransition(PartyKey("nha"), id));
  EXPECT_EQ(payer.transition.disposition(), own.transition.disposition());
  EXPECT_THAT(JsonOf(payer.bundle), Not(HasSubstr("\"Condition\"")));
  EXPECT_THAT(JsonOf(payer.bundle), HasSubstr("\"Encounter\""));
  EXPECT_THAT(reader_->GetTransition(PartyKey("htf"), id),
              testing::StatusIs(absl::StatusCode::kNotFound, ""));
  EXPECT_THAT(reader_->GetTransition(PartyKey("mrmc"), "no-such"),
              testing::StatusIs(absl::StatusCode::kNotFound, ""));
}

TEST_F(ReaderTest, TellsTheSameOfAStayAndAReferralWithoutTheirStories) {
  LoadDemo();
  const auto snapshot = std::make_shared<store::CachedSnapshot>(store_->GetSnapshot());
  const std::string stay =
      **snapshot->Lookup(store::LinkKind::kResourceToTransition, "Encounter/v-771203");
  const ReferralPage page =
      *reader_->ListReferrals(PartyKey("mrmc"), v1::REFERRAL_STATE_UNSPECIFIED, {});
  ASSERT_THAT(page.items, Not(IsEmpty()));
  const std::string& referral = page.items[0].id();
  int seen = 0;
  for (const directory::Party& party : rules_->directory->parties()) {
    const auto transition = reader_->GetTransition(party.key, stay);
    const auto alone = reader_->GetTransitionAlone(party.key, stay, snapshot);
    ASSERT_EQ(alone.status(), transition.status()) << party.key.value();
    if (alone.ok()) {
      ++seen;
      EXPECT_EQ(alone->SerializeAsString(), transition->transition.SerializeAsString());
    }
    const auto story = reader_->GetReferral(party.key, referral);
    const auto referral_alone = reader_->GetReferralAlone(party.key, referral, *snapshot);
    ASSERT_EQ(referral_alone.status(), story.status()) << party.key.value();
    if (story.ok()) {
      EXPECT_EQ(referral_alone->SerializeAsString(), story->referral.SerializeAsString());
    }
  }
  EXPECT_GE(seen, 3);  // the hospital, the practice and the payer
}

TEST_F(ReaderTest, ExplainsAMessageToItsSenderByAnyOfItsIds) {
  const v1::Receipt receipt = Accept(Bundle(intake::DemoMessage("discharge")));
  for (const std::string& id :
       {receipt.message_id(), std::string("7d1f0c52-0000-4000-8000-000000000102")}) {
    HANDOFF_ASSERT_OK_AND_ASSIGN(const Explanation explanation,
                                 reader_->Explain(PartyKey("mrmc"), id));
    EXPECT_EQ(explanation.receipt.message_id(), receipt.message_id());
    EXPECT_THAT(explanation.entries,
                Contains(Property(&v1::LedgerEntry::kind, v1::LedgerEntry::ROUTED)));
    EXPECT_THAT(explanation.pending, Contains(Property(&v1::Delivery::recipient, "lfm")));
    // Who pulls has not acknowledged it.
    EXPECT_THAT(explanation.pending, Contains(Property(&v1::Delivery::recipient, "nha")));
  }
}

TEST_F(ReaderTest, ExplainsNoItemOfAStreamAsPendingThatIsAtItsEnd) {
  const v1::Receipt receipt = Accept(Bundle(intake::DemoMessage("discharge")));
  const auto pending = [&] {
    return reader_->Explain(PartyKey("mrmc"), receipt.message_id())->pending;
  };
  store::Batch batch;
  for (const v1::Delivery& delivery : pending()) {
    if (delivery.recipient() != "nha") continue;
    v1::LedgerEntry& entry = batch.ledger.emplace_back();
    entry.set_kind(batch.ledger.size() == 1 ? v1::LedgerEntry::DELIVERED
                                            : v1::LedgerEntry::WITHHELD);
    entry.set_message_id(receipt.message_id());
    entry.set_delivery_id(delivery.id());
  }
  ASSERT_EQ(batch.ledger.size(), 3u);
  HANDOFF_ASSERT_OK(store_->CommitAndWait(std::move(batch)));
  EXPECT_THAT(pending(), Not(Contains(Property(&v1::Delivery::recipient, "nha"))));
  EXPECT_THAT(pending(), Contains(Property(&v1::Delivery::recipient, "lfm")));
}

TEST_F(ReaderTest, ExplainsToNoOtherPartyButTheOperator) {
  const v1::Receipt receipt = Accept(Bundle(intake::DemoMessage("discharge")));
  EXPECT_THAT(reader_->Explain(PartyKey("lfm"), receipt.message_id()),
              testing::StatusIs(absl::StatusCode::kNotFound, "no such message"));
  const std::string named = "7d1f0c52-0000-4000-8000-000000000102";
  EXPECT_THAT(reader_->Explain(PartyKey("lfm"), named),
              testing::StatusIs(absl::StatusCode::kNotFound, "no such message"));
  const auto& parties = rules_->directory->parties();
  const auto op = std::find_if(
      parties.begin(), parties.end(), [](const directory::Party& p) { return p.is_operator; });
  ASSERT_NE(op, parties.end());
  HANDOFF_EXPECT_OK(reader_->Explain(op->key, receipt.message_id()));
  HANDOFF_EXPECT_OK(reader_->Explain(op->key, named));
}

}  // namespace
}  // namespace handoff::access
