#include "gateway/base/ids.h"

#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include <gmock/gmock.h>

#include "tests/support/fake_clock.h"

namespace handoff {
namespace {

using ::testing::MatchesRegex;

TEST(IsResourceIdTest, TakesOneToSixtyFourLettersDigitsDashesAndDots) {
  EXPECT_TRUE(IsResourceId("a"));
  EXPECT_TRUE(IsResourceId("A-9.z"));
  EXPECT_TRUE(IsResourceId(std::string(64, 'x')));
  EXPECT_FALSE(IsResourceId(""));
  EXPECT_FALSE(IsResourceId(std::string(65, 'x')));
  EXPECT_FALSE(IsResourceId("a_b"));
  EXPECT_FALSE(IsResourceId("a/b"));
  EXPECT_FALSE(IsResourceId("\xc3\xa9"));
}

TEST(MintIdTest, IsALetterAndThirteenCrockfordDigits) {
  EXPECT_THAT(MintId('m', 1'783'005'600'000'000), MatchesRegex("m[0-9a-hjkmnp-tv-z]{13}"));
}

TEST(MintIdTest, SortsInOrderOfMintingWhateverTheClockDoes) {
  testing::FakeClock clock;
  std::string last = MintId('d', ToMicros(clock.Now()));
  for (int step : {0, 1, 999, 1000, 5'000'000, -7'000'000, 0, 3}) {
    clock.Advance(std::chrono::microseconds(step));
    const std::string id = MintId('d', ToMicros(clock.Now()));
    EXPECT_GT(id, last);
    last = id;
  }
}

TEST(MintIdTest, StaysUniqueAndSortedBeyondTheCounterOfOneMillisecond) {
  std::string last = MintId('d', 0);
  for (int i = 0; i < (1 << 23) + 10; ++i) {
    std::string id = MintId('d', 0);
    ASSERT_GT(id, last);
    last = std::move(id);
  }
}

TEST(MintIdTest, TellsWhenItWasMinted) {
  const std::int64_t now_us = ToMicros(handoff::testing::FakeClock().Now()) + 3'600'000'000;
  const std::string id = MintId('d', now_us);
  EXPECT_EQ(MintedUs(id), now_us);
  EXPECT_EQ(MintedUs("d1"), std::nullopt);
  EXPECT_EQ(MintedUs("duuuuuuuuuuuuu"), std::nullopt);
}

TEST(MintIdTest, NeverRepeatsAcrossThreads) {
  constexpr int kThreads = 4;
  constexpr int kEach = 5000;
  std::vector<std::vector<std::string>> minted(kThreads);
  std::vector<std::thread> threads;
  for (auto& mine : minted) {
    threads.emplace_back([&mine] {
      for (int i = 0; i < kEach; ++i) mine.push_back(MintId('m', 1'783'005'600'000'000));
    });
  }
  for (auto& thread : threads) thread.join();
  std::set<std::string> all;
  for (const auto& mine : minted) all.insert(mine.begin(), mine.end());
  EXPECT_EQ(all.size(), std::size_t{kThreads * kEach});
}

TEST(IdsTest, CompareAndHashByValue) {
  EXPECT_EQ(PartyKey("mrmc"), PartyKey(std::string("mrmc")));
  EXPECT_LT(PartyKey("lfm"), PartyKey("mrmc"));
  EXPECT_TRUE(PartyKey().empty());
  const absl::flat_hash_set<ResourceKey> keys{{"Patient", "1"}, {"Patient", "2"}, {"Patient", "1"}};
  EXPECT_EQ(keys.size(), 2u);
}

}  // namespace
}  // namespace handoff
