#include "gateway/store/tracked_snapshot.h"

namespace handoff::store {

absl::StatusOr<ReadSet> ReadsOf(const Batch& batch) {
  if (batch.planned_on == nullptr) return ReadSet();
  const auto* snapshot = dynamic_cast<const TrackedSnapshot*>(batch.planned_on.get());
  if (snapshot == nullptr) {
    return absl::InvalidArgumentError("the plan was made on a snapshot of something else");
  }
  return snapshot->reads();
}

std::vector<std::uint64_t> WritesOf(const Batch& batch) {
  std::vector<std::uint64_t> keys;
  keys.reserve(batch.resources.size() + batch.links.size() + batch.persons.size() +
               batch.transitions.size() + batch.referrals.size());
  const auto add = [&](const std::string& key) { keys.push_back(key::Hash(key)); };
  for (const auto& r : batch.resources) add(key::Resource(r.key.type, r.key.id));
  for (const auto& [link, target] : batch.links) add(key::Link(link.first, link.second));
  for (const auto& person : batch.persons) add(key::Person(person.id()));
  for (const auto& transition : batch.transitions) add(key::Transition(transition.id()));
  for (const auto& referral : batch.referrals) add(key::Referral(referral.id()));
  return keys;
}

}  // namespace handoff::store
