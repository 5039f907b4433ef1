#include "gateway/delivery/backoff.h"

#include <algorithm>
#include <chrono>
#include <random>

#include <gmock/gmock.h>

namespace handoff::delivery {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(BackoffTest, TheCeilingDoublesUpToTheMaximum) {
  const BackoffOptions options;
  EXPECT_EQ(BackoffCeiling(options, 1), seconds(1));
  EXPECT_EQ(BackoffCeiling(options, 2), seconds(2));
  EXPECT_EQ(BackoffCeiling(options, 10), seconds(512));
  EXPECT_EQ(BackoffCeiling(options, 11), minutes(15));
  EXPECT_EQ(BackoffCeiling(options, 4'000'000'000), minutes(15));
}

TEST(BackoffTest, TheDelayIsSpreadOverTheWholeSpan) {
  const BackoffOptions options;
  std::mt19937_64 random(1);
  milliseconds least = milliseconds::max();
  milliseconds most{0};
  for (int i = 0; i < 1000; ++i) {
    const milliseconds delay = BackoffDelay(options, 5, random);
    least = std::min(least, delay);
    most = std::max(most, delay);
  }
  EXPECT_GE(least, milliseconds(0));
  EXPECT_LT(least, seconds(1));
  EXPECT_GT(most, seconds(15));
  EXPECT_LE(most, seconds(16));
}

TEST(BackoffTest, TheSameSeedYieldsTheSameDelays) {
  std::mt19937_64 a(5);
  std::mt19937_64 b(5);
  for (std::uint32_t i = 1; i < 20; ++i) {
    EXPECT_EQ(BackoffDelay({}, i, a), BackoffDelay({}, i, b));
  }
}

}  // namespace
}  // namespace handoff::delivery
