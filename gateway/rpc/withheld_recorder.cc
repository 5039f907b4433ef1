#include "gateway/rpc/withheld_recorder.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "gateway/base/status_macros.h"
#include "gateway/delivery/conclusion.h"
#include "gateway/delivery/hold.h"
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
    const bool ends =
        entry.kind() == v1::LedgerEntry::WITHHELD || entry.kind() == v1::LedgerEntry::HELD;
    return ends && entry.delivery_id() == item.id();
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
                              const delivery::Withheld& withheld,
                              Done done) {
  {
    absl::MutexLock lock(&mutex_);
    std::vector<Done>& waiting = waiting_[item.id()];
    waiting.push_back(std::move(done));
    if (waiting.size() > 1) return;
  }
  const delivery::Conclusion conclusion = delivery::ConcludeWithheld(item, withheld, clock_.Now());
  const char* const outcome = delivery::Name(conclusion.result);
  store::Batch batch;
  batch.ledger.push_back(conclusion.entry);
  if (withheld.held) {
    if (const absl::Status status = Hold(item, &batch); !status.ok())
      return Finish(stream, item, outcome, status);
  }
  store_.Commit(std::move(batch),
                [this, stream, item, outcome](absl::StatusOr<store::Committed> committed) {
                  Finish(stream, item, outcome, committed.status());
                });
}

absl::Status WithheldRecorder::Hold(const v1::Delivery& item, store::Batch* batch) {
  HANDOFF_ASSIGN_OR_RETURN(const bool held, delivery::CommitWhileHeld(store_, item, batch));
  if (!held) return absl::AbortedError("whom it is about is not in doubt any more");
  v1::Delivery& kept = batch->enqueue.emplace_back(item);
  kept.set_id(MintId('d', ToMicros(clock_.Now())));
  kept.set_state(v1::DELIVERY_STATE_HELD);
  batch->ledger.push_back(delivery::EntryOf(
      v1::LedgerEntry::HELD, kept, clock_.Now(), "kept until a steward has decided"));
  return absl::OkStatus();
}

void WithheldRecorder::Finish(const std::string& stream,
                              const v1::Delivery& item,
                              const char* outcome,
                              const absl::Status& status) {
  std::vector<Done> waiting;
  {
    absl::MutexLock lock(&mutex_);
    waiting = std::move(waiting_.extract(item.id()).mapped());
    if (status.ok()) Remember(stream, item.sequence());
  }
  if (status.ok()) metrics_.Deliveries(item.recipient(), outcome).Increment();
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
