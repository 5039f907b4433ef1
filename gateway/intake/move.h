// A referral's move over gRPC, as the same writes that a Task update over FHIR would be.
#pragma once

#include "absl/status/statusor.h"

#include "fhir-mappings/runtime/resource.h"
#include "gateway/base/clock.h"
#include "gateway/intake/intake.h"
#include "gateway/intake/request.h"
#include "gateway/store/store.h"

namespace handoff::intake {

struct MoveRequest {
  Request request;  // the Task as it is after the move, and the outputs
  fhir::Issues issues;
  int http_status = 0;  // of a refusal: 404 no such referral for this party, 412 another version is
                        // current; 0: none
};

// Not OK: the store failed.
absl::StatusOr<MoveRequest> DecodeMove(store::Snapshot& snapshot,
                                       const Submission& submission,
                                       const fhir::ReadLimits& limits,
                                       Timestamp now);

}  // namespace handoff::intake
