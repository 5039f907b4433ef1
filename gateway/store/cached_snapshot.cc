#include "gateway/store/cached_snapshot.h"

#include <utility>

#include "gateway/base/status_macros.h"

namespace handoff::store {
namespace {

// What `cache` holds under `key`, after `read()` if it holds nothing yet.
template <class Cache, class Key, class Read>
auto Remembered(Cache& cache, const Key& key, const Read& read) -> decltype(read()) {
  if (const auto known = cache.find(key); known != cache.end()) return known->second;
  HANDOFF_ASSIGN_OR_RETURN(auto found, read());
  return cache.emplace(key, std::move(found)).first->second;
}

}  // namespace

CachedSnapshot::CachedSnapshot(std::shared_ptr<Snapshot> snapshot)
    : snapshot_(std::move(snapshot)) {}

absl::StatusOr<SharedResource> CachedSnapshot::Read(const ResourceKey& key) {
  HANDOFF_ASSIGN_OR_RETURN(auto resources, ReadMany({key}));
  return std::move(resources.front());
}

absl::StatusOr<std::vector<SharedResource>> CachedSnapshot::ReadMany(
    const std::vector<ResourceKey>& keys) {
  std::vector<SharedResource> resources(keys.size());
  std::vector<ResourceKey> unknown;
  std::vector<std::size_t> places;  // of the unknown, in `keys`
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (const auto known = resources_.find(keys[i]); known != resources_.end()) {
      resources[i] = known->second;
    } else {
      unknown.push_back(keys[i]);
      places.push_back(i);
    }
  }
  if (unknown.empty()) return resources;
  HANDOFF_ASSIGN_OR_RETURN(auto read, snapshot_->ReadMany(unknown));
  for (std::size_t i = 0; i < unknown.size(); ++i) {
    resources[places[i]] = read[i];
    if (read[i]) bytes_ += read[i]->record().size();
    resources_.emplace(std::move(unknown[i]), std::move(read[i]));
  }
  return resources;
}

absl::StatusOr<SharedResource> CachedSnapshot::ReadVersion(const ResourceKey& key,
                                                           std::uint64_t version) {
  return snapshot_->ReadVersion(key, version);
}

absl::StatusOr<std::vector<SharedResource>> CachedSnapshot::History(const ResourceKey& key,
                                                                    std::uint64_t before_version,
                                                                    std::size_t limit) {
  return snapshot_->History(key, before_version, limit);
}

absl::StatusOr<Page> CachedSnapshot::Find(const Query& query) { return snapshot_->Find(query); }

absl::StatusOr<std::vector<ResourceKey>> CachedSnapshot::ResourcesOf(PersonId person) {
  return snapshot_->ResourcesOf(person);
}

absl::StatusOr<std::optional<std::string>> CachedSnapshot::Lookup(LinkKind kind,
                                                                  std::string_view key) {
  return snapshot_->Lookup(kind, key);
}

absl::StatusOr<SharedPerson> CachedSnapshot::ReadPerson(PersonId id) {
  return Remembered(persons_, id, [&] { return snapshot_->ReadPerson(id); });
}

absl::StatusOr<SharedTransition> CachedSnapshot::ReadTransition(std::string_view id) {
  return Remembered(transitions_, std::string(id), [&] { return snapshot_->ReadTransition(id); });
}

absl::StatusOr<SharedReferral> CachedSnapshot::ReadReferral(std::string_view id) {
  return Remembered(referrals_, std::string(id), [&] { return snapshot_->ReadReferral(id); });
}

absl::StatusOr<std::vector<PersonId>> CachedSnapshot::PersonsOf(const PartyKey& party,
                                                                PersonId after,
                                                                std::size_t limit) {
  return snapshot_->PersonsOf(party, after, limit);
}

absl::StatusOr<SharedMessage> CachedSnapshot::ReadMessage(const MessageId& id) {
  return Remembered(messages_, id.value(), [&] { return snapshot_->ReadMessage(id); });
}

absl::StatusOr<std::optional<std::string>> CachedSnapshot::ReadOriginal(const MessageId& id) {
  return snapshot_->ReadOriginal(id);
}

absl::StatusOr<std::vector<v1::LedgerEntry>> CachedSnapshot::Ledger(const MessageId& id) {
  return snapshot_->Ledger(id);
}

}  // namespace handoff::store
