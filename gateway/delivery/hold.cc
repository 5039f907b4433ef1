#include "gateway/delivery/hold.h"

#include <memory>
#include <utility>

#include "gateway/base/status_macros.h"

namespace handoff::delivery {

absl::StatusOr<bool> IsHeld(store::Snapshot& snapshot, const v1::Delivery& delivery) {
  if (delivery.person_id() == 0) return false;
  HANDOFF_ASSIGN_OR_RETURN(const store::SharedPerson person,
                           store::ReadSurvivor(snapshot, PersonId{delivery.person_id()}));
  return person && person->held();
}

absl::StatusOr<bool> CommitWhileHeld(store::Store& store,
                                     const v1::Delivery& delivery,
                                     store::Batch* batch) {
  std::shared_ptr<store::Snapshot> snapshot = store.GetSnapshot();
  HANDOFF_ASSIGN_OR_RETURN(const bool held, IsHeld(*snapshot, delivery));
  if (held) batch->planned_on = std::move(snapshot);
  return held;
}

}  // namespace handoff::delivery
