#include "gateway/store/store.h"

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
