#include "gateway/rpc/withheld_recorder.h"

#include <algorithm>
#include <utility>

#include "gateway/base/status_macros.h"
#include "gateway/delivery/ledger_entry.h"

namespace handoff::rpc {

bool SaysWithheld(const std::vector<v1::LedgerEntry>& ledger, const v1::Delivery& delivery) {
  return std::any_of(ledger.begin(), ledger.end(), [&](const v1::LedgerEntry& entry) {
    return entry.kind() == v1::LedgerEntry::WITHHELD && entry.delivery_id() == delivery.id();
  });
}

WithheldRecorder::WithheldRecorder(store::Store& store, const Clock& clock, Metrics& metrics)
    : store_(store), clock_(clock), metrics_(metrics) {}

absl::StatusOr<bool> WithheldRecorder::WasWithheld(const v1::Delivery& delivery) {
  HANDOFF_ASSIGN_OR_RETURN(
      const auto ledger,
      store_.GetSnapshot()->Ledger(MessageId(std::string_view(delivery.event().message_id()))));
  return SaysWithheld(ledger, delivery);
}

void WithheldRecorder::Record(const v1::Delivery& delivery, std::string reason, Done done) {
  {
    absl::MutexLock lock(&mutex_);
    std::vector<Done>& waiting = waiting_[delivery.id()];
    waiting.push_back(std::move(done));
    if (waiting.size() > 1) return;
  }
  store::Batch batch;
  batch.ledger.push_back(
      delivery::EntryOf(v1::LedgerEntry::WITHHELD, delivery, clock_.Now(), std::move(reason)));
  store_.Commit(
      std::move(batch),
      [this, id = delivery.id(), party = delivery.recipient()](
          absl::StatusOr<store::Committed> committed) { Finish(id, party, committed.status()); });
}

void WithheldRecorder::Finish(const std::string& delivery_id,
                              const std::string& party,
                              const absl::Status& status) {
  std::vector<Done> waiting;
  {
    absl::MutexLock lock(&mutex_);
    waiting = std::move(waiting_.extract(delivery_id).mapped());
  }
  if (status.ok()) metrics_.Deliveries(party, "withheld").Increment();
  for (Done& done : waiting) done(status);
}

}  // namespace handoff::rpc
