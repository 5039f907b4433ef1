// Every error that leaves Handoff: one id, one gRPC code, one HTTP status, one OperationOutcome
// issue.code.
//
// Two audiences: Status::message() is safe to send and holds no patient data; detail for the log
// alone travels in the payload `handoff.internal`.
#pragma once

#include <string_view>

#include "absl/status/status.h"

namespace handoff {

enum class ErrorId {
  kInvalidContent,   // the document cannot be read as FHIR
  kInvalidRequest,   // the request is malformed: a parameter, a header, the URL
  kUnauthenticated,  // no token, or one that does not verify
  kForbidden,        // this party may not do this
  kNotFound,         // absent, or not for this caller: the two are the same answer
  kGone,             // deleted
  kVersionConflict,  // If-Match names another version
  kCommitConflict,   // lost a race too often; repeat the call
  kIllegalMove,      // a referral cannot go from here to there by this actor
  kUnsupported,      // a resource type, interaction or parameter we do not serve
  kTooLarge,         // a limit of size, depth or count
  kTooMany,          // a queue is full
  kMultipleMatches,  // a conditional reference or create matches more than one
  kUnprocessable,    // readable, but refused by a rule
  kUnavailable,      // a store or peer is not there now
  kInternal,         // our fault
};

struct ErrorInfo {
  ErrorId id;
  std::string_view code;  // "HO-0101"
  absl::StatusCode status;
  int http;
  std::string_view issue_code;  // FHIR R4 valueset-issue-type
};

const ErrorInfo& Describe(ErrorId id);

// A Status whose message is `safe` and that carries `id`; `internal` reaches the log only.
absl::Status MakeError(ErrorId id, std::string_view safe, std::string_view internal = {});

// The id that MakeError put in; for a bare Status the closest one.
const ErrorInfo& ErrorOf(const absl::Status& status);

// What MakeError was told for the log, or empty.
std::string InternalDetail(const absl::Status& status);

}  // namespace handoff
