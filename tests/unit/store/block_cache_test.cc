// The decompressed blocks that the embedded store keeps.
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "gateway/store/rocksdb/block.h"

namespace handoff::store {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

std::shared_ptr<const std::string> Text(std::size_t size, char c) {
  return std::make_shared<const std::string>(size, c);
}

TEST(BlockCacheTest, FindsABlockByItsCommitAndNumber) {
  BlockCache cache;
  cache.Put({7, 0}, Text(3, 'a'));
  cache.Put({7, 1}, Text(3, 'b'));
  ASSERT_NE(cache.Find({7, 1}), nullptr);
  EXPECT_EQ(*cache.Find({7, 1}), "bbb");
  EXPECT_EQ(cache.Find({8, 1}), nullptr);
  EXPECT_EQ(cache.Find({1, 7}), nullptr);
}

TEST(BlockCacheTest, ABlockThatIsNotKeptIsNotFound) {
  BlockCache cache;
  cache.Put({1, 0}, nullptr);
  EXPECT_EQ(cache.Find({1, 0}), nullptr);
}

TEST(BlockCacheTest, HoldsABoundedNumberOfBytesAndForgetsTheOldest) {
  BlockCache cache;
  for (std::uint64_t commit = 1; commit <= 256; ++commit) cache.Put({commit, 0}, Text(kMiB, 'x'));
  std::size_t kept = 0;
  for (std::uint64_t commit = 1; commit <= 256; ++commit) {
    if (cache.Find({commit, 0}) != nullptr) ++kept;
  }
  EXPECT_GT(kept, 0u);
  EXPECT_LE(kept, 32u);
  EXPECT_EQ(cache.Find({1, 0}), nullptr);
}

TEST(BlockCacheTest, ABlockOutlivesItsPlaceForWhoHoldsIt) {
  BlockCache cache;
  cache.Put({1, 0}, Text(kMiB, 'a'));
  const std::shared_ptr<const std::string> held = cache.Find({1, 0});
  for (std::uint64_t commit = 2; commit <= 256; ++commit) cache.Put({commit, 0}, Text(kMiB, 'x'));
  ASSERT_NE(held, nullptr);
  EXPECT_EQ(held->front(), 'a');
  EXPECT_EQ(held->size(), kMiB);
}

}  // namespace
}  // namespace handoff::store
