// How long to wait before the next attempt.
#pragma once

#include <chrono>
#include <cstdint>
#include <random>

namespace handoff::delivery {

struct BackoffOptions {
  // Upper bound of the first wait; it doubles with every attempt up to `max`.
  std::chrono::milliseconds first = std::chrono::seconds(1);
  std::chrono::milliseconds max = std::chrono::minutes(15);
};

// The longest wait after `attempts` attempts (>= 1) have failed.
std::chrono::milliseconds BackoffCeiling(const BackoffOptions& options, std::uint32_t attempts);

// Full jitter: uniform between zero and the ceiling, so that recipients who come back are not met
// by all their deliveries at once.
std::chrono::milliseconds BackoffDelay(const BackoffOptions& options,
                                       std::uint32_t attempts,
                                       std::mt19937_64& random);

}  // namespace handoff::delivery
