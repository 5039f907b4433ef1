#include "connectors/curl/outcome.h"

#include <chrono>
#include <optional>
#include <vector>

#include <gmock/gmock.h>

namespace handoff::connectors {
namespace {

using std::chrono::seconds;

TEST(OutcomeTest, EverySuccessIsDelivered) {
  for (const int status : {200, 201, 202, 204, 299}) {
    EXPECT_EQ(OutcomeOfStatus(status, std::nullopt).kind, Outcome::Kind::kDelivered) << status;
  }
}

TEST(OutcomeTest, WhatMayPassIsRetried) {
  for (const int status : {408, 425, 429, 500, 501, 502, 503, 504, 599}) {
    EXPECT_EQ(OutcomeOfStatus(status, std::nullopt).kind, Outcome::Kind::kRetry) << status;
  }
}

TEST(OutcomeTest, RedirectsAndOtherClientErrorsAreRefused) {
  for (const int status : {300, 301, 302, 307, 308, 400, 401, 403, 404, 409, 410, 412, 422}) {
    EXPECT_EQ(OutcomeOfStatus(status, std::nullopt).kind, Outcome::Kind::kRefused) << status;
  }
}

TEST(OutcomeTest, SaysTheStatusAndNothingElse) {
  EXPECT_EQ(OutcomeOfStatus(503, std::nullopt).text, "HTTP 503");
}

TEST(OutcomeTest, RetryAfterIsHonouredUpToItsBound) {
  EXPECT_EQ(OutcomeOfStatus(429, seconds(7)).retry_after, seconds(7));
  EXPECT_EQ(OutcomeOfStatus(503, kMaxRetryAfter).retry_after, kMaxRetryAfter);
  EXPECT_EQ(OutcomeOfStatus(503, kMaxRetryAfter + seconds(1)).retry_after, kMaxRetryAfter);
  EXPECT_EQ(OutcomeOfStatus(503, seconds(-5)).retry_after, seconds(0));
}

TEST(OutcomeTest, RetryAfterOfAFinalAnswerCountsForNothing) {
  EXPECT_EQ(OutcomeOfStatus(200, seconds(7)).retry_after, std::nullopt);
  EXPECT_EQ(OutcomeOfStatus(404, seconds(7)).retry_after, std::nullopt);
}

}  // namespace
}  // namespace handoff::connectors
