#include "gateway/delivery/dead_letters.h"

#include <optional>
#include <utility>

#include "gateway/base/decision.h"
#include "gateway/base/error.h"
#include "gateway/base/status_macros.h"
#include "gateway/delivery/ledger_entry.h"

namespace handoff::delivery {

absl::StatusOr<v1::Delivery> DeadLetters::Replay(const std::string& delivery_id,
                                                 std::string_view by) {
  HANDOFF_RETURN_IF_ERROR(CheckOperator(by));
  absl::MutexLock lock(&one_at_a_time_);
  HANDOFF_ASSIGN_OR_RETURN(v1::Delivery delivery, ReadDead(delivery_id));
  const Timestamp now = clock_.Now();
  delivery.set_state(v1::DELIVERY_STATE_PENDING);
  delivery.set_attempts(0);
  delivery.set_created_us(ToMicros(now));
  delivery.set_due_us(ToMicros(now));
  delivery.set_settled_us(0);
  store::Batch batch;
  batch.replay.push_back(delivery);
  batch.ledger.push_back(
      EntryOf(v1::LedgerEntry::REPLAYED, delivery, now, "by " + std::string(by)));
  HANDOFF_RETURN_IF_ERROR(store_.CommitAndWait(std::move(batch)).status());
  return delivery;
}

absl::StatusOr<v1::Delivery> DeadLetters::Discard(const std::string& delivery_id,
                                                  std::string_view by,
                                                  std::string_view reason) {
  HANDOFF_RETURN_IF_ERROR(CheckOperator(by));
  HANDOFF_RETURN_IF_ERROR(CheckReason(reason));
  absl::MutexLock lock(&one_at_a_time_);
  HANDOFF_ASSIGN_OR_RETURN(v1::Delivery delivery, ReadDead(delivery_id));
  store::Batch batch;
  batch.discard.push_back(delivery_id);
  batch.ledger.push_back(EntryOf(v1::LedgerEntry::DISCARDED,
                                 delivery,
                                 clock_.Now(),
                                 "by " + std::string(by) + ": " + std::string(reason)));
  HANDOFF_RETURN_IF_ERROR(store_.CommitAndWait(std::move(batch)).status());
  return delivery;
}

absl::StatusOr<v1::Delivery> DeadLetters::ReadDead(const std::string& delivery_id) {
  HANDOFF_ASSIGN_OR_RETURN(std::optional<v1::Delivery> delivery, store_.ReadDelivery(delivery_id));
  if (!delivery) return MakeError(ErrorId::kNotFound, "no such delivery");
  if (delivery->state() != v1::DELIVERY_STATE_DEAD) {
    return MakeError(ErrorId::kIllegalMove, "the delivery is not dead");
  }
  return *std::move(delivery);
}

}  // namespace handoff::delivery
