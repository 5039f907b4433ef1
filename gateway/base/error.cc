#include "gateway/base/error.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>

#include "absl/strings/cord.h"

namespace handoff {
namespace {

constexpr char kIdPayload[] = "handoff.error";
constexpr char kInternalPayload[] = "handoff.internal";

using enum absl::StatusCode;

// A code names one row for ever: it is quoted in tickets and runbooks. New rows go to the end.
constexpr std::array kErrors{
    ErrorInfo{ErrorId::kInvalidContent, "HO-0101", kInvalidArgument, 400, "structure"},
    ErrorInfo{ErrorId::kInvalidRequest, "HO-0102", kInvalidArgument, 400, "invalid"},
    ErrorInfo{ErrorId::kUnauthenticated, "HO-0103", kUnauthenticated, 401, "login"},
    ErrorInfo{ErrorId::kForbidden, "HO-0104", kPermissionDenied, 403, "forbidden"},
    ErrorInfo{ErrorId::kNotFound, "HO-0105", kNotFound, 404, "not-found"},
    ErrorInfo{ErrorId::kGone, "HO-0106", kNotFound, 410, "deleted"},
    ErrorInfo{ErrorId::kVersionConflict, "HO-0107", kAborted, 412, "conflict"},
    ErrorInfo{ErrorId::kCommitConflict, "HO-0108", kAborted, 409, "transient"},
    ErrorInfo{ErrorId::kIllegalMove, "HO-0109", kFailedPrecondition, 422, "business-rule"},
    ErrorInfo{ErrorId::kUnsupported, "HO-0110", kUnimplemented, 405, "not-supported"},
    ErrorInfo{ErrorId::kTooLarge, "HO-0111", kInvalidArgument, 413, "too-long"},
    ErrorInfo{ErrorId::kTooMany, "HO-0112", kResourceExhausted, 429, "throttled"},
    ErrorInfo{ErrorId::kMultipleMatches, "HO-0113", kFailedPrecondition, 412, "multiple-matches"},
    ErrorInfo{ErrorId::kUnprocessable, "HO-0114", kInvalidArgument, 422, "business-rule"},
    ErrorInfo{ErrorId::kUnavailable, "HO-0115", kUnavailable, 503, "transient"},
    ErrorInfo{ErrorId::kInternal, "HO-0116", kInternal, 500, "exception"},
};

consteval bool TableIsSound() {
  for (std::size_t i = 0; i < kErrors.size(); ++i) {
    if (static_cast<std::size_t>(kErrors[i].id) != i) return false;
    for (std::size_t j = 0; j < i; ++j) {
      if (kErrors[i].code == kErrors[j].code) return false;
    }
  }
  return kErrors.size() == static_cast<std::size_t>(ErrorId::kInternal) + 1;
}
static_assert(TableIsSound(), "one row per ErrorId, in its order, and no code twice");

ErrorId ClosestId(absl::StatusCode code) {
  switch (code) {
    case kInvalidArgument:
    case kOutOfRange:
      return ErrorId::kInvalidRequest;
    case kUnauthenticated:
      return ErrorId::kUnauthenticated;
    case kPermissionDenied:
      return ErrorId::kForbidden;
    case kNotFound:
      return ErrorId::kNotFound;
    case kAborted:  // what a store says when a precondition of a commit does not hold
      return ErrorId::kCommitConflict;
    case kFailedPrecondition:
    case kAlreadyExists:
      return ErrorId::kUnprocessable;
    case kUnimplemented:
      return ErrorId::kUnsupported;
    case kResourceExhausted:
      return ErrorId::kTooMany;
    case kUnavailable:
    case kDeadlineExceeded:
    case kCancelled:
      return ErrorId::kUnavailable;
    default:
      return ErrorId::kInternal;
  }
}

}  // namespace

const ErrorInfo& Describe(ErrorId id) { return kErrors.at(static_cast<std::size_t>(id)); }

absl::Status MakeError(ErrorId id, std::string_view safe, std::string_view internal) {
  const ErrorInfo& info = Describe(id);
  absl::Status status(info.status, {safe.data(), safe.size()});
  status.SetPayload(kIdPayload, absl::Cord({info.code.data(), info.code.size()}));
  if (!internal.empty()) {
    status.SetPayload(kInternalPayload, absl::Cord({internal.data(), internal.size()}));
  }
  return status;
}

const ErrorInfo& ErrorOf(const absl::Status& status) {
  if (const auto code = status.GetPayload(kIdPayload)) {
    const auto row = std::find_if(kErrors.begin(), kErrors.end(), [&](const ErrorInfo& info) {
      return *code == absl::string_view(info.code.data(), info.code.size());
    });
    if (row != kErrors.end()) return *row;
  }
  return Describe(ClosestId(status.code()));
}

std::string InternalDetail(const absl::Status& status) {
  const auto detail = status.GetPayload(kInternalPayload);
  return detail ? std::string(*detail) : std::string();
}

}  // namespace handoff
