// What a party's word does to others: one that is not authoritative can neither take their place,
// nor their records, nor decide who they are and who looks after them.
#include <gmock/gmock.h>

#include "gateway/base/bytes.h"
#include "tests/unit/access/reader_fixture.h"

namespace handoff::access {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const ResourceKey kOdalys{"Patient", "odalys-brightwater"};

constexpr char kNumber[] = R"({"system":"urn:oid:2.999.10.1","value":"500117"})";
constexpr char kOdalysHerself[] =
    R"("birthDate":"1944-03-18","name":[{"family":"Brightwater","given":["Odalys"]}])";
constexpr char kSomebody[] =
    R"("birthDate":"1999-09-09","name":[{"family":"Nobody","given":["Abel"]}])";

std::string ScopedId(const std::string& party, const std::string& type, const std::string& id) {
  return "s-" + Sha256Hex(party + "|" + type + "|" + id).substr(0, 32);
}

class WordTest : public ReaderTest {
 protected:
  v1::Receipt Put(const char* party,
                  const std::string& type,
                  const std::string& id,
                  const std::string& members = {}) {
    std::string json = R"({"resourceType":")" + type + R"(","id":")" + id + '"';
    if (!members.empty()) json += "," + members;
    return Accept(Update(party, type, id, json + "}"));
  }

  v1::Receipt PutPatient(const char* party, const std::string& id, const std::string& members) {
    return Put(
        party,
        "Patient",
        id,
        std::string(R"("identifier":[)") + kNumber + "]" + (members.empty() ? "" : "," + members));
  }

  bool Sees(const char* party, const ResourceKey& key) { return ReadJsonAs(party, key).ok(); }

  v1::Person PersonOf(const ResourceKey& patient) {
    const PersonId id{Stored(patient.type, patient.id).person_id()};
    return **store_->GetSnapshot()->ReadPerson(id);
  }

  static std::string Request(const std::string& patient, const char* performer) {
    return R"("status":"active","intent":"order","subject":{"reference":"Patient/)" + patient +
           R"("},"performer":[{"identifier":{"system":"urn:oid:2.999.20","value":")" + performer +
           R"("}}])";
  }
};

TEST_F(WordTest, CannotTakeThePlaceThatAnothersResourceWillHave) {
  for (const std::string& id :
       {std::string("v-771203"), ScopedId("mrmc", "Encounter", "v-771203")}) {
    ASSERT_TRUE(
        Put("htf", "Encounter", id, R"("status":"finished","class":{"code":"IMP"})").accepted());
  }
  LoadDemo();
  const std::string place = ScopedId("mrmc", "Encounter", "v-771203");
  EXPECT_EQ(Stored("Encounter", place).owner(), "mrmc");
  EXPECT_TRUE(Sees("mrmc", {"Encounter", place}));
  EXPECT_TRUE(Sees("lfm", {"Encounter", place}));
}

TEST_F(WordTest, WritesOverNoTaskThatIsForOthers) {
  LoadDemo();
  Put("mrmc", "Task", "call", R"("status":"requested","intent":"order",
      "for":{"reference":"Patient/odalys-brightwater"})");
  PutPatient("llp", "mine", kOdalysHerself);
  ASSERT_EQ(PersonOf({"Patient", "mine"}).id(), PersonOf(kOdalys).id());
  Put("llp", "Task", "call", R"("status":"completed","intent":"order")");
  EXPECT_EQ(Parsed("Task", "call").task().status(), v1::TASK_STATUS_REQUESTED);
  const v1::Receipt receipt =
      Put("llp", "Task", "food-task-1", R"("status":"completed","intent":"order",
          "focus":{"reference":"ServiceRequest/food-1"})");
  EXPECT_THAT(receipt.ShortDebugString(), ::testing::Not(HasSubstr("requested")));
  EXPECT_EQ(Parsed("Task", "food-task-1").task().status(), v1::TASK_STATUS_REQUESTED);
}

TEST_F(WordTest, ReportsOnATaskThatNamesItAsOwner) {
  LoadDemo();
  Put("mrmc", "Task", "call", R"("status":"requested","intent":"order",
      "for":{"reference":"Patient/odalys-brightwater"},
      "owner":{"identifier":{"system":"http://hl7.org/fhir/sid/us-npi","value":"9990000002"}})");
  Put("lfm", "Task", "call", R"("status":"completed","intent":"order")");
  EXPECT_EQ(Parsed("Task", "call").task().status(), v1::TASK_STATUS_COMPLETED);
  EXPECT_EQ(Stored("Task", "call").owner(), "mrmc");
}

TEST_F(WordTest, PutsNobodyInDoubt) {
  LoadDemo();
  for (const char* members : {"", kOdalysHerself, kSomebody}) {
    EXPECT_THAT(PutPatient("llp", "mine", members).issues(), IsEmpty());
    EXPECT_FALSE(PersonOf(kOdalys).held());
    EXPECT_TRUE(Sees("lfm", kOdalys));
  }
  EXPECT_NE(PersonOf({"Patient", "mine"}).id(), PersonOf(kOdalys).id());
}

TEST_F(WordTest, PutsNobodyInDoubtWhoComesLater) {
  PutPatient("llp", "mine", kSomebody);
  LoadDemo();
  EXPECT_FALSE(PersonOf(kOdalys).held());
  EXPECT_TRUE(Sees("lfm", kOdalys));
}

TEST_F(WordTest, LearnsNothingFromTheAnswer) {
  LoadDemo();
  const std::string number = R"("identifier":[{"system":"urn:oid:2.999.10.1","value":")";
  for (const char* who : {kOdalysHerself, kSomebody}) {
    const v1::Receipt known = Put("llp", "Patient", "a", number + R"(500117"}],)" + who);
    const v1::Receipt unknown = Put("llp", "Patient", "b", number + R"(999999"}],)" + who);
    EXPECT_THAT(known.issues(), IsEmpty());
    EXPECT_THAT(unknown.issues(), IsEmpty());
    EXPECT_EQ(known.http_status(), unknown.http_status());
  }
}

TEST_F(WordTest, JoinsWhomItNamesRightlyAndAddsNothing) {
  LoadDemo();
  const int identifiers = PersonOf(kOdalys).identifiers_size();
  PutPatient("llp", "mine", std::string(kOdalysHerself) + R"(,"generalPractitioner":[
      {"identifier":{"system":"http://hl7.org/fhir/sid/us-npi","value":"9990000001"}}])");
  Put("llp", "Patient", "mine-too", R"("identifier":[{"value":"17"}],)" + std::string(kSomebody));
  EXPECT_EQ(Stored("Patient", "mine").person_id(), Stored(kOdalys.type, kOdalys.id).person_id());
  EXPECT_EQ(PersonOf(kOdalys).identifiers_size(), identifiers);
  EXPECT_NE(PersonOf({"Patient", "mine-too"}).id(), PersonOf(kOdalys).id());
  EXPECT_FALSE(Sees("llp", kOdalys));
}

TEST_F(WordTest, KeepsItsOwnNumbersTogether) {
  for (const char* id : {"a", "b"})
    Put("llp", "Patient", id, R"("identifier":[{"value":"17"}],)" + std::string(kSomebody));
  EXPECT_EQ(PersonOf({"Patient", "a"}).id(), PersonOf({"Patient", "b"}).id());
  Put("llp", "Patient", "b", R"("identifier":[{"value":"17"}],)" + std::string(kOdalysHerself));
  EXPECT_NE(PersonOf({"Patient", "a"}).id(), PersonOf({"Patient", "b"}).id());
  EXPECT_THAT(PersonOf({"Patient", "a"}).patients(), SizeIs(1));
}

TEST_F(WordTest, TellsNobodyWhoAnothersPatientIs) {
  LoadDemo();
  PutPatient("llp", "mine", kOdalysHerself);
  Put("llp", "ServiceRequest", "ride", Request("odalys-brightwater", "WHF"));
  EXPECT_FALSE(Sees("whf", kOdalys));
  EXPECT_THAT(Pending("whf"), IsEmpty());
}

TEST_F(WordTest, OrdersOnWhatItWasAskedForUntilThatIsTakenBack) {
  LoadDemo();
  Put("htf", "ServiceRequest", "ride", Request("odalys-brightwater", "WHF"));
  EXPECT_TRUE(Sees("whf", kOdalys));
  EXPECT_THAT(Pending("whf"), SizeIs(1));
  Put("htf", "Task", "food-task-1", R"("status":"rejected","intent":"order",
      "statusReason":{"text":"at capacity"},"focus":{"reference":"ServiceRequest/food-1"})");
  Put("htf", "ServiceRequest", "ride-2", Request("odalys-brightwater", "WHF"));
  EXPECT_THAT(Pending("whf"), SizeIs(1));
}

TEST_F(WordTest, AsksNoOtherByARequestThatIsNotItsOwn) {
  LoadDemo();
  constexpr char kTask[] = R"("status":"requested","intent":"order",
      "for":{"reference":"Patient/odalys-brightwater"},
      "focus":{"reference":"ServiceRequest/food-1"},
      "owner":{"identifier":{"system":"urn:oid:2.999.20","value":"LLP"}})";
  EXPECT_EQ(Put("htf", "Task", "pass-on", kTask).http_status(), 422u);
  EXPECT_FALSE(Sees("llp", kOdalys));
  EXPECT_FALSE(Sees("llp", {"ServiceRequest", "food-1"}));
}

TEST_F(WordTest, AsksInItsOwnNameAlone) {
  LoadDemo();
  PutPatient("llp", "mine", kOdalysHerself);
  const std::size_t told = Pending("mrmc").size();
  Put("llp", "ServiceRequest", "ride", Request("mine", "WHF") + R"(,"requester":
      {"identifier":{"system":"http://hl7.org/fhir/sid/us-npi","value":"9990000001"}})");
  EXPECT_THAT(Pending("whf"), SizeIs(1));
  Put("whf", "Task", "answer", R"("status":"accepted","intent":"order",
      "focus":{"reference":"ServiceRequest/ride"},"for":{"reference":"Patient/mine"})");
  EXPECT_THAT(Pending("mrmc"), SizeIs(told));
  EXPECT_THAT(intake::Kinds(Stream("llp/referrals")), ElementsAre(v1::EVENT_KIND_REFERRAL_STATUS));
}

TEST_F(WordTest, ClaimsNoRequestThatIsYetToCome) {
  PutPatient("llp", "mine", kSomebody);
  constexpr char kTask[] = R"("status":"requested","intent":"order",
      "for":{"reference":"Patient/mine"},"focus":{"reference":"ServiceRequest/food-1"},
      "owner":{"identifier":{"system":"urn:oid:2.999.20","value":"LLP"}})";
  ASSERT_TRUE(Put("llp", "Task", "claim", kTask).accepted());
  LoadDemo();
  EXPECT_FALSE(Sees("llp", {"ServiceRequest", "food-1"}));
  EXPECT_TRUE(Sees("htf", {"ServiceRequest", "food-1"}));
  EXPECT_THAT(intake::Kinds(Stream("htf/referrals")),
              ElementsAre(v1::EVENT_KIND_REFERRAL_REQUESTED));
}

TEST_F(WordTest, AnnouncesNoStayOfAnother) {
  Accept(Bundle(intake::DemoMessage("admit")));
  const std::size_t told = Pending("lfm").size();
  const v1::Receipt receipt = Accept(Bundle(R"({"resourceType":"Bundle","type":"message","entry":[
      {"fullUrl":"urn:uuid:7d1f0c52-0000-4000-8000-0000000000c1",
       "resource":{"resourceType":"MessageHeader",
         "eventCoding":{"system":"http://hl7.org/fhir/us/davinci-alerts/CodeSystem/notification-event",
                        "code":"notification-discharge"},
         "source":{"endpoint":"urn:x"},"focus":[{"reference":"Encounter/v-771203"}]}}]})",
                                            "llp"));
  ASSERT_TRUE(receipt.accepted()) << receipt.ShortDebugString();
  EXPECT_THAT(receipt.ShortDebugString(), HasSubstr("no Encounter that is known from this sender"));
  EXPECT_THAT(receipt.events(), IsEmpty());
  EXPECT_THAT(Pending("lfm"), SizeIs(told));
}

TEST_F(WordTest, KnowsAgainByANumberAloneWhomItKnows) {
  LoadDemo();
  PutPatient("lfm", "mine", kOdalysHerself);
  EXPECT_THAT(PutPatient("lfm", "mine-too", "").issues(), IsEmpty());
  EXPECT_EQ(PersonOf({"Patient", "mine-too"}).id(), PersonOf(kOdalys).id());
  EXPECT_TRUE(Sees("lfm", kOdalys));
}

// A practice is authoritative, but a number alone makes it nobody's practice.
TEST_F(WordTest, OpensNothingByANumberAlone) {
  LoadRules({{"llp.kind", "practice"}});
  constexpr char kMine[] = R"("generalPractitioner":[
      {"identifier":{"system":"urn:oid:2.999.20","value":"LLP"}}])";
  const v1::Receipt receipt = PutPatient("llp", "before", kMine);
  EXPECT_THAT(receipt.ShortDebugString(), HasSubstr("lead to nobody"));
  LoadDemo();
  PutPatient("llp", "after", kMine);
  EXPECT_FALSE(Sees("llp", kOdalys));
  const v1::Receipt guess =
      PutPatient("llp", "guess", R"("birthDate":"1950-01-01",)" + std::string(kMine));
  EXPECT_THAT(guess.ShortDebugString(), HasSubstr("kept apart"));
  EXPECT_FALSE(Sees("llp", kOdalys));
  PutPatient("llp", "with-name", std::string(kOdalysHerself) + "," + kMine);
  EXPECT_TRUE(Sees("llp", kOdalys));
}

}  // namespace
}  // namespace handoff::access
