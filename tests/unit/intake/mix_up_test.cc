#include <tuple>
#include <vector>

#include <gmock/gmock.h>

#include "tests/unit/intake/intake_fixture.h"

namespace handoff::intake {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// A message about one person in which something names another patient.
class MixUpTest : public IntakeTest {
 protected:
  // The discharge with one more entry, whose references lead to the stay.
  static std::string WithEntry(const std::string& resource) {
    const std::string entries = "\"entry\": [";
    std::string message = DemoMessage("discharge");
    const std::size_t header_end = message.find("  {\n   \"fullUrl\"", message.find(entries) + 30);
    return message.insert(
        header_end,
        R"({"fullUrl":"urn:uuid:7d1f0c52-0000-4000-8000-0000000000aa","resource":)" + resource +
            "},");
  }

  static std::string OfPatient(const std::string& type, const std::string& reference) {
    return R"({"resourceType":")" + type +
           R"(","id":"mix-up","status":"final","code":{"text":"Hallux valgus"},
        "subject":{"reference":")" +
           reference + R"("},
        "encounter":{"reference":"urn:uuid:7d1f0c52-0000-4000-8000-000000000002"}})";
  }

  // True if some event of the message tells of `id`.
  bool IsTold(const v1::Receipt& receipt, const std::string& id) {
    const auto message = store_->GetSnapshot()->ReadMessage(MessageId(receipt.message_id()));
    EXPECT_GT((*message)->events_size(), 0);
    for (const v1::Event& event : (*message)->events()) {
      for (const v1::ResourceName& name : event.resources()) {
        if (name.id() == id) return true;
      }
    }
    return false;
  }
};

class UnknownPatientTest
    : public MixUpTest,
      public ::testing::WithParamInterface<std::tuple<const char*, const char*>> {};

INSTANTIATE_TEST_SUITE_P(
    All,
    UnknownPatientTest,
    ::testing::Combine(::testing::Values("Observation", "Media"),
                       ::testing::Values("Patient/somebody-else",
                                         "https://other.example/fhir/Patient/odalys-brightwater",
                                         "urn:uuid:7d1f0c52-0000-4000-8000-0000000000ff")));

TEST_P(UnknownPatientTest, GivesWhatNamesThemToNobody) {
  const auto [type, reference] = GetParam();
  const v1::Receipt receipt = Accept(Bundle(WithEntry(OfPatient(type, reference))));
  ASSERT_TRUE(receipt.accepted()) << receipt.ShortDebugString();
  EXPECT_EQ(Stored(type, "mix-up").person_id(), 0u);
  EXPECT_FALSE(IsTold(receipt, "mix-up"));
  EXPECT_TRUE(IsTold(receipt, "heart-failure"));
  EXPECT_THAT(receipt.ShortDebugString(), HasSubstr("told to no one"));
}

TEST_F(MixUpTest, GivesWhatNamesThePatientOfTheMessageToThem) {
  const v1::Receipt receipt = Accept(
      Bundle(WithEntry(OfPatient("Media", "urn:uuid:7d1f0c52-0000-4000-8000-000000000003"))));
  EXPECT_EQ(Stored("Media", "mix-up").person_id(),
            Stored("Patient", "odalys-brightwater").person_id());
  EXPECT_TRUE(IsTold(receipt, "mix-up"));
}

TEST_F(MixUpTest, FollowsAnAbsoluteReferenceToWhatWeKeep) {
  Accept(Bundle(DemoMessage("discharge")));
  const std::string plan = R"({"resourceType":"CarePlan","id":"answer","status":"active",
      "intent":"plan","subject":{"reference":"https://gw.example/fhir/Patient/odalys-brightwater"}})";
  Accept(Update("lfm", "CarePlan", "answer", plan));
  EXPECT_EQ(Stored("CarePlan", "answer").person_id(),
            Stored("Patient", "odalys-brightwater").person_id());
  EXPECT_EQ(Parsed("CarePlan", "answer").care_plan().subject().resource_id(), "odalys-brightwater");
}

TEST_F(MixUpTest, FollowsAnIdentifierInPlaceOfAReference) {
  for (const bool same : {true, false}) {
    const std::string value = same ? "500117" : "somebody-else";
    const std::string id = same ? "same" : "other";
    const v1::Receipt receipt = Accept(
        Bundle(WithEntry(R"({"resourceType":"Observation","id":")" + id + R"(","status":"final",
            "code":{"text":"Hallux valgus"},
            "subject":{"identifier":{"system":"urn:oid:2.999.10.1","value":")" +
                         value + R"("}},
            "encounter":{"reference":"urn:uuid:7d1f0c52-0000-4000-8000-000000000002"}})")));
    EXPECT_EQ(Stored("Observation", id).person_id() != 0, same);
  }
}

// A Patient that is held has a person of its own; the one it was compared with is none of the
// message's.
TEST_F(MixUpTest, GivesNothingToThePersonOfWhomAPatientIsInDoubt) {
  Accept(Bundle(DemoMessage("discharge")));
  const std::uint64_t odalys = Stored("Patient", "odalys-brightwater").person_id();
  Accept(Bundle(R"({"resourceType":"Bundle","type":"transaction","entry":[
      {"fullUrl":"urn:uuid:7d1f0c52-0000-4000-8000-0000000000b1",
       "request":{"method":"PUT","url":"Patient/abel"},
       "resource":{"resourceType":"Patient","id":"abel","birthDate":"1999-09-09",
         "name":[{"family":"Nobody","given":["Abel"]}],
         "identifier":[{"system":"urn:oid:2.999.10.1","value":"500117"}]}},
      {"fullUrl":"urn:uuid:7d1f0c52-0000-4000-8000-0000000000b2",
       "request":{"method":"PUT","url":"Condition/of-abel"},
       "resource":{"resourceType":"Condition","id":"of-abel","code":{"text":"Hallux valgus"},
         "subject":{"identifier":{"system":"urn:oid:2.999.10.1","value":"500117"}}}}]})",
                "llp"));
  EXPECT_NE(Stored("Patient", "abel").person_id(), odalys);
  EXPECT_NE(Stored("Condition", "of-abel").person_id(), odalys);
  const auto person = store_->GetSnapshot()->ReadPerson(PersonId{odalys});
  EXPECT_THAT((*person)->known_to(), Not(Contains("llp")));
  EXPECT_FALSE((*person)->held());
}

TEST_F(MixUpTest, TellsNothingStoredEarlierOfAnUnknownPatient) {
  Accept(Update(
      "mrmc",
      "Condition",
      "mix-up",
      Replaced(OfPatient("Condition", "Patient/somebody-else"), R"("status":"final",)", "")));
  const v1::Receipt receipt =
      Accept(Bundle(Replaced(DemoMessage("discharge"),
                             R"("reference": "urn:uuid:7d1f0c52-0000-4000-8000-000000000007")",
                             R"("reference": "Condition/mix-up")")));
  ASSERT_TRUE(receipt.accepted()) << receipt.ShortDebugString();
  EXPECT_FALSE(IsTold(receipt, "mix-up"));
}

TEST_F(MixUpTest, LeavesAStayAsItIsUntilItsEncounterNamesItsPersonAgain) {
  const std::string discharge = DemoMessage("discharge");
  const std::string mixed_up = Replaced(
      Replaced(
          discharge,
          "\"subject\": {\n     \"reference\": \"urn:uuid:7d1f0c52-0000-4000-8000-000000000003\"",
          "\"subject\": {\n     \"reference\": \"Patient/somebody-else\""),
      "mrmc-discharge",
      "mrmc-mix-up");
  ASSERT_NE(mixed_up, discharge);
  Accept(Bundle(DemoMessage("admit")));
  Accept(Bundle(mixed_up));
  EXPECT_EQ(Stored("Encounter", "v-771203").person_id(), 0u);
  EXPECT_THAT(Kinds(Pending("lfm")), Not(Contains(v1::EVENT_KIND_DISCHARGE)));
  Accept(Bundle(discharge));
  EXPECT_NE(Stored("Encounter", "v-771203").person_id(), 0u);
  EXPECT_THAT(Kinds(Pending("lfm")), Contains(v1::EVENT_KIND_DISCHARGE).Times(1));
}

// The patient comes after what is about them, and the sender repeats it.
TEST_F(MixUpTest, TellsWhatIsSentAgainOnceThePatientIsKnown) {
  const std::string encounter = R"({"resourceType":"Encounter","id":"late","status":"in-progress",
      "class":{"code":"IMP"},"subject":{"reference":"Patient/late"},
      "period":{"start":"2026-07-02T08:00:00-04:00"}})";
  const std::string request = R"({"resourceType":"ServiceRequest","id":"late","status":"active",
      "intent":"order","subject":{"reference":"Patient/late"},
      "performer":[{"identifier":{"system":"urn:oid:2.999.20","value":"HTF"}}]})";
  const auto send_both = [&] {
    Accept(Update("mrmc", "Encounter", "late", encounter));
    return Accept(Update("mrmc", "ServiceRequest", "late", request));
  };
  EXPECT_EQ(send_both().events_size(), 1);
  EXPECT_THAT(Pending("lfm"), IsEmpty());
  EXPECT_THAT(Stream("htf/referrals"), IsEmpty());
  Accept(Update("mrmc", "Patient", "late", R"({"resourceType":"Patient","id":"late",
      "identifier":[{"system":"urn:oid:2.999.10.1","value":"late"}],
      "generalPractitioner":[
        {"identifier":{"system":"http://hl7.org/fhir/sid/us-npi","value":"9990000002"}}]})"));
  for (int times = 0; times < 2; ++times) {
    EXPECT_EQ(send_both().http_status(), 200u);
    EXPECT_THAT(Kinds(Pending("lfm")), ElementsAre(v1::EVENT_KIND_ADMIT));
    EXPECT_THAT(Kinds(Stream("htf/referrals")), ElementsAre(v1::EVENT_KIND_REFERRAL_REQUESTED));
    EXPECT_EQ(Stored("Encounter", "late").name().version(), 2u);
  }
}

}  // namespace
}  // namespace handoff::intake
