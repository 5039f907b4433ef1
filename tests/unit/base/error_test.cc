#include "gateway/base/error.h"

#include <set>
#include <string>

#include <gmock/gmock.h>

namespace handoff {
namespace {

TEST(ErrorTest, CarriesIdSafeMessageAndInternalDetail) {
  const absl::Status status =
      MakeError(ErrorId::kVersionConflict, "version 3 is not current", "stored: 5");
  EXPECT_EQ(status.code(), absl::StatusCode::kAborted);
  EXPECT_EQ(status.message(), "version 3 is not current");
  EXPECT_EQ(ErrorOf(status).id, ErrorId::kVersionConflict);
  EXPECT_EQ(ErrorOf(status).http, 412);
  EXPECT_EQ(InternalDetail(status), "stored: 5");
}

TEST(ErrorTest, TellsErrorsOfOneGrpcCodeApart) {
  EXPECT_EQ(ErrorOf(MakeError(ErrorId::kGone, "deleted")).http, 410);
  EXPECT_EQ(ErrorOf(MakeError(ErrorId::kNotFound, "absent")).http, 404);
  EXPECT_EQ(ErrorOf(MakeError(ErrorId::kTooLarge, "too large")).http, 413);
}

TEST(ErrorTest, MessageHoldsNothingInternal) {
  const absl::Status status = MakeError(ErrorId::kInternal, "we failed", "column 7");
  EXPECT_EQ(std::string(status.message()), "we failed");
  EXPECT_EQ(InternalDetail(absl::NotFoundError("x")), "");
}

TEST(ErrorTest, BareStatusGetsTheClosestId) {
  EXPECT_EQ(ErrorOf(absl::NotFoundError("x")).id, ErrorId::kNotFound);
  EXPECT_EQ(ErrorOf(absl::InvalidArgumentError("x")).id, ErrorId::kInvalidRequest);
  EXPECT_EQ(ErrorOf(absl::AbortedError("x")).id, ErrorId::kCommitConflict);
  EXPECT_EQ(ErrorOf(absl::ResourceExhaustedError("x")).id, ErrorId::kTooMany);
  EXPECT_EQ(ErrorOf(absl::DeadlineExceededError("x")).id, ErrorId::kUnavailable);
  EXPECT_EQ(ErrorOf(absl::DataLossError("x")).id, ErrorId::kInternal);
  EXPECT_EQ(ErrorOf(absl::UnknownError("x")).id, ErrorId::kInternal);
}

TEST(ErrorTest, EveryRowIsFilledAndIsAnError) {
  std::set<std::string_view> codes;
  for (int i = 0; i <= static_cast<int>(ErrorId::kInternal); ++i) {
    const ErrorInfo& info = Describe(static_cast<ErrorId>(i));
    EXPECT_EQ(static_cast<int>(info.id), i);
    EXPECT_THAT(std::string(info.code), ::testing::MatchesRegex("HO-01[0-9][0-9]"));
    EXPECT_NE(info.status, absl::StatusCode::kOk);
    EXPECT_GE(info.http, 400);
    EXPECT_FALSE(info.issue_code.empty());
    codes.insert(info.code);
  }
  EXPECT_EQ(codes.size(), 16u);
}

}  // namespace
}  // namespace handoff
