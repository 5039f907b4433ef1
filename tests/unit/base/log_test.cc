#include "gateway/base/log.h"

#include <cmath>
#include <limits>
#include <sstream>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include <gmock/gmock.h>

#include "gateway/base/error.h"

namespace handoff::log {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::internal::CaptureStderr;
using ::testing::internal::GetCapturedStderr;

// Text that comes from a message cannot become a field by accident.
static_assert(!std::is_constructible_v<Field, const char*, std::string>);
static_assert(!std::is_constructible_v<Field, const char*, std::string_view>);
static_assert(!std::is_constructible_v<Field, const char*, ResourceKey>);

std::string Written(Level level, std::initializer_list<Field> fields) {
  CaptureStderr();
  Write(level, "test_event", fields);
  return GetCapturedStderr();
}

TEST(LogTest, WritesOneJsonLine) {
  EXPECT_THAT(Written(Level::kInfo,
                      {{"party", PartyKey("mrmc")},
                       {"message", MessageId("m0dq3k2t9fzfr")},
                       {"kind", "ADMIT"},
                       {"count", 3},
                       {"bytes", std::uint64_t{1} << 40},
                       {"ratio", 0.5},
                       {"held", true},
                       {"person", PersonId{12}}}),
              MatchesRegex(
                  "\\{\"ts\":\"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{6}Z\","
                  "\"level\":\"info\",\"event\":\"test_event\",\"party\":\"mrmc\","
                  "\"message\":\"m0dq3k2t9fzfr\",\"kind\":\"ADMIT\",\"count\":3,"
                  "\"bytes\":1099511627776,\"ratio\":0.5,\"held\":true,\"person\":12\\}\n"));
}

TEST(LogTest, EscapesSoThatALineStaysOneJsonLine) {
  const std::string line = Written(Level::kError, {{"text", Safe("a\"b\\c\nd\te\x01")}});
  EXPECT_THAT(line, HasSubstr(R"("text":"a\"b\\c\u000ad\u0009e\u0001")"));
  EXPECT_EQ(line.find('\n'), line.size() - 1);
}

TEST(LogTest, KeepsUtf8AndReplacesWhatIsNot) {
  EXPECT_THAT(Written(Level::kInfo, {{"t", Safe("M\xC3\xBCller \xF0\x9F\x8F\xA5")}}),
              HasSubstr("\"t\":\"M\xC3\xBCller \xF0\x9F\x8F\xA5\""));
  // Latin-1, an overlong slash, a surrogate, beyond U+10FFFF, a sequence cut short.
  EXPECT_THAT(Written(Level::kInfo, {{"t", Safe("M\xFCl")}}), HasSubstr(R"("t":"M\ufffdl")"));
  EXPECT_THAT(Written(Level::kInfo, {{"t", Safe("\xC0\xAF")}}), HasSubstr(R"("t":"\ufffd\ufffd")"));
  EXPECT_THAT(Written(Level::kInfo, {{"t", Safe("\xED\xA0\x80")}}),
              HasSubstr(R"("t":"\ufffd\ufffd\ufffd")"));
  EXPECT_THAT(Written(Level::kInfo, {{"t", Safe("\xF4\x90\x80\x80")}}),
              HasSubstr(R"("t":"\ufffd\ufffd\ufffd\ufffd")"));
  EXPECT_THAT(Written(Level::kInfo, {{"t", Safe("x\xE2\x82")}}),
              HasSubstr(R"("t":"x\ufffd\ufffd")"));
}

TEST(LogTest, NumbersThatJsonCannotSayAreNull) {
  EXPECT_THAT(
      Written(Level::kInfo, {{"a", std::nan("")}, {"b", std::numeric_limits<double>::infinity()}}),
      HasSubstr("\"a\":null,\"b\":null"));
}

TEST(LogTest, StatusShowsIdCodeMessageAndInternalDetail) {
  EXPECT_THAT(Written(Level::kError,
                      {{"error", MakeError(ErrorId::kUnavailable, "peer is down", "errno 111")}}),
              HasSubstr("\"error\":\"HO-0115 UNAVAILABLE: peer is down [errno 111]\""));
  EXPECT_THAT(Written(Level::kInfo, {{"error", absl::OkStatus()}}), HasSubstr("\"error\":\"OK\""));
}

TEST(LogTest, LinesOfManyThreadsNeverMix) {
  constexpr int kThreads = 4;
  constexpr int kEach = 200;
  CaptureStderr();
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([] {
      for (int i = 0; i < kEach; ++i)
        Write(Level::kInfo, "test_event", {{"text", Safe(std::string(9000, 'x'))}});
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::istringstream lines(GetCapturedStderr());
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    ASSERT_TRUE(line.starts_with("{\"ts\":")) << line.substr(0, 80);
    ASSERT_TRUE(line.ends_with("xxx\"}"));
  }
  EXPECT_EQ(count, kThreads * kEach);
}

TEST(LogTest, LeavesOutWhatOneEventSaysTooOftenAndCountsIt) {
  Limiter limiter;
  constexpr char kEvent[] = "disk_full";
  std::uint64_t left_out = 7;
  for (std::uint64_t i = 0; i < kLinesPerSecond; ++i) {
    EXPECT_TRUE(limiter.Admits(kEvent, 10, &left_out));
    EXPECT_EQ(left_out, 0u);
  }
  EXPECT_FALSE(limiter.Admits(kEvent, 10, &left_out));
  EXPECT_FALSE(limiter.Admits(kEvent, 10, &left_out));
  EXPECT_TRUE(limiter.Admits("another", 10, &left_out));
  EXPECT_TRUE(limiter.Admits(kEvent, 11, &left_out));
  EXPECT_EQ(left_out, 2u);
  EXPECT_TRUE(limiter.Admits(kEvent, 11, &left_out));
  EXPECT_EQ(left_out, 0u);
}

TEST(LogTest, KeepsBackWhatIsBelowTheMinimum) {
  EXPECT_EQ(Written(Level::kDebug, {}), "");
  SetMinimum(Level::kWarning);
  EXPECT_EQ(Written(Level::kInfo, {}), "");
  EXPECT_NE(Written(Level::kWarning, {}), "");
  SetMinimum(Level::kDebug);
  EXPECT_NE(Written(Level::kDebug, {}), "");
  SetMinimum(Level::kInfo);
}

}  // namespace
}  // namespace handoff::log
