#include "gateway/delivery/hold.h"

#include <memory>
#include <utility>

#include "gateway/base/status_macros.h"

namespace handoff::delivery {

absl::StatusOr<store::SharedPerson> PersonOf(store::Snapshot& snapshot,
                                             const v1::Delivery& delivery) {
  if (delivery.person_id() == 0) return nullptr;
  return store::ReadSurvivor(snapshot, PersonId{delivery.person_id()});
}

absl::StatusOr<bool> CommitWhileHeld(store::Store& store,
                                     const v1::Delivery& delivery,
                                     store::Batch* batch) {
  std::shared_ptr<store::Snapshot> snapshot = store.GetSnapshot();
  HANDOFF_ASSIGN_OR_RETURN(const store::SharedPerson person, PersonOf(*snapshot, delivery));
  if (!person || !person->held()) return false;
  batch->planned_on = std::move(snapshot);
  return true;
}

}  // namespace handoff::delivery
