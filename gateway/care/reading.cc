#include "gateway/care/reading.h"

#include <algorithm>
#include <utility>

#include "fhir-mappings/runtime/resource.h"

namespace handoff::care {
namespace {

template <class Record>
bool WasOfNoOne(const Record& record, std::uint64_t person_id) {
  return record.person_id() == 0 && person_id != 0;
}

bool IsOf(const v1::Referral& referral, const ResourceKey& key) {
  return KeyOf(referral.task()) == key || KeyOf(referral.service_request()) == key;
}

bool IsOfAnother(const v1::Transition& stay, std::uint64_t person_id) {
  return stay.person_id() != 0 && person_id != 0 && stay.person_id() != person_id;
}

}  // namespace

ResourceKey KeyOf(const v1::Reference& reference) {
  return {reference.resource_type(), reference.resource_id()};
}

std::string PathOf(const Written& written, std::string_view element) {
  std::string path = written.expression.empty() ? written.name.type() : written.expression;
  if (!element.empty()) path.append(1, '.').append(element);
  return path;
}

std::optional<v1::Resource> Reading::Resource(const ResourceKey& key) {
  if (key.id.empty()) return std::nullopt;
  v1::Resource resource;
  if (const Written* written = FindWritten(key)) {
    if (written->now != nullptr) return *written->now;
    const std::string_view bytes = written->encoded;
    if (!fhir::ParseResource(bytes, &resource)) return std::nullopt;
    return resource;
  }
  const std::optional<StoredNow> stored = facts_.Find(key);
  if (!stored || !fhir::ParseResource(stored->encoded, &resource)) return std::nullopt;
  return resource;
}

bool Reading::IsFor(const ResourceKey& service_request, const PartyKey& party) {
  if (service_request.id.empty() || FindWritten(service_request) != nullptr) return true;
  const std::optional<StoredNow> stored = facts_.Find(service_request);
  if (!stored || stored->owner == party.value()) return true;
  v1::Resource resource;
  return fhir::ParseResource(stored->encoded, &resource) &&
         facts_.PartyOf(resource.service_request().requester()) == party;
}

std::optional<v1::Transition> Reading::StayOf(const ResourceKey& encounter,
                                              std::uint64_t person_id) {
  for (const v1::Transition& stay : out_.transitions) {
    if (KeyOf(stay.encounter()) == encounter && !IsOfAnother(stay, person_id)) return stay;
  }
  std::optional<v1::Transition> stay = facts_.TransitionOf(encounter);
  if (stay && (WasOfNoOne(*stay, person_id) || IsOfAnother(*stay, person_id))) return std::nullopt;
  if (stay) stored_versions_[stay->id()] = stay->version();
  return stay;
}

std::optional<v1::Transition> Reading::StayOfAnother(const ResourceKey& encounter,
                                                     std::uint64_t person_id) {
  std::optional<v1::Transition> stay = facts_.TransitionOf(encounter);
  if (!stay || !IsOfAnother(*stay, person_id)) return std::nullopt;
  stored_versions_[stay->id()] = stay->version();
  return stay;
}

std::optional<v1::Referral> Reading::ReferralOf(const ResourceKey& key, std::uint64_t person_id) {
  if (key.id.empty()) return std::nullopt;
  // The latest first: a ServiceRequest belongs to the last referral that was opened on it.
  for (auto it = out_.referrals.rbegin(); it != out_.referrals.rend(); ++it) {
    if (IsOf(*it, key)) return *it;
  }
  std::optional<v1::Referral> referral = facts_.ReferralOf(key);
  if (!referral || WasOfNoOne(*referral, person_id)) return std::nullopt;
  for (const v1::Referral& changed : out_.referrals) {
    if (changed.id() != referral->id()) continue;
    return IsOf(changed, key) ? std::optional(changed) : std::nullopt;
  }
  stored_versions_[referral->id()] = referral->version();
  return referral;
}

void Reading::Put(v1::Transition stay) {
  stay.set_version(stored_versions_[stay.id()] + 1);
  for (v1::Transition& earlier : out_.transitions) {
    if (earlier.id() != stay.id()) continue;
    earlier = std::move(stay);
    return;
  }
  out_.transitions.push_back(std::move(stay));
}

void Reading::Put(v1::Referral referral) {
  referral.set_version(stored_versions_[referral.id()] + 1);
  for (v1::Referral& earlier : out_.referrals) {
    if (earlier.id() != referral.id()) continue;
    earlier = std::move(referral);
    return;
  }
  out_.referrals.push_back(std::move(referral));
}

v1::Event& Reading::AddEvent(v1::EventKind kind,
                             const v1::ResourceName& focus,
                             std::uint64_t person_id,
                             std::int64_t occurred_us) {
  v1::Event& event = out_.events.emplace_back();
  event.set_kind(kind);
  event.set_message_id(message_.id.value());
  event.set_person_id(person_id);
  event.set_source(message_.sender.value());
  event.set_occurred_us(occurred_us);
  *event.mutable_focus() = focus;
  return event;
}

void Reading::AddIssue(fhir::Severity severity, std::string text, std::string expression) {
  out_.issues.push_back({severity, "business-rule", std::move(text), std::move(expression)});
}

}  // namespace handoff::care
