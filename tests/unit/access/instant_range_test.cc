#include "gateway/access/instant_range.h"

#include <chrono>

#include <gtest/gtest.h>

namespace handoff::access {
namespace {

using namespace std::chrono_literals;

constexpr Timestamp At(int year, unsigned month, unsigned day) {
  return std::chrono::sys_days(std::chrono::year(year) / month / day);
}

TEST(InstantRangeTest, IsAsWideAsTheTextIsPrecise) {
  const auto year = ParseInstantRange("2024");
  ASSERT_TRUE(year);
  EXPECT_EQ(year->from, At(2024, 1, 1));
  EXPECT_EQ(year->until, At(2025, 1, 1));
  const auto month = ParseInstantRange("2024-12");
  ASSERT_TRUE(month);
  EXPECT_EQ(month->until, At(2025, 1, 1));
  const auto day = ParseInstantRange("2024-02-29");
  ASSERT_TRUE(day);
  EXPECT_EQ(day->until, At(2024, 3, 1));
  const auto minute = ParseInstantRange("2024-02-29T10:30");
  ASSERT_TRUE(minute);
  EXPECT_EQ(minute->until - minute->from, 1min);
  const auto millis = ParseInstantRange("2024-02-29T10:30:05.125Z");
  ASSERT_TRUE(millis);
  EXPECT_EQ(millis->from, At(2024, 2, 29) + 10h + 30min + 5s + 125ms);
  EXPECT_EQ(millis->until - millis->from, 1ms);
}

TEST(InstantRangeTest, CountsZonesOffAndTakesNoneAsUtc) {
  EXPECT_EQ(ParseInstantRange("2024-02-29T10:30:00-05:00")->from, At(2024, 2, 29) + 15h + 30min);
  EXPECT_EQ(ParseInstantRange("2024-02-29T01:00:00+02:00")->from, At(2024, 2, 28) + 23h);
  EXPECT_EQ(ParseInstantRange("2024-02-29T01:00:00")->from, At(2024, 2, 29) + 1h);
}

TEST(InstantRangeTest, RefusesWhatIsNoTime) {
  for (const char* text : {"",
                           "24",
                           "0000",
                           "2024-",
                           "2024-13",
                           "2024-02-30",
                           "2024-2-3",
                           "2024-02-29T",
                           "20240229",
                           "2024-02-29T24:00",
                           "2024-02-29T10",
                           "2024-02-29T10:30:60Z",
                           "2024-02-29T10:30:05.Z",
                           "2024-02-29T10:30:00+15:00",
                           "2024-02-29T10:30:00 05:00",
                           "2024-02-29T10:30:00Zx",
                           "2024-02-29T10:30:00.1234567Z"}) {
    EXPECT_FALSE(ParseInstantRange(text)) << text;
  }
}

}  // namespace
}  // namespace handoff::access
