// Stops attempts to one recipient while it does not answer, and asks now and then whether it is
// back.
//
//   closed ──failures in a row reach the bound──► open ──probe time──► half open (one probe)
//      ▲                                           ▲                        │
//      │                                           └──────── failure ───────┤
//      └───────────────────────────── success ──────────────────────────────┘
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "gateway/base/clock.h"

namespace handoff::delivery {

struct BreakerOptions {
  // Failures in a row that open it. Range 1..1'000.
  std::uint32_t failures = 5;
  // How long it stays open before the first probe; doubles with every failed probe up to
  // `max_open`.
  std::chrono::milliseconds open = std::chrono::seconds(5);
  std::chrono::milliseconds max_open = std::chrono::minutes(5);
};

// Thread safety: one thread at a time.
class Breaker {
 public:
  explicit Breaker(const BreakerOptions& options) : options_(options) {}

  bool closed() const { return !open_until_; }
  bool Allows(Timestamp now) const { return closed() || (!probing_ && now >= *open_until_); }
  // While open: when to ask Allows() again; nullopt while closed or while a probe is under way.
  std::optional<Timestamp> ProbeAt() const;

  // An attempt begins. REQUIRES: Allows(now). Returns whether it is the probe, which must end in
  // OnSuccess(), OnFailure() or CancelProbe().
  bool Begin();

  // The recipient answered, even if it refused. Returns true if this closed the breaker.
  bool OnSuccess();
  // No answer, or one that asks to come again later (`retry_after`). `probe` is what Begin()
  // returned. Returns true if this opened the breaker.
  bool OnFailure(Timestamp now, bool probe, std::optional<std::chrono::seconds> retry_after);
  // The probe never reached the recipient: the next attempt is it.
  void CancelProbe() { probing_ = false; }

 private:
  const BreakerOptions options_;
  std::uint32_t failures_ = 0;  // in a row
  std::chrono::milliseconds span_{0};
  std::optional<Timestamp> open_until_;
  bool probing_ = false;
};

}  // namespace handoff::delivery
