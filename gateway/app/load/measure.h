// What a run counts and times, from any thread.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace handoff::load {

using Steady = std::chrono::steady_clock;

// Durations in buckets of 1/32 of a power of two: quantiles are right to 3 %, at any range.
//
// Thread safety: all methods may be called concurrently.
class Latencies {
 public:
  void Add(std::chrono::microseconds duration);
  // The upper end of the bucket of the `q`-quantile (0..1); zero if there is none.
  std::chrono::microseconds Quantile(double q) const;
  std::uint64_t count() const { return count_.load(std::memory_order_relaxed); }

 private:
  static constexpr std::size_t kPerOctave = 32;
  static constexpr std::size_t kBuckets = 40 * kPerOctave;

  static std::size_t BucketOf(std::uint64_t us);
  static std::uint64_t UpperEnd(std::size_t bucket);

  std::array<std::atomic<std::uint32_t>, kBuckets> buckets_{};
  std::atomic<std::uint64_t> count_{0};
};

// Hands out messages: which number, and when it is due.
//
// A run begins when its connections stand, so that what they take is not timed as what messages
// take.
//
// In the open loop (a rate) message n is due at start + n/rate, whatever became of those before:
// its latency counts from there, so a server that stalls cannot hide it by holding the generator
// up. In the closed loop it is due when it is taken.
//
// Thread safety: all methods may be called concurrently.
class Pace {
 public:
  struct Turn {
    std::uint64_t number;
    Steady::time_point due;
  };

  // What is due within `warm_up` of the start is sent, and not timed: threads, pages and windows of
  // a program that has just begun are not what is measured.
  Pace(Steady::duration length,
       std::uint64_t count,
       double rate,
       Steady::duration warm_up = Steady::duration::zero());

  // Before the first Next(). Called again, it has no effect.
  void Begin(Steady::time_point now);
  // nullopt: it has not begun.
  std::optional<Steady::time_point> start() const;

  // nullopt: the run is over.
  std::optional<Turn> Next();
  // REQUIRES: it has begun.
  bool IsTimed(Steady::time_point due) const { return due >= *start() + warm_up_; }

 private:
  static constexpr Steady::rep kNotBegun = std::numeric_limits<Steady::rep>::min();

  const Steady::duration length_;
  const std::uint64_t count_;
  const double rate_;
  const Steady::duration warm_up_;
  std::atomic<Steady::rep> start_{kNotBegun};
  std::atomic<std::uint64_t> next_{0};
};

// Thread safety: all methods and counters may be used concurrently.
class Tally {
 public:
  // `capacity`: message numbers are below it. `pace` must outlive it.
  Tally(std::size_t capacity, const Pace& pace);

  void Accepted(const Pace::Turn& turn);
  void Refused(std::string why);
  void Failed(std::string why);
  // A delivery about message `number` arrived; nullopt: it names no patient of this run, as the
  // news of a plan alone does not.
  void Delivered(std::optional<std::uint64_t> number);

  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> refused{0};
  std::atomic<std::uint64_t> failed{0};
  std::atomic<std::uint64_t> delivered{0};
  std::atomic<std::uint64_t> delivered_of_others{0};
  std::atomic<Steady::rep> last_answer{0};  // since Steady's epoch
  std::atomic<Steady::rep> last_delivery{0};
  // Of what is timed.
  Latencies acknowledgements;
  Latencies deliveries;  // from when the message was due to its arrival at a recipient

  // The first refusal or failure, for a person to read; empty if there was none.
  std::string FirstTrouble() const;

  void Sending(const Pace::Turn& turn);

 private:
  void Trouble(std::string why);

  const std::size_t capacity_;
  const Pace& pace_;
  const std::unique_ptr<std::atomic<Steady::rep>[]> due_;  // by number; 0: not sent

  mutable absl::Mutex mutex_;
  std::string trouble_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace handoff::load
