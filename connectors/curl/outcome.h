// What an HTTP answer means for a delivery; the same for every connector that speaks HTTP.
#pragma once

#include <chrono>
#include <optional>

#include "connectors/api/connector.h"

namespace handoff::connectors {

// A peer may ask us to wait this long and no longer.
inline constexpr std::chrono::seconds kMaxRetryAfter = std::chrono::hours(1);

// 2xx delivered; 408, 425, 429 and 5xx retry; everything else refused. A redirect is refused too: a
// delivery goes where the configuration says, nowhere else.
Outcome OutcomeOfStatus(int status, std::optional<std::chrono::seconds> retry_after);

// No answer came, so the peer may or may not have it. `failure` is a fixed text of ours.
Outcome OutcomeOfFailure(const char* failure);

}  // namespace handoff::connectors
