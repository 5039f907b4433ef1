// What it means for a referral that its request has reached its performer.
#pragma once

#include <span>

#include "absl/status/status.h"

#include "gateway/base/clock.h"
#include "gateway/store/store.h"

namespace handoff::delivery {

// Adds to the batch that settles `delivered` the referrals that are thereby no longer requested but
// delivered (a state of the gateway's own, by which the clock of an answer starts). The batch then
// rests on what was read: a commit that fails with kAborted is made again from the start.
//
// Errors: of the store's reads; the batch is then unspecified.
// Thread safety: any thread.
absl::Status AddDeliveredReferrals(store::Store& store,
                                   std::span<const v1::Delivery> delivered,
                                   Timestamp now,
                                   store::Batch* batch);

}  // namespace handoff::delivery
