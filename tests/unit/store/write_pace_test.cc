#include "gateway/store/rocksdb/write_pace.h"

#include <gtest/gtest.h>

namespace handoff::store {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::int64_t kMiB = std::int64_t{1} << 20;

class WritePaceTest : public ::testing::Test {
 protected:
  // Commits `mib` in each of so many tenths of a second.
  void Commit(int mib, int tenths) {
    for (int i = 0; i < tenths; ++i) {
      now_ += milliseconds(100);
      pace_.Committed(static_cast<std::uint64_t>(mib) << 20, now_);
    }
  }

  WritePace::Clock::time_point now_{};
  WritePace pace_{now_};
};

TEST_F(WritePaceTest, AllowsAQuarterMoreThanWhatIsCommitted) {
  Commit(4, 10);
  EXPECT_EQ(pace_.BytesPerSecond(0), 50 * kMiB);
}

TEST_F(WritePaceTest, FollowsARiseAtOnceAndAFallWithinSeconds) {
  Commit(4, 10);
  Commit(8, 2);
  EXPECT_EQ(pace_.BytesPerSecond(0), 100 * kMiB);
  Commit(4, 2);
  EXPECT_GT(pace_.BytesPerSecond(0), 70 * kMiB);
  Commit(4, 20);
  EXPECT_EQ(pace_.BytesPerSecond(0), 50 * kMiB);
}

TEST_F(WritePaceTest, StaysWithinItsBounds) {
  EXPECT_EQ(pace_.BytesPerSecond(0), WritePace::kMinBytesPerSecond);
  Commit(1, 10);
  EXPECT_EQ(pace_.BytesPerSecond(0), WritePace::kMinBytesPerSecond);
  Commit(100, 10);
  EXPECT_EQ(pace_.BytesPerSecond(0), WritePace::kMaxBytesPerSecond);
  EXPECT_EQ(pace_.BytesPerSecond(UINT64_MAX), WritePace::kMaxBytesPerSecond);
}

TEST_F(WritePaceTest, LetsWhatWaitsBeMergedWithinTenSeconds) {
  Commit(4, 10);
  EXPECT_EQ(pace_.BytesPerSecond(600 * kMiB), 110 * kMiB);
}

TEST_F(WritePaceTest, IsSetAFewTimesASecond) {
  int set = 0;
  for (int i = 0; i < 1'000; ++i) {
    now_ += milliseconds(1);
    if (pace_.Committed(1, now_)) ++set;
  }
  EXPECT_EQ(set, 5);
}

TEST_F(WritePaceTest, DoesNotTakeAPauseForARate) {
  now_ += seconds(3'600);
  pace_.Committed(static_cast<std::uint64_t>(100 * kMiB), now_);
  EXPECT_EQ(pace_.BytesPerSecond(0), WritePace::kMinBytesPerSecond);
  Commit(4, 2);
  EXPECT_EQ(pace_.BytesPerSecond(0), 50 * kMiB);
}

}  // namespace
}  // namespace handoff::store
