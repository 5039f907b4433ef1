// From a SubmitRequest to what intake takes.
#pragma once

#include "absl/status/statusor.h"

#include "gateway/base/ids.h"
#include "gateway/intake/intake.h"
#include "handoff/v1/services.pb.h"

namespace handoff::rpc {

// Errors: kInvalidArgument if the request holds no content.
absl::StatusOr<intake::Submission> ToSubmission(const PartyKey& sender,
                                                const v1::SubmitRequest& request);

}  // namespace handoff::rpc
