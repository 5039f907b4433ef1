#include "gateway/delivery/conclusion.h"

#include <algorithm>
#include <utility>

#include "gateway/base/status_macros.h"
#include "gateway/delivery/ledger_entry.h"

namespace handoff::delivery {
namespace {

Conclusion Settled(Result result,
                   v1::DeliveryState state,
                   v1::LedgerEntry::Kind kind,
                   v1::Delivery delivery,
                   std::string text,
                   Timestamp now) {
  delivery.set_state(state);
  delivery.set_settled_us(ToMicros(now));
  v1::LedgerEntry entry = EntryOf(kind, delivery, now, std::move(text));
  return {.result = result, .delivery = std::move(delivery), .entry = std::move(entry)};
}

Conclusion Dead(Result result, v1::Delivery delivery, std::string text, Timestamp now) {
  return Settled(result,
                 v1::DELIVERY_STATE_DEAD,
                 v1::LedgerEntry::DEAD,
                 std::move(delivery),
                 std::move(text),
                 now);
}

// Attempt `delivery.attempts` failed for `why`: later again, or never.
Conclusion Later(v1::Delivery delivery,
                 const std::string& why,
                 std::optional<std::chrono::seconds> retry_after,
                 const RetryRules& rules,
                 Timestamp now,
                 std::mt19937_64& random) {
  delivery.set_last_error(why);
  if (TooOld(delivery, rules, now)) return ConcludeGaveUp(delivery, now);
  std::chrono::milliseconds wait = BackoffDelay(rules.backoff, delivery.attempts(), random);
  if (retry_after) wait = std::max<std::chrono::milliseconds>(wait, *retry_after);
  delivery.set_due_us(ToMicros(now + wait));
  v1::LedgerEntry entry = EntryOf(v1::LedgerEntry::ATTEMPTED,
                                  delivery,
                                  now,
                                  "attempt " + std::to_string(delivery.attempts()) + ": " + why);
  return {.result = Result::kRetry, .delivery = std::move(delivery), .entry = std::move(entry)};
}

}  // namespace

const char* Name(Result result) {
  switch (result) {
    case Result::kDelivered:
      return "delivered";
    case Result::kWithheld:
      return "withheld";
    case Result::kHeld:
      return "held";
    case Result::kRetry:
      return "retry";
    case Result::kRefused:
      return "refused";
    case Result::kGaveUp:
      return "gave_up";
  }
  HANDOFF_CHECK(false);
}

Conclusion Conclude(const v1::Delivery& before,
                    const connectors::Outcome& outcome,
                    const Carried& carried,
                    const RetryRules& rules,
                    Timestamp now,
                    std::mt19937_64& random) {
  v1::Delivery delivery = before;
  delivery.set_attempts(before.attempts() + 1);
  const std::string attempt =
      "attempt " + std::to_string(delivery.attempts()) + ": " + outcome.text;
  switch (outcome.kind) {
    case connectors::Outcome::Kind::kDelivered: {
      Conclusion conclusion =
          Settled(Result::kDelivered,
                  v1::DELIVERY_STATE_DELIVERED,
                  v1::LedgerEntry::DELIVERED,
                  std::move(delivery),
                  carried.left_out.empty() ? attempt : attempt + "; " + carried.left_out,
                  now);
      conclusion.entry.mutable_resources()->Add(carried.resources.begin(), carried.resources.end());
      return conclusion;
    }
    case connectors::Outcome::Kind::kRefused:
      delivery.set_last_error(outcome.text);
      return Dead(Result::kRefused, std::move(delivery), "refused at " + attempt, now);
    case connectors::Outcome::Kind::kRetry:
      return Later(std::move(delivery), outcome.text, outcome.retry_after, rules, now, random);
  }
  HANDOFF_CHECK(false);
}

Conclusion ConcludeUnsent(const v1::Delivery& before,
                          const absl::Status& why,
                          const RetryRules& rules,
                          Timestamp now,
                          std::mt19937_64& random) {
  v1::Delivery delivery = before;
  delivery.set_attempts(before.attempts() + 1);
  const std::string text = "not sent: " + std::string(why.message());
  return Later(std::move(delivery), text, std::nullopt, rules, now, random);
}

Conclusion ConcludeWithheld(const v1::Delivery& before, const Withheld& withheld, Timestamp now) {
  if (!withheld.held) {
    return Settled(Result::kWithheld,
                   v1::DELIVERY_STATE_WITHHELD,
                   v1::LedgerEntry::WITHHELD,
                   before,
                   withheld.reason,
                   now);
  }
  return Settled(
      Result::kHeld, v1::DELIVERY_STATE_HELD, v1::LedgerEntry::HELD, before, withheld.reason, now);
}

Conclusion ConcludeGaveUp(const v1::Delivery& before, Timestamp now) {
  const std::string when = before.attempts() == 0
                               ? "without an attempt"
                               : "after attempt " + std::to_string(before.attempts());
  const std::string why =
      before.last_error().empty() ? "the recipient does not answer" : before.last_error();
  return Dead(Result::kGaveUp, before, "gave up " + when + ": " + why, now);
}

bool TooOld(const v1::Delivery& delivery, const RetryRules& rules, Timestamp now) {
  return now - FromMicros(delivery.created_us()) >= rules.give_up;
}

store::Batch BatchOf(const Conclusion& conclusion) {
  store::Batch batch;
  // Lost with the machine, it is as if the answer had not come: the delivery is repeated, under the
  // same id.
  batch.durability = store::Durability::kWritten;
  auto& list = conclusion.result == Result::kRetry ? batch.reschedule : batch.settle;
  list.push_back(conclusion.delivery);
  batch.ledger.push_back(conclusion.entry);
  return batch;
}

}  // namespace handoff::delivery
