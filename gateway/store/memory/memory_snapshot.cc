#include "gateway/store/memory/memory_snapshot.h"

#include <algorithm>

#include "gateway/base/status_macros.h"
#include "gateway/store/query.h"

namespace handoff::store {
namespace {

template <class Value>
std::optional<Value> Copy(const Value* value) {
  if (value == nullptr) return std::nullopt;
  return *value;
}

template <class Message>
std::shared_ptr<const Message> Share(const Message* message) {
  return message == nullptr ? nullptr : std::make_shared<const Message>(*message);
}

}  // namespace

absl::StatusOr<SharedResource> MemorySnapshot::Read(const ResourceKey& key) {
  Remember(key::Resource(key.type, key.id));
  absl::MutexLock lock(&tables_.mutex);
  const SharedResource* const resource = tables_.resources.At(key, sequence());
  return resource == nullptr ? nullptr : *resource;
}

absl::StatusOr<std::vector<SharedResource>> MemorySnapshot::ReadMany(
    const std::vector<ResourceKey>& keys) {
  std::vector<SharedResource> resources;
  resources.reserve(keys.size());
  for (const ResourceKey& key : keys) {
    HANDOFF_ASSIGN_OR_RETURN(resources.emplace_back(), Read(key));
  }
  return resources;
}

absl::StatusOr<SharedResource> MemorySnapshot::ReadVersion(const ResourceKey& key,
                                                           std::uint64_t version) {
  absl::MutexLock lock(&tables_.mutex);
  for (const auto& [commit, resource] : tables_.resources.All(key)) {
    if (commit <= sequence() && resource->version() == version) return resource;
  }
  return nullptr;
}

absl::StatusOr<std::vector<SharedResource>> MemorySnapshot::History(const ResourceKey& key,
                                                                    std::uint64_t before_version,
                                                                    std::size_t limit) {
  std::vector<SharedResource> history;
  absl::MutexLock lock(&tables_.mutex);
  const auto& versions = tables_.resources.All(key);
  for (auto it = versions.rbegin(); it != versions.rend() && history.size() < limit; ++it) {
    if (it->first > sequence()) continue;
    if (before_version != 0 && it->second->version() >= before_version) continue;
    history.push_back(it->second);
  }
  return history;
}

absl::StatusOr<Page> MemorySnapshot::Find(const Query& query) {
  HANDOFF_ASSIGN_OR_RETURN(const std::optional<PagePosition> after, DecodeResume(query.resume));
  Page page;
  if (query.limit == 0) return page;
  absl::MutexLock lock(&tables_.mutex);
  for (const PersonId person_id : query.persons) {
    const auto person = static_cast<std::uint64_t>(person_id);
    if (after && person < after->person) continue;
    auto it = tables_.listed.lower_bound({person, query.type, ""});
    for (; it != tables_.listed.end(); ++it) {
      const auto& [about, type, id] = *it;
      if (about != person || type != query.type) break;
      if (after && after->person == person && id <= after->id) continue;
      const SharedResource* const found = tables_.resources.At({type, id}, sequence());
      if (found == nullptr || (*found)->person_id() != person) continue;
      if (!Matches(**found, query)) continue;
      if (page.items.size() == query.limit) {
        const ResourceVersion& last = *page.items.back();
        page.resume = EncodeResume({last.person_id(), std::string(last.id())});
        return page;
      }
      page.items.push_back(*found);
    }
  }
  return page;
}

absl::StatusOr<std::vector<ResourceKey>> MemorySnapshot::ResourcesOf(PersonId person) {
  std::vector<ResourceKey> keys;
  absl::MutexLock lock(&tables_.mutex);
  const auto id = static_cast<std::uint64_t>(person);
  for (auto it = tables_.listed.lower_bound({id, "", ""}); it != tables_.listed.end(); ++it) {
    if (std::get<0>(*it) != id) break;
    ResourceKey key{std::get<1>(*it), std::get<2>(*it)};
    if (tables_.resources.At(key, sequence()) != nullptr) keys.push_back(std::move(key));
  }
  return keys;
}

absl::StatusOr<std::optional<std::string>> MemorySnapshot::Lookup(LinkKind kind,
                                                                  std::string_view key) {
  Remember(key::Link(kind, key));
  absl::MutexLock lock(&tables_.mutex);
  return Copy(tables_.links.At({kind, std::string(key)}, sequence()));
}

absl::StatusOr<SharedPerson> MemorySnapshot::ReadPerson(PersonId id) {
  const auto person = static_cast<std::uint64_t>(id);
  Remember(key::Person(person));
  absl::MutexLock lock(&tables_.mutex);
  return Share(tables_.persons.At(person, sequence()));
}

absl::StatusOr<SharedTransition> MemorySnapshot::ReadTransition(std::string_view id) {
  Remember(key::Transition(id));
  absl::MutexLock lock(&tables_.mutex);
  return Share(tables_.transitions.At(std::string(id), sequence()));
}

absl::StatusOr<SharedReferral> MemorySnapshot::ReadReferral(std::string_view id) {
  Remember(key::Referral(id));
  absl::MutexLock lock(&tables_.mutex);
  return Share(tables_.referrals.At(std::string(id), sequence()));
}

absl::StatusOr<std::vector<PersonId>> MemorySnapshot::PersonsOf(const PartyKey& party,
                                                                PersonId after,
                                                                std::size_t limit) {
  std::vector<PersonId> persons;
  absl::MutexLock lock(&tables_.mutex);
  auto it = tables_.visible.upper_bound({party.value(), static_cast<std::uint64_t>(after)});
  for (; it != tables_.visible.end() && it->first.first == party.value(); ++it) {
    if (persons.size() == limit) break;
    if (it->second <= sequence()) persons.push_back(PersonId{it->first.second});
  }
  return persons;
}

absl::StatusOr<SharedMessage> MemorySnapshot::ReadMessage(const MessageId& id) {
  absl::MutexLock lock(&tables_.mutex);
  const v1::StoredMessage* const stored = tables_.messages.At(id.value(), sequence());
  if (stored == nullptr) return nullptr;
  auto message = std::make_shared<v1::StoredMessage>(*stored);
  message->clear_original();
  return message;
}

absl::StatusOr<std::optional<std::string>> MemorySnapshot::ReadOriginal(const MessageId& id) {
  absl::MutexLock lock(&tables_.mutex);
  const v1::StoredMessage* const stored = tables_.messages.At(id.value(), sequence());
  if (stored == nullptr) return std::nullopt;
  return stored->original();
}

absl::StatusOr<std::vector<v1::LedgerEntry>> MemorySnapshot::Ledger(const MessageId& id) {
  std::vector<v1::LedgerEntry> entries;
  absl::MutexLock lock(&tables_.mutex);
  const auto records = tables_.ledger.find(id.value());
  if (records == tables_.ledger.end()) return entries;
  for (const v1::LedgerRecord& record : records->second) {
    if (record.commit() > sequence()) break;
    entries.insert(entries.end(), record.entries().begin(), record.entries().end());
  }
  return entries;
}

}  // namespace handoff::store
