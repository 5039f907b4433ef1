#include "gateway/store/store.h"

#include <future>

namespace handoff::store {

ResourceRecord::ResourceRecord(const v1::StoredResource& stored)
    : key{stored.name().type(), stored.name().id()},
      version(stored.name().version()),
      person(stored.person_id()),
      encoded(stored.SerializeAsString()) {}

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
