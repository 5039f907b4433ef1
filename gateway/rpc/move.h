// Referrals.Update as a move that intake takes, and a refused move as an error.
#pragma once

#include "absl/status/status.h"

#include "gateway/base/ids.h"
#include "gateway/intake/intake.h"
#include "handoff/v1/services.pb.h"

namespace handoff::rpc {

intake::Submission ToMove(const PartyKey& party, const v1::UpdateReferralRequest& request);

// OK for an accepted receipt. A refusal has the text of its first error:
//   kFailedPrecondition  the move is illegal: the text names from, to and actor
//   kAborted             `expected_version` is no longer current
//   kNotFound, kPermissionDenied, kInvalidArgument
absl::Status RefusalOf(const v1::Receipt& receipt);

}  // namespace handoff::rpc
