#include "gateway/rpc/withheld_recorder.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "gateway/base/status_macros.h"
#include "gateway/delivery/ledger_entry.h"

namespace handoff::rpc {

WithheldRecorder::WithheldRecorder(store::Store& store,
                                   const Clock& clock,
                                   Metrics& metrics,
                                   WithheldRecorderOptions options)
    : options_(options), store_(store), clock_(clock), metrics_(metrics) {}

absl::StatusOr<bool> WithheldRecorder::WasWithheld(const std::string& stream,
                                                   const v1::Delivery& item) {
  HANDOFF_ASSIGN_OR_RETURN(const std::optional<bool> known, Recall(stream, item.sequence()));
  if (known) return *known;
  HANDOFF_ASSIGN_OR_RETURN(
      const std::vector<v1::LedgerEntry> ledger,
      store_.GetSnapshot()->Ledger(MessageId(std::string_view(item.event().message_id()))));
  return std::any_of(ledger.begin(), ledger.end(), [&](const v1::LedgerEntry& entry) {
    return entry.kind() == v1::LedgerEntry::WITHHELD && entry.delivery_id() == item.id();
  });
}

absl::StatusOr<std::optional<bool>> WithheldRecorder::Recall(const std::string& stream,
                                                             std::uint64_t sequence) {
  {
    absl::MutexLock lock(&mutex_);
    if (const auto known = streams_.find(stream); known != streams_.end()) {
      if (sequence <= known->second.unknown_up_to) return std::nullopt;
      return known->second.withheld.contains(sequence);
    }
  }
  HANDOFF_ASSIGN_OR_RETURN(const std::uint64_t end, store_.StreamEnd(stream));
  absl::MutexLock lock(&mutex_);
  Known& known = streams_[stream];
  known.unknown_up_to = std::max(known.unknown_up_to, end);
  return std::nullopt;
}

void WithheldRecorder::Record(const std::string& stream,
                              const v1::Delivery& item,
                              std::string reason,
                              Done done) {
  {
    absl::MutexLock lock(&mutex_);
    std::vector<Done>& waiting = waiting_[item.id()];
    waiting.push_back(std::move(done));
    if (waiting.size() > 1) return;
  }
  store::Batch batch;
  batch.ledger.push_back(
      delivery::EntryOf(v1::LedgerEntry::WITHHELD, item, clock_.Now(), std::move(reason)));
  store_.Commit(std::move(batch), [this, stream, item](absl::StatusOr<store::Committed> committed) {
    Finish(stream, item, committed.status());
  });
}

void WithheldRecorder::Finish(const std::string& stream,
                              const v1::Delivery& item,
                              const absl::Status& status) {
  std::vector<Done> waiting;
  {
    absl::MutexLock lock(&mutex_);
    waiting = std::move(waiting_.extract(item.id()).mapped());
    if (status.ok()) Remember(stream, item.sequence());
  }
  if (status.ok()) metrics_.Deliveries(item.recipient(), "withheld").Increment();
  for (Done& done : waiting) done(status);
}

void WithheldRecorder::Remember(const std::string& stream, std::uint64_t sequence) {
  Known& known = streams_[stream];
  if (sequence <= known.unknown_up_to) return;
  known.withheld.insert(sequence);
  if (known.withheld.size() <= options_.max_remembered) return;
  known.unknown_up_to = std::max(known.unknown_up_to, *known.withheld.begin());
  known.withheld.erase(known.withheld.begin());
}

}  // namespace handoff::rpc
