// How fast RocksDB may write behind the log: flush, and merge what lies in files.
//
// A flush takes much of a core while it lasts. Held to some more than what comes in, it lasts
// nearly as long as the next one takes to fall due, and commits and deliveries hardly feel it.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

namespace handoff::store {

// Thread safety: one thread at a time.
class WritePace {
 public:
  using Clock = std::chrono::steady_clock;

  static constexpr std::int64_t kMinBytesPerSecond = std::int64_t{16} << 20;
  static constexpr std::int64_t kMaxBytesPerSecond = std::int64_t{256} << 20;

  explicit WritePace(Clock::time_point now) : since_(now) {}

  // `bytes` were committed. True a few times a second: BytesPerSecond() is to be set anew.
  bool Committed(std::uint64_t bytes, Clock::time_point now) {
    bytes_ += bytes;
    if (now - since_ < kPeriod) return false;
    const std::chrono::duration<double> seconds = now - since_;
    const double rate = static_cast<double>(bytes_) / seconds.count();
    usual_ = std::max(rate, usual_ * kForgetting);
    since_ = now;
    bytes_ = 0;
    return true;
  }

  // `unmerged`: bytes that wait to be merged.
  std::int64_t BytesPerSecond(std::uint64_t unmerged) const {
    const double wanted = usual_ * kHeadroom + static_cast<double>(unmerged) / kMergedWithinSeconds;
    return std::clamp(static_cast<std::int64_t>(std::min(wanted, double{kMaxBytesPerSecond})),
                      kMinBytesPerSecond,
                      kMaxBytesPerSecond);
  }

 private:
  static constexpr std::chrono::milliseconds kPeriod{200};
  static constexpr double kForgetting = 0.8;
  // What is flushed is less than what was logged.
  static constexpr double kHeadroom = 1.25;
  static constexpr double kMergedWithinSeconds = 10;

  Clock::time_point since_;
  std::uint64_t bytes_ = 0;  // committed since then
  double usual_ = 0;         // bytes a second, the most of the last second or two
};

}  // namespace handoff::store
