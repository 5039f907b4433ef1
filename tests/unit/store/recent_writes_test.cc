#include "gateway/store/rocksdb/recent_writes.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace handoff::store {
namespace {

using ::testing::Optional;

TEST(RecentWritesTest, FindsWhatWasPutLast) {
  RecentWrites recent;
  EXPECT_EQ(recent.Find("Rpatient", 7), std::nullopt);
  recent.Put("Rpatient", "first", 7);
  EXPECT_THAT(recent.Find("Rpatient", 7), Optional(std::string("first")));
  recent.Put("Rpatient", "second", 8);
  EXPECT_THAT(recent.Find("Rpatient", 9), Optional(std::string("second")));
}

TEST(RecentWritesTest, KnowsNothingForAViewFromBeforeTheLastWrite) {
  RecentWrites recent;
  recent.Put("Rpatient", "first", 7);
  recent.Put("Rpatient", "second", 8);
  EXPECT_EQ(recent.Find("Rpatient", 7), std::nullopt);
}

TEST(RecentWritesTest, FindsAnEmptyRecord) {
  RecentWrites recent;
  recent.Put("Rpatient", "", 7);
  EXPECT_THAT(recent.Find("Rpatient", 7), Optional(std::string()));
}

TEST(RecentWritesTest, ALargeRecordHidesTheOneBefore) {
  RecentWrites recent;
  recent.Put("Rpatient", "first", 7);
  recent.Put("Rpatient", std::string(10'000, 'x'), 8);
  EXPECT_EQ(recent.Find("Rpatient", 8), std::nullopt);
}

TEST(RecentWritesTest, NeverAnswersForAnotherKey) {
  RecentWrites recent;
  constexpr std::uint64_t kMany = 200'000;  // several to each place
  for (std::uint64_t i = 1; i <= kMany; ++i) {
    recent.Put("R" + std::to_string(i), std::to_string(i), i);
  }
  std::uint64_t known = 0;
  for (std::uint64_t i = 1; i <= kMany; ++i) {
    const auto found = recent.Find("R" + std::to_string(i), kMany);
    if (!found) continue;
    ++known;
    EXPECT_EQ(*found, std::to_string(i));
  }
  EXPECT_GT(known, 16'000);
  EXPECT_LE(known, 16'384);
}

}  // namespace
}  // namespace handoff::store
