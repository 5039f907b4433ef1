// Deliveries whose person is in doubt: kept for a steward, instead of sent or thrown away.
#pragma once

#include "absl/status/statusor.h"

#include "gateway/store/store.h"
#include "handoff/v1/model.pb.h"

namespace handoff::delivery {

// Whom `delivery` is about, merges followed; null if no one.
absl::StatusOr<store::SharedPerson> PersonOf(store::Snapshot& snapshot,
                                             const v1::Delivery& delivery);

// Makes `batch` one that commits only while the person of `delivery` is held: else a decision that
// comes in between would leave behind what the batch keeps for it. False, and nothing done, if the
// person is not held any more.
absl::StatusOr<bool> CommitWhileHeld(store::Store& store,
                                     const v1::Delivery& delivery,
                                     store::Batch* batch);

}  // namespace handoff::delivery
