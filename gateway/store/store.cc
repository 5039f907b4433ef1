#include "gateway/store/store.h"

#include <algorithm>
#include <charconv>
#include <future>

#include "gateway/base/status_macros.h"

namespace handoff::store {

ResourceRecord::ResourceRecord(const v1::StoredResource& stored)
    : key{stored.name().type(), stored.name().id()},
      version(stored.name().version()),
      person(stored.person_id()),
      encoded(stored.SerializeAsString()) {}

absl::StatusOr<SharedPerson> ReadSurvivor(Snapshot& snapshot, PersonId id) {
  // Merges make no circle: who was merged is merged into nobody, and nobody into them. Damage
  // might.
  constexpr int kLongestChain = 100;
  for (int merges = 0; merges <= kLongestChain; ++merges) {
    HANDOFF_ASSIGN_OR_RETURN(SharedPerson person, snapshot.ReadPerson(id));
    if (!person || person->merged_into() == 0) return person;
    id = PersonId{person->merged_into()};
  }
  return absl::DataLossError("a person was merged into others without end");
}

absl::StatusOr<PersonId> PersonByIdentifier(Snapshot& snapshot, std::string_view key) {
  HANDOFF_ASSIGN_OR_RETURN(const std::optional<std::string> link,
                           snapshot.Lookup(LinkKind::kIdentifierToPerson, key));
  if (!link) return PersonId::kNone;
  std::uint64_t number = 0;
  const char* const last = link->data() + link->size();
  const auto [end, error] = std::from_chars(link->data(), last, number);
  if (error != std::errc() || end != last)
    return absl::DataLossError("an identifier leads to no person");
  HANDOFF_ASSIGN_OR_RETURN(const SharedPerson person, ReadSurvivor(snapshot, PersonId{number}));
  return PersonId{person ? person->id() : number};
}

absl::StatusOr<std::vector<SharedResource>> ReadBeside(Snapshot& snapshot,
                                                       const v1::StoredMessage& message,
                                                       std::uint64_t person_id,
                                                       const std::vector<ResourceKey>& except) {
  std::vector<const v1::ResourceName*> names;
  std::vector<ResourceKey> keys;
  for (const v1::Receipt::Entry& entry : message.receipt().entries()) {
    ResourceKey key{entry.resource().type(), entry.resource().id()};
    if (!entry.has_resource() || std::find(except.begin(), except.end(), key) != except.end())
      continue;
    names.push_back(&entry.resource());
    keys.push_back(std::move(key));
  }
  std::vector<SharedResource> beside;
  if (keys.empty()) return beside;
  HANDOFF_ASSIGN_OR_RETURN(std::vector<SharedResource> current, snapshot.ReadMany(keys));
  for (std::size_t i = 0; i < keys.size(); ++i) {
    SharedResource one = std::move(current[i]);
    if (one && one->deleted()) {
      HANDOFF_ASSIGN_OR_RETURN(one, snapshot.ReadVersion(keys[i], names[i]->version()));
    }
    if (!one || one->deleted()) continue;
    if (one->person_id() == 0 || one->person_id() == person_id) beside.push_back(std::move(one));
  }
  return beside;
}

absl::StatusOr<Committed> Store::CommitAndWait(Batch batch) {
  std::promise<absl::StatusOr<Committed>> promise;
  std::future<absl::StatusOr<Committed>> outcome = promise.get_future();
  // The callback owns the promise: set_value() may still run while get() has returned already.
  Commit(std::move(batch), [promise = std::move(promise)](auto result) mutable {
    promise.set_value(std::move(result));
  });
  return outcome.get();
}

}  // namespace handoff::store
