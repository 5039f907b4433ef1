#include "gateway/delivery/notification.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include <gmock/gmock.h>

#include "fhir-mappings/runtime/resource.h"
#include "gateway/delivery/notification_renderer.h"
#include "gateway/store/memory/memory_store.h"
#include "handoff/v1/exchange.pb.h"
#include "tests/support/fake_clock.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace handoff::delivery {
namespace {

using handoff::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kViews[] = R"(
labels:
  - {code: 42CFRPart2, kind: record of a Part 2 programme, withhold: message, effective: 2024-04-16, source: test}
  - {code: PSY, kind: sensitive, withhold: resource, effective: 2024-04-16, source: test}
views:
  - name: short
    version: 1
    purpose: Test.
    effective: 2026-01-01
    source: test
    allow:
      Patient: [name]
      Encounter: [status, class, subject, serviceProvider]
      Condition: [code, subject, encounter]
  - name: shows-organizations
    version: 1
    purpose: Test.
    effective: 2026-01-01
    source: test
    allow: {Encounter: [status, class], Organization: [name]}
  - name: shows-tasks
    version: 1
    purpose: Test.
    effective: 2026-01-01
    source: test
    allow: {Task: [status, intent]}
)";

constexpr char kEvents[] = R"(
announcements:
  - {system: "http://alerts", code: notification-discharge, event: discharge, effective: 2020-12-01, source: test}
)";

constexpr char kParties[] = R"(
- key: lfm
  name: Lakeside Family Medicine
  kind: practice
  endpoints:
    push: {kind: fhir_rest, url: "http://127.0.0.1:1/fhir", format: message, max_in_flight: 3, timeout: 2s}
    store: {kind: fhir_rest, url: "http://127.0.0.1:2/fhir", format: transaction}
    hook: {kind: webhook, url: "http://127.0.0.1:3/hook", hmac_secret: {file: SECRET}}
    stream: {kind: stream}
- {key: mrmc, name: Mercy Ridge, kind: hospital}
- key: hie
  name: Regional Exchange
  kind: other
  operator: true
  identifiers: [{system: "http://hl7.org/fhir/sid/us-npi", value: "9990000099"}]
)";

ConfigNode Node(std::string_view text) { return *ConfigNode::Parse(text, "test.yaml"); }

class NotificationTest : public ::testing::Test {
 protected:
  NotificationTest() {
    const std::string secret = dir_ / "secret";
    std::ofstream(secret) << "shared\n";
    std::string parties = kParties;
    parties.replace(parties.find("SECRET"), 6, secret);
    ConfigErrors errors;
    rules_ = {.directory = directory::Directory::Load({Node(parties)}, {}, errors),
              .views = std::make_shared<policy::Views>(policy::Views::Load(Node(kViews), errors)),
              .codes = std::make_shared<EventCodes>(EventCodes::Load(Node(kEvents), errors))};
    EXPECT_THAT(errors.list(), IsEmpty());

    Put("Patient", "p1", 1, R"({"resourceType":"Patient","id":"p1","name":[{"family":"Doe"}],
        "birthDate":"1980-01-01"})");
    Put("Encounter", "e1", 4, R"({"resourceType":"Encounter","id":"e1","status":"finished",
        "class":{"code":"IMP"},"subject":{"reference":"Patient/p1"},
        "serviceProvider":{"reference":"Organization/o1"}})");
    Put("Condition", "c1", 2, R"({"resourceType":"Condition","id":"c1",
        "code":{"text":"flu"},"subject":{"reference":"Patient/p1"}})");
    delivery_ = ADelivery();
  }

  void Put(const std::string& type,
           const std::string& id,
           std::uint64_t version,
           std::string_view json,
           bool deleted = false,
           std::uint64_t person_id = 0) {
    v1::StoredResource stored;
    stored.set_person_id(person_id);
    stored.mutable_name()->set_type(type);
    stored.mutable_name()->set_id(id);
    stored.mutable_name()->set_version(version);
    stored.set_updated_us(ToMicros(clock_.Now()));
    stored.set_deleted(deleted);
    fhir::Issues issues;
    if (!deleted) ASSERT_TRUE(fhir::ReadJson(json, {}, stored.mutable_resource(), &issues));
    store::Batch batch;
    batch.resources.push_back(std::move(stored));
    HANDOFF_ASSERT_OK(store_->CommitAndWait(std::move(batch)));
  }

  // The message of the event brought a labelled Observation as well, which is no part of the story.
  void Bring(const std::string& id, std::uint64_t about) {
    Put("Observation",
        id,
        1,
        R"({"resourceType":"Observation","id":")" + id + R"(",
        "meta":{"security":[{"code":"42CFRPart2"}]},"status":"final","code":{"text":"screen"}})",
        /*deleted=*/false,
        about);
    store::Batch batch;
    v1::StoredMessage& message = batch.message.emplace();
    message.set_id("m-" + id);
    v1::ResourceName& name = *message.mutable_receipt()->add_entries()->mutable_resource();
    name.set_type("Observation");
    name.set_id(id);
    name.set_version(1);
    v1::Event& event = *delivery_.mutable_event();
    event.set_message_id(message.id());
    event.set_person_id(7);
    event.set_number(1);
    *message.add_events() = event;
    HANDOFF_ASSERT_OK(store_->CommitAndWait(std::move(batch)));
  }

  v1::Delivery ADelivery() {
    v1::Delivery delivery;
    delivery.set_id("d0000000000001");
    delivery.set_recipient("lfm");
    delivery.set_channel("push");
    delivery.set_view("short");
    v1::Event& event = *delivery.mutable_event();
    event.set_source("mrmc");
    event.set_kind(v1::EVENT_KIND_DISCHARGE);
    event.set_occurred_us(ToMicros(clock_.Now()));
    for (const auto& [type, id, version] : {std::tuple("Patient", "p1", 1),
                                            std::tuple("Encounter", "e1", 4),
                                            std::tuple("Condition", "c1", 2)}) {
      v1::ResourceName& name = *event.add_resources();
      name.set_type(type);
      name.set_id(id);
      name.set_version(static_cast<std::uint64_t>(version));
    }
    *event.mutable_focus() = event.resources(1);
    return delivery;
  }

  absl::StatusOr<std::variant<Notification, Withheld>> Compose() {
    return notifications_.Compose(delivery_);
  }
  v1::Bundle ComposeBundle() {
    v1::Resource resource;
    EXPECT_TRUE(resource.ParseFromString(std::get<Notification>(*Compose()).bundle));
    return resource.bundle();
  }
  std::string ComposeJson() {
    std::string json;
    HANDOFF_EXPECT_OK(fhir::WriteJson(std::get<Notification>(*Compose()).bundle, {}, &json));
    return json;
  }
  std::string WhyWithheld() {
    const auto composed = *Compose();
    const Withheld* withheld = std::get_if<Withheld>(&composed);
    return withheld == nullptr ? "not withheld" : withheld->reason;
  }
  std::vector<std::string> CarriedNames() {
    const Carried carried = std::get<Notification>(*Compose()).carried;
    std::vector<std::string> names;
    for (const v1::ResourceName& name : carried.resources) {
      names.push_back(name.type() + "/" + name.id() + "/" + std::to_string(name.version()));
    }
    return names;
  }

  handoff::testing::TempDir dir_;
  handoff::testing::FakeClock clock_;
  std::unique_ptr<store::Store> store_ = store::OpenMemoryStore();
  NotificationRules rules_;
  v1::Delivery delivery_;
  Notifications notifications_{*store_, "https://gw.example/fhir", [this] { return rules_; }};
  NotificationRenderer renderer_{notifications_};
};

TEST_F(NotificationTest, IsAMessageWithAHeaderOfOurOwn) {
  const v1::Bundle bundle = ComposeBundle();
  EXPECT_EQ(bundle.type(), v1::BUNDLE_TYPE_MESSAGE);
  EXPECT_EQ(bundle.id(), "d0000000000001");
  EXPECT_EQ(bundle.timestamp().seconds(), ToMicros(clock_.Now()) / 1'000'000);
  ASSERT_EQ(bundle.entries_size(), 6);
  EXPECT_EQ(bundle.entries(0).full_url(), "https://gw.example/fhir/MessageHeader/d0000000000001");
  const v1::MessageHeader& header = bundle.entries(0).resource().message_header();
  EXPECT_EQ(header.id(), "d0000000000001");
  EXPECT_EQ(header.event_coding().system(), "http://alerts");
  EXPECT_EQ(header.event_coding().code(), "notification-discharge");
  EXPECT_EQ(header.source().endpoint(), "https://gw.example/fhir");
  EXPECT_EQ(header.destinations(0).name(), "Lakeside Family Medicine");
  EXPECT_EQ(header.destinations(0).endpoint(), "http://127.0.0.1:1/fhir");
  EXPECT_EQ(header.sender().resource_id(), "handoff-gateway");
  EXPECT_EQ(header.focus(0).resource_type(), "Encounter");
  EXPECT_EQ(header.focus(0).resource_id(), "e1");
}

TEST_F(NotificationTest, NamesItsAuthorAndTheGatewayThatPutItTogether) {
  const v1::Bundle bundle = ComposeBundle();
  const v1::Organization& us = bundle.entries(4).resource().organization();
  EXPECT_EQ(us.id(), "handoff-gateway");
  EXPECT_EQ(us.name(), "Regional Exchange");
  EXPECT_EQ(us.identifiers(0).value(), "9990000099");
  const v1::Provenance& provenance = bundle.entries(5).resource().provenance();
  EXPECT_EQ(provenance.targets(0).resource_type(), "MessageHeader");
  EXPECT_EQ(provenance.targets(0).resource_id(), "d0000000000001");
  ASSERT_EQ(provenance.agents_size(), 1);  // the view shows no organization
  EXPECT_EQ(provenance.agents(0).type().codings(0).code(), "assembler");
  EXPECT_EQ(provenance.agents(0).who().resource_id(), "handoff-gateway");
  delivery_.set_view("shows-organizations");
  const v1::Bundle named = ComposeBundle();
  const v1::Provenance& authored = named.entries(named.entries_size() - 1).resource().provenance();
  ASSERT_EQ(authored.agents_size(), 2);
  EXPECT_EQ(authored.agents(0).type().codings(0).code(), "author");
  EXPECT_EQ(authored.agents(0).who().display(), "Mercy Ridge");
  EXPECT_EQ(authored.agents(1).type().codings(0).code(), "assembler");
}

TEST_F(NotificationTest, CarriesTheStoryByExactVersionTheFocusFirst) {
  EXPECT_THAT(CarriedNames(), ElementsAre("Encounter/e1/4", "Patient/p1/1", "Condition/c1/2"));
  const v1::Bundle bundle = ComposeBundle();
  EXPECT_EQ(bundle.entries(1).full_url(), "https://gw.example/fhir/Encounter/e1");
  EXPECT_EQ(bundle.entries(1).resource().encounter().meta().version_id(), "4");
  EXPECT_EQ(bundle.entries(1).resource().encounter().meta().last_updated().seconds(),
            ToMicros(clock_.Now()) / 1'000'000);
}

TEST_F(NotificationTest, FindsTheStoryOfANumberedEventWithItsMessage) {
  v1::Event& event = *delivery_.mutable_event();
  event.set_message_id("m1");
  store::Batch batch;
  batch.message.emplace().set_id("m1");
  batch.message->add_events()->set_number(1);
  event.set_number(2);
  *batch.message->add_events() = event;
  HANDOFF_ASSERT_OK(store_->CommitAndWait(std::move(batch)));

  event.clear_resources();
  EXPECT_THAT(CarriedNames(), ElementsAre("Encounter/e1/4", "Patient/p1/1", "Condition/c1/2"));
  for (const std::uint32_t beyond : {3u, UINT32_MAX}) {
    event.set_number(beyond);
    EXPECT_THAT(Compose(), StatusIs(absl::StatusCode::kDataLoss, ""));
  }
  event.set_number(2);
  event.set_message_id("m2");
  EXPECT_THAT(Compose(), StatusIs(absl::StatusCode::kDataLoss, ""));
}

TEST_F(NotificationTest, ShowsWhatTheViewListsAndNothingElse) {
  const std::string json = ComposeJson();
  EXPECT_THAT(json, HasSubstr("Doe"));
  EXPECT_THAT(json, HasSubstr(R"("reference":"Patient/p1")"));
  EXPECT_THAT(json, Not(HasSubstr("1980")));
  EXPECT_THAT(json, Not(HasSubstr("Organization/o1")));  // does not travel
}

TEST_F(NotificationTest, IsTheSameAtEveryAttempt) {
  const std::string first = ComposeJson();
  clock_.Advance(std::chrono::hours(1));
  EXPECT_EQ(ComposeJson(), first);
}

TEST_F(NotificationTest, KeepsToTheVersionOfTheEvent) {
  Put("Condition", "c1", 3, R"({"resourceType":"Condition","id":"c1","code":{"text":"measles"},
      "subject":{"reference":"Patient/p1"}})");
  EXPECT_THAT(ComposeJson(), HasSubstr("flu"));
}

TEST_F(NotificationTest, ALabelOfScopeMessageWithholdsAll) {
  Put("Condition", "c1", 3, R"({"resourceType":"Condition","id":"c1",
      "meta":{"security":[{"code":"42CFRPart2"}]},"subject":{"reference":"Patient/p1"}})");
  EXPECT_THAT(WhyWithheld(), HasSubstr("record of a Part 2 programme"));  // though it came later
  delivery_.mutable_event()->mutable_resources(2)->set_version(3);
  EXPECT_THAT(WhyWithheld(), HasSubstr("record of a Part 2 programme"));
}

// What is about somebody else in the same transaction says nothing of this stay.
TEST_F(NotificationTest, ALabelOfScopeMessageCountsOnWhatCameWithItAndDoesNotTravel) {
  for (const std::uint64_t about : {0u, 7u, 8u}) {
    Bring("about-" + std::to_string(about), about);
    EXPECT_EQ(WhyWithheld(), about == 8 ? "not withheld" : "label: record of a Part 2 programme")
        << about;
  }
}

// What was routed before its person turned out to be another is about that other now.
TEST_F(NotificationTest, ALabelBesideCountsThroughAMerge) {
  store::Batch batch;
  v1::Person& merged = batch.persons.emplace_back();
  merged.set_id(9);
  merged.set_merged_into(7);
  batch.persons.emplace_back().set_id(7);
  HANDOFF_ASSERT_OK(store_->CommitAndWait(std::move(batch)));
  Bring("of-both", 7);
  delivery_.set_person_id(9);
  delivery_.mutable_event()->set_person_id(9);
  EXPECT_EQ(WhyWithheld(), "label: record of a Part 2 programme");
}

TEST_F(NotificationTest, ALabelledResourceIsLeftOutAndCounted) {
  Put("Condition", "c1", 3, R"({"resourceType":"Condition","id":"c1",
      "meta":{"security":[{"code":"PSY"}]},"subject":{"reference":"Patient/p1"}})");
  EXPECT_THAT(CarriedNames(), ElementsAre("Encounter/e1/4", "Patient/p1/1"));
  EXPECT_THAT(std::get<Notification>(*Compose()).carried.left_out,
              ::testing::StartsWith("1 left out: "));
}

// The version that was theirs says that the stay is over; the event says that it never was theirs.
TEST_F(NotificationTest, AStayThatIsTakenBackIsToldAsVoid) {
  EXPECT_THAT(ComposeJson(), HasSubstr(R"("status":"finished")"));
  delivery_.mutable_event()->set_kind(v1::EVENT_KIND_ENCOUNTER_UPDATE);
  delivery_.mutable_event()->set_status("cancelled");
  EXPECT_THAT(ComposeJson(), HasSubstr(R"("status":"entered-in-error")"));
  EXPECT_THAT(ComposeJson(), Not(HasSubstr(R"("status":"finished")")));
}

TEST_F(NotificationTest, ARequestThatIsRetractedIsToldAsCancelled) {
  Put("Task", "t1", 1, R"({"resourceType":"Task","id":"t1","status":"requested","intent":"order",
      "owner":{"reference":"Organization/lfm"}})");
  v1::Event& event = *delivery_.mutable_event();
  event.set_kind(v1::EVENT_KIND_RETRACTION);
  event.mutable_focus()->set_type("Task");
  event.mutable_focus()->set_id("t1");
  event.mutable_focus()->set_version(1);
  event.clear_resources();
  delivery_.set_view("shows-tasks");
  EXPECT_THAT(ComposeJson(), HasSubstr(R"("status":"cancelled")"));
  EXPECT_THAT(ComposeJson(), HasSubstr("the requester asks another party instead"));
}

TEST_F(NotificationTest, WithoutItsFocusNothingLeaves) {
  Put("Encounter", "e1", 5, {}, /*deleted=*/true);
  delivery_.mutable_event()->mutable_focus()->set_version(5);
  EXPECT_EQ(WhyWithheld(), "what the event is about was deleted");
}

TEST_F(NotificationTest, AnEventWithoutACodeOfOthersGetsOneOfOurs) {
  delivery_.mutable_event()->set_kind(v1::EVENT_KIND_REFERRAL_STATUS);
  const v1::Coding coding = ComposeBundle().entries(0).resource().message_header().event_coding();
  EXPECT_EQ(coding.system(), EventCodes::kOwnSystem);
  EXPECT_EQ(coding.code(), "referral-status");
}

TEST_F(NotificationTest, APersonInDoubtHoldsTheDelivery) {
  v1::Person person;
  person.set_id(7);
  person.set_held(true);
  store::Batch batch;
  batch.persons.push_back(person);
  HANDOFF_ASSERT_OK(store_->CommitAndWait(std::move(batch)));
  delivery_.set_person_id(7);
  EXPECT_EQ(WhyWithheld(), "for a steward: whom it is about is in doubt");
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto composed, Compose());
  EXPECT_TRUE(std::get<Withheld>(composed).held);
}

TEST_F(NotificationTest, ARequestGivenToAnotherIsWithheld) {
  delivery_.set_role("performer");
  delivery_.mutable_event()->set_kind(v1::EVENT_KIND_REFERRAL_REQUESTED);
  delivery_.mutable_event()->set_referral_id("f1");
  v1::Referral referral;
  referral.set_id("f1");
  referral.set_performer("lfm");
  for (const char* performer : {"lfm", "htf"}) {
    referral.set_performer(performer);
    referral.set_version(referral.version() + 1);
    store::Batch batch;
    batch.referrals.push_back(referral);
    HANDOFF_ASSERT_OK(store_->CommitAndWait(std::move(batch)));
    if (referral.version() == 1) {
      EXPECT_EQ(WhyWithheld(), "not withheld");
    } else {
      EXPECT_EQ(WhyWithheld(), "the referral was given to another party");
    }
  }
}

TEST_F(NotificationTest, WhatIsNotConfiguredAnyMoreFailsClosed) {
  delivery_.set_view("gone");
  EXPECT_THAT(Compose(), StatusIs(absl::StatusCode::kFailedPrecondition, "view"));
  delivery_.set_channel("gone");
  EXPECT_THAT(Compose(), StatusIs(absl::StatusCode::kFailedPrecondition, "endpoint"));
  delivery_.set_recipient("gone");
  EXPECT_THAT(Compose(), StatusIs(absl::StatusCode::kFailedPrecondition, "recipient"));
}

TEST_F(NotificationTest, AMissingVersionIsDamage) {
  delivery_.mutable_event()->mutable_focus()->set_version(9);
  EXPECT_THAT(Compose(), StatusIs(absl::StatusCode::kDataLoss, "not in the store"));
}

TEST_F(NotificationTest, ATransactionPutsEveryResource) {
  delivery_.set_channel("store");
  const v1::Bundle bundle = ComposeBundle();
  EXPECT_EQ(bundle.type(), v1::BUNDLE_TYPE_TRANSACTION);
  ASSERT_EQ(bundle.entries_size(), 3);
  EXPECT_EQ(bundle.entries(0).request().method(), v1::HTTP_VERB_PUT);
  EXPECT_EQ(bundle.entries(0).request().url(), "Encounter/e1");
}

TEST_F(NotificationTest, IsRenderedForFhirRest) {
  const Ready ready = std::get<Ready>(*renderer_.Render(delivery_, clock_.Now()));
  EXPECT_EQ(ready.connector, "fhir_rest");
  EXPECT_EQ(ready.operation, "$process-message");
  EXPECT_EQ(ready.body, ComposeJson());
  EXPECT_EQ(ready.target.party, "lfm");
  EXPECT_EQ(ready.target.url, "http://127.0.0.1:1/fhir");
  EXPECT_EQ(ready.target.timeout, std::chrono::seconds(2));
  EXPECT_EQ(renderer_.MaxInFlight("lfm"), 3u);
  EXPECT_EQ(renderer_.MaxInFlight("gone"), 1u);
}

TEST_F(NotificationTest, IsRenderedForAWebhookWithItsSecret) {
  delivery_.set_channel("hook");
  const Ready ready = std::get<Ready>(*renderer_.Render(delivery_, clock_.Now()));
  EXPECT_EQ(ready.connector, "webhook");
  EXPECT_EQ(ready.target.hmac_secret, "shared");
  EXPECT_EQ(ready.body, "");
}

TEST_F(NotificationTest, AMissingSecretIsNotTold) {
  std::filesystem::remove(dir_ / "secret");
  delivery_.set_channel("hook");
  const absl::StatusOr<Rendering> rendering = renderer_.Render(delivery_, clock_.Now());
  ASSERT_THAT(rendering, StatusIs(absl::StatusCode::kFailedPrecondition, "secret"));
  EXPECT_THAT(rendering.status().ToString(), Not(HasSubstr(dir_.path())));
}

TEST_F(NotificationTest, AStreamIsNotSentTo) {
  delivery_.set_channel("stream");
  EXPECT_THAT(renderer_.Render(delivery_, clock_.Now()),
              StatusIs(absl::StatusCode::kFailedPrecondition, "no endpoint to send to"));
  EXPECT_EQ(ComposeBundle().entries(0).resource().message_header().destinations(0).endpoint(),
            "urn:handoff:party:lfm");
}

}  // namespace
}  // namespace handoff::delivery
