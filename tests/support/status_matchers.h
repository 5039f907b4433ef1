// Matchers for absl::Status and absl::StatusOr (Debian's absl has none).
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include <gmock/gmock.h>

namespace handoff::testing {

inline const absl::Status& StatusOf(const absl::Status& s) { return s; }
template <class T>
const absl::Status& StatusOf(const absl::StatusOr<T>& s) {
  return s.status();
}

MATCHER(IsOk, "is OK") {
  const absl::Status& status = StatusOf(arg);
  if (!status.ok()) *result_listener << status.ToString();
  return status.ok();
}

// The code, and a text that the message contains.
MATCHER_P2(StatusIs, code, text, "has the code and says the text") {
  const absl::Status& status = StatusOf(arg);
  *result_listener << status.ToString();
  const absl::string_view message = status.message();
  return status.code() == code &&
         std::string_view(message.data(), message.size()).find(text) != std::string_view::npos;
}

}  // namespace handoff::testing

#define HANDOFF_ASSERT_OK(expr) ASSERT_THAT((expr), ::handoff::testing::IsOk())
#define HANDOFF_EXPECT_OK(expr) EXPECT_THAT((expr), ::handoff::testing::IsOk())
#define HANDOFF_ASSERT_OK_AND_ASSIGN(lhs, expr) \
  HANDOFF_ASSERT_OK_AND_ASSIGN_INNER(HANDOFF_TEST_CONCAT(or_, __LINE__), lhs, expr)
#define HANDOFF_ASSERT_OK_AND_ASSIGN_INNER(tmp, lhs, expr) \
  auto tmp = (expr);                                       \
  ASSERT_THAT(tmp, ::handoff::testing::IsOk());            \
  lhs = *std::move(tmp)
#define HANDOFF_TEST_CONCAT_INNER(a, b) a##b
#define HANDOFF_TEST_CONCAT(a, b) HANDOFF_TEST_CONCAT_INNER(a, b)
