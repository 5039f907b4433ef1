#include "gateway/app/load/measure.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "gateway/base/status_macros.h"

namespace handoff::load {

std::size_t Latencies::BucketOf(std::uint64_t us) {
  if (us < kPerOctave) return us;
  const auto octave = static_cast<std::size_t>(std::bit_width(us)) - std::bit_width(kPerOctave - 1);
  const std::size_t bucket = octave * kPerOctave + ((us >> (octave - 1)) - kPerOctave);
  return std::min(bucket, kBuckets - 1);
}

std::uint64_t Latencies::UpperEnd(std::size_t bucket) {
  if (bucket < kPerOctave) return bucket;
  const std::size_t octave = bucket / kPerOctave;
  return ((kPerOctave + bucket % kPerOctave + 1) << (octave - 1)) - 1;
}

void Latencies::Add(std::chrono::microseconds duration) {
  const auto us = static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0));
  buckets_[BucketOf(us)].fetch_add(1, std::memory_order_relaxed);
  count_.fetch_add(1, std::memory_order_relaxed);
}

std::chrono::microseconds Latencies::Quantile(double q) const {
  const auto rank = static_cast<std::uint64_t>(std::ceil(q * static_cast<double>(count())));
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
    seen += buckets_[bucket].load(std::memory_order_relaxed);
    if (seen >= rank && seen > 0) return std::chrono::microseconds(UpperEnd(bucket));
  }
  return std::chrono::microseconds(0);
}

Pace::Pace(Steady::duration length, std::uint64_t count, double rate, Steady::duration warm_up)
    : length_(length), count_(count), rate_(rate), warm_up_(warm_up) {}

void Pace::Begin(Steady::time_point now) {
  Steady::rep not_begun = kNotBegun;
  start_.compare_exchange_strong(not_begun, now.time_since_epoch().count());
}

std::optional<Steady::time_point> Pace::start() const {
  const Steady::rep start = start_;
  if (start == kNotBegun) return std::nullopt;
  return Steady::time_point(Steady::duration(start));
}

std::optional<Pace::Turn> Pace::Next() {
  const std::optional<Steady::time_point> begun = start();
  HANDOFF_CHECK(begun.has_value());
  const Steady::time_point now = Steady::now();
  const Steady::time_point end = *begun + length_;
  if (now >= end) return std::nullopt;
  const std::uint64_t number = next_.fetch_add(1, std::memory_order_relaxed);
  if (number >= count_) return std::nullopt;
  if (rate_ <= 0) return Turn{number, now};
  const std::chrono::duration<double> offset(static_cast<double>(number) / rate_);
  const Steady::time_point due = *begun + std::chrono::duration_cast<Steady::duration>(offset);
  if (due >= end) return std::nullopt;
  return Turn{number, due};
}

Tally::Tally(std::size_t capacity, const Pace& pace)
    : capacity_(capacity),
      pace_(pace),
      due_(std::make_unique<std::atomic<Steady::rep>[]>(capacity)) {}

void Tally::Sending(const Pace::Turn& turn) {
  due_[turn.number].store(turn.due.time_since_epoch().count(), std::memory_order_relaxed);
}

void Tally::Accepted(const Pace::Turn& turn) {
  const Steady::time_point now = Steady::now();
  if (pace_.IsTimed(turn.due)) {
    acknowledgements.Add(std::chrono::duration_cast<std::chrono::microseconds>(now - turn.due));
  }
  accepted.fetch_add(1, std::memory_order_relaxed);
  last_answer.store(now.time_since_epoch().count(), std::memory_order_relaxed);
}

void Tally::Refused(std::string why) {
  refused.fetch_add(1, std::memory_order_relaxed);
  Trouble(std::move(why));
}

void Tally::Failed(std::string why) {
  failed.fetch_add(1, std::memory_order_relaxed);
  Trouble(std::move(why));
}

void Tally::Delivered(std::optional<std::uint64_t> number) {
  const Steady::time_point now = Steady::now();
  const Steady::rep due =
      number && *number < capacity_ ? due_[*number].load(std::memory_order_relaxed) : 0;
  if (due == 0) {
    delivered_of_others.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  const Steady::time_point since{Steady::duration(due)};
  if (pace_.IsTimed(since)) {
    deliveries.Add(std::chrono::duration_cast<std::chrono::microseconds>(now - since));
  }
  delivered.fetch_add(1, std::memory_order_relaxed);
  last_delivery.store(now.time_since_epoch().count(), std::memory_order_relaxed);
}

std::string Tally::FirstTrouble() const {
  absl::MutexLock lock(&mutex_);
  return trouble_;
}

void Tally::Trouble(std::string why) {
  absl::MutexLock lock(&mutex_);
  if (trouble_.empty()) trouble_ = std::move(why);
}

}  // namespace handoff::load
