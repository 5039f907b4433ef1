// What becomes of a delivery after an attempt, and what the ledger says about it. Pure functions.
#pragma once

#include <chrono>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "absl/status/status.h"

#include "connectors/api/connector.h"
#include "gateway/base/clock.h"
#include "gateway/delivery/backoff.h"
#include "gateway/delivery/renderer.h"
#include "gateway/store/store.h"
#include "handoff/v1/model.pb.h"

namespace handoff::delivery {

enum class Result {
  kDelivered,
  kWithheld,
  kHeld,     // kept for a steward
  kRetry,    // still pending, due later
  kRefused,  // dead: the recipient will not take it
  kGaveUp,   // dead: too old
};
const char* Name(Result result);  // label of handoff_deliveries_total

struct Conclusion {
  Result result = Result::kRetry;
  v1::Delivery delivery;  // as it is from now on
  v1::LedgerEntry entry;
};

struct RetryRules {
  BackoffOptions backoff;
  std::chrono::milliseconds give_up{};
};

// An attempt that was made, with what it carried.
Conclusion Conclude(const v1::Delivery& before,
                    const connectors::Outcome& outcome,
                    const Carried& carried,
                    const RetryRules& rules,
                    Timestamp now,
                    std::mt19937_64& random);

// Nothing could be built or sent, for a reason of ours. Counted like an attempt.
Conclusion ConcludeUnsent(const v1::Delivery& before,
                          const absl::Status& why,
                          const RetryRules& rules,
                          Timestamp now,
                          std::mt19937_64& random);

Conclusion ConcludeWithheld(const v1::Delivery& before, const Withheld& withheld, Timestamp now);

// Too old, and its recipient does not answer: no further attempt is made.
Conclusion ConcludeGaveUp(const v1::Delivery& before, Timestamp now);

bool TooOld(const v1::Delivery& delivery, const RetryRules& rules, Timestamp now);

store::Batch BatchOf(const Conclusion& conclusion);

}  // namespace handoff::delivery
