// Early return on an error Status, without exceptions.
#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define HANDOFF_RETURN_IF_ERROR(expr)                                 \
  do {                                                                \
    if (absl::Status handoff_status = (expr); !handoff_status.ok()) { \
      return handoff_status;                                          \
    }                                                                 \
  } while (false)

#define HANDOFF_CONCAT_INNER(a, b) a##b
#define HANDOFF_CONCAT(a, b) HANDOFF_CONCAT_INNER(a, b)

// HANDOFF_ASSIGN_OR_RETURN(auto x, F());
#define HANDOFF_ASSIGN_OR_RETURN(lhs, expr) \
  HANDOFF_ASSIGN_OR_RETURN_INNER(HANDOFF_CONCAT(handoff_or_, __LINE__), lhs, expr)
#define HANDOFF_ASSIGN_OR_RETURN_INNER(tmp, lhs, expr) \
  auto tmp = (expr);                                   \
  if (!tmp.ok()) return std::move(tmp).status();       \
  lhs = *std::move(tmp)

// Always on: a broken invariant of ours stops the process. Never for input that a peer can send.
#define HANDOFF_CHECK(condition) \
  (static_cast<bool>(condition) ? void(0) : ::handoff::CheckFailed(#condition, __FILE__, __LINE__))

namespace handoff {
[[noreturn]] void CheckFailed(const char* condition, const char* file, int line);
}  // namespace handoff
