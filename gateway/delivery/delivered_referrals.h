// What it means for a referral that its request has reached its performer.
#pragma once

#include <span>

#include "absl/status/status.h"

#include "gateway/base/clock.h"
#include "gateway/store/store.h"

namespace handoff::delivery {

// Whether AddDeliveredReferrals would read anything for it.
bool ConcernsReferral(const v1::Delivery& delivered);

// Adds to the batch that settles `delivered` the referrals that are thereby no longer requested but
// delivered (a state of the gateway's own). The batch then rests on what was read: a commit that
// fails with kAborted is made again from the start. A referral that is damaged is logged and left
// as it is: what was delivered is settled all the same.
//
// Errors: kUnavailable; the batch is then unspecified. May block while it reads.
// Thread safety: any thread.
absl::Status AddDeliveredReferrals(store::Store& store,
                                   std::span<const v1::Delivery> delivered,
                                   Timestamp now,
                                   store::Batch* batch);

}  // namespace handoff::delivery
