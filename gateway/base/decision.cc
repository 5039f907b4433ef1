#include "gateway/base/decision.h"

#include <cstddef>

#include "gateway/base/error.h"

namespace handoff {
namespace {

constexpr std::size_t kMaxOperatorBytes = 100;
constexpr std::size_t kMaxReasonBytes = 500;

}  // namespace

absl::Status CheckOperator(std::string_view by) {
  if (!by.empty() && by.size() <= kMaxOperatorBytes) return absl::OkStatus();
  return MakeError(ErrorId::kInvalidRequest, "an operator must be named, in at most 100 bytes");
}

absl::Status CheckReason(std::string_view reason) {
  if (!reason.empty() && reason.size() <= kMaxReasonBytes) return absl::OkStatus();
  return MakeError(ErrorId::kInvalidRequest, "a reason must be given, in at most 500 bytes");
}

}  // namespace handoff
