// A clock that moves only when the test says so. Starts at 2026-07-02T15:20:00Z.
#pragma once

#include <atomic>
#include <chrono>

#include "gateway/base/clock.h"

namespace handoff::testing {

// Thread safety: all methods may be called concurrently.
class FakeClock final : public Clock {
 public:
  Timestamp Now() const override { return FromMicros(now_us_.load()); }
  void Advance(std::chrono::microseconds by) { now_us_ += by.count(); }
  void Set(Timestamp t) { now_us_ = ToMicros(t); }

 private:
  std::atomic<std::int64_t> now_us_{1'783'005'600'000'000};
};

}  // namespace handoff::testing
