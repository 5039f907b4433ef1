#include "gateway/base/status_macros.h"

#include <memory>

#include <gtest/gtest.h>

#include "tests/support/status_matchers.h"

namespace handoff {
namespace {

using testing::StatusIs;

absl::StatusOr<std::unique_ptr<int>> Boxed(absl::Status status) {
  HANDOFF_RETURN_IF_ERROR(status);
  return std::make_unique<int>(7);
}

absl::StatusOr<int> Twice(absl::Status first, absl::Status second) {
  HANDOFF_ASSIGN_OR_RETURN(const std::unique_ptr<int> a, Boxed(first));
  HANDOFF_ASSIGN_OR_RETURN(const std::unique_ptr<int> b, Boxed(second));
  return *a + *b;
}

TEST(StatusMacrosTest, PassValuesOn) {
  HANDOFF_ASSERT_OK_AND_ASSIGN(const int sum, Twice(absl::OkStatus(), absl::OkStatus()));
  EXPECT_EQ(sum, 14);
}

TEST(StatusMacrosTest, ReturnTheFirstError) {
  EXPECT_THAT(Twice(absl::NotFoundError("a"), absl::AbortedError("b")),
              StatusIs(absl::StatusCode::kNotFound, "a"));
  EXPECT_THAT(Twice(absl::OkStatus(), absl::AbortedError("b")),
              StatusIs(absl::StatusCode::kAborted, "b"));
}

TEST(StatusMacrosDeathTest, BrokenInvariantStopsTheProcessAndNamesItself) {
  HANDOFF_CHECK(1 + 1 == 2);
  EXPECT_DEATH(HANDOFF_CHECK(1 + 1 == 3), "broken invariant: 1 \\+ 1 == 3 .*status_macros_test.cc");
}

}  // namespace
}  // namespace handoff
