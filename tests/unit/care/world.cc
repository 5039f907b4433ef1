#include "tests/unit/care/world.h"

#include <utility>

#include <gtest/gtest.h>

#include "fhir-mappings/runtime/resource.h"
#include "gateway/care/times.h"

namespace handoff::care::testing {
namespace {

std::string Encode(const std::string& json) {
  std::string encoded;
  fhir::Issues issues;
  const bool read = fhir::ReadJson(json, {}, &encoded, &issues);
  EXPECT_TRUE(read) << json << (issues.empty() ? "" : ": " + issues[0].text);
  return encoded;
}

v1::Resource Parse(const std::string& encoded) {
  v1::Resource resource;
  EXPECT_TRUE(resource.ParseFromString(encoded));
  return resource;
}

}  // namespace

const EventRules& ShippedRules() {
  static const EventRules rules = [] {
    ConfigErrors errors;
    const auto events = ConfigNode::Load("fhir-mappings/terminology/events.yaml");
    const auto needs = ConfigNode::Load("fhir-mappings/terminology/needs.yaml");
    EXPECT_TRUE(events.ok()) << events.status();
    EXPECT_TRUE(needs.ok()) << needs.status();
    EventRules loaded = EventRules::Load(*events, *needs, errors);
    EXPECT_TRUE(errors.empty()) << errors.list()[0];
    return loaded;
  }();
  return rules;
}

std::int64_t At(std::string_view text) {
  const std::string json =
      R"({"resourceType":"Encounter","status":"planned","class":{"code":"AMB"},"period":{"start":")" +
      std::string(text) + R"("}})";
  return *Micros(
      Parse(Encode(json)).encounter().period().start(),
      [](int year, unsigned month, unsigned day) { return World().StartOfDay(year, month, day); });
}

Understanding World::Send(const std::string& sender,
                          const std::vector<std::string>& resources,
                          const std::string& header) {
  std::deque<Stored> writes;
  Message message;
  message.sender = PartyKey(sender);
  message.id = MessageId("m" + std::to_string(++messages_));
  message.received = now_;
  const v1::Resource parsed_header = header.empty() ? v1::Resource() : Parse(Encode(header));
  if (!header.empty()) message.header = &parsed_header.message_header();
  for (const std::string& json : resources) {
    Stored& write = writes.emplace_back();
    write.encoded = Encode(json);
    write.resource = Parse(write.encoded);
    Written written;
    const fhir::Head head = fhir::ReadHead(write.encoded);
    const ResourceKey key{std::string(head.type), std::string(head.id)};
    const auto before = stored_.find(key);
    written.name.set_type(key.type);
    written.name.set_id(key.id);
    written.name.set_version(before == stored_.end() ? 1 : before->second.version + 1);
    written.encoded = write.encoded;
    if (ReadsType(key.type)) {
      written.now = &write.resource;
      if (before != stored_.end()) written.before = &before->second.resource;
    }
    written.person_id = person_;
    written.owner = before == stored_.end() ? message.sender.value() : before->second.owner;
    if (resources.size() > 1 || !header.empty()) {
      written.expression =
          "Bundle.entry[" + std::to_string(message.resources.size()) + "].resource";
    }
    message.resources.push_back(std::move(written));
  }
  Understanding understanding = Understand(message, ShippedRules(), *this);
  if (!fhir::HasErrors(understanding.issues)) Keep(message, understanding);
  return understanding;
}

void World::Keep(const Message& message, const Understanding& understanding) {
  for (const Written& written : message.resources) {
    stored_[{written.name.type(), written.name.id()}] = {written.name.version(),
                                                         person_,
                                                         std::string(written.owner),
                                                         std::string(written.encoded),
                                                         Parse(std::string(written.encoded))};
  }
  for (const v1::Transition& stay : understanding.transitions) {
    stays_[{stay.encounter().type(), stay.encounter().id()}] = stay;
  }
  for (const v1::Referral& referral : understanding.referrals) {
    referrals_[referral.id()] = referral;
    for (const v1::ResourceName& name : {referral.service_request(), referral.task()}) {
      if (!name.id().empty()) referral_links_[{name.type(), name.id()}] = referral.id();
    }
  }
}

void World::SetNow(std::string_view text) { now_ = FromMicros(At(text)); }

std::optional<v1::Transition> World::TransitionOf(const ResourceKey& encounter) {
  const auto found = stays_.find(encounter);
  if (found == stays_.end()) return std::nullopt;
  return found->second;
}

std::optional<v1::Referral> World::ReferralOf(const ResourceKey& key) {
  const auto found = referral_links_.find(key);
  if (found == referral_links_.end()) return std::nullopt;
  return referrals_.at(found->second);
}

v1::Referral& World::Loop(const std::string& type, const std::string& id) {
  return referrals_.at(referral_links_.at({type, id}));
}

std::optional<StoredNow> World::Find(const ResourceKey& key) {
  const auto found = stored_.find(key);
  if (found == stored_.end()) return std::nullopt;
  const Stored& stored = found->second;
  return StoredNow{stored.version, stored.encoded, stored.owner, stored.person};
}

bool World::OpensRecords(const PartyKey& party, std::uint64_t) {
  return opening_.contains(party.value());
}

PartyKey World::PartyOf(const v1::Reference& reference) {
  const auto found = parties_.find(reference.resource_type() + "/" + reference.resource_id());
  return found == parties_.end() ? PartyKey() : PartyKey(found->second);
}

Timestamp World::StartOfDay(int year, unsigned month, unsigned day) {
  const std::chrono::year_month_day date{
      std::chrono::year(year), std::chrono::month(month), std::chrono::day(day)};
  return Timestamp(std::chrono::sys_days(date)) + day_begins_;
}

std::string Kinds(const Understanding& understanding) {
  std::string kinds;
  for (const v1::Event& event : understanding.events) {
    if (!kinds.empty()) kinds += ' ';
    kinds += v1::EventKind_Name(event.kind()).substr(sizeof("EVENT_KIND_") - 1);
  }
  return kinds;
}

std::string Story(const v1::Event& event) {
  std::string story;
  for (const v1::ResourceName& name : event.resources()) {
    if (!story.empty()) story += ' ';
    story += name.type() + "/" + name.id();
  }
  return story;
}

}  // namespace handoff::care::testing
