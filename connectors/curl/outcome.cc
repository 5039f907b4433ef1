#include "connectors/curl/outcome.h"

#include <algorithm>
#include <string>

namespace handoff::connectors {
namespace {

Outcome::Kind KindOf(int status) {
  if (status >= 200 && status < 300) return Outcome::Kind::kDelivered;
  if (status == 408 || status == 425 || status == 429 || status >= 500) {
    return Outcome::Kind::kRetry;
  }
  return Outcome::Kind::kRefused;
}

}  // namespace

Outcome OutcomeOfStatus(int status, std::optional<std::chrono::seconds> retry_after) {
  Outcome outcome{
      .kind = KindOf(status), .text = "HTTP " + std::to_string(status), .retry_after = {}};
  if (outcome.kind == Outcome::Kind::kRetry && retry_after) {
    outcome.retry_after = std::clamp(*retry_after, std::chrono::seconds(0), kMaxRetryAfter);
  }
  return outcome;
}

Outcome OutcomeOfFailure(const char* failure) {
  return {.kind = Outcome::Kind::kRetry, .text = failure, .retry_after = {}};
}

}  // namespace handoff::connectors
