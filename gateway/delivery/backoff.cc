#include "gateway/delivery/backoff.h"

#include <algorithm>

namespace handoff::delivery {

std::chrono::milliseconds BackoffCeiling(const BackoffOptions& options, std::uint32_t attempts) {
  std::chrono::milliseconds ceiling = std::min(options.first, options.max);
  for (std::uint32_t i = 1; i < attempts && ceiling < options.max; ++i) {
    ceiling = std::min(ceiling * 2, options.max);
  }
  return ceiling;
}

std::chrono::milliseconds BackoffDelay(const BackoffOptions& options,
                                       std::uint32_t attempts,
                                       std::mt19937_64& random) {
  const std::int64_t ceiling = BackoffCeiling(options, attempts).count();
  return std::chrono::milliseconds(std::uniform_int_distribution<std::int64_t>(0, ceiling)(random));
}

}  // namespace handoff::delivery
