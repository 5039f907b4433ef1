#include "gateway/rpc/acknowledger.h"

#include <algorithm>
#include <cstddef>

#include "gateway/base/error.h"
#include "gateway/base/status_macros.h"
#include "gateway/delivery/delivered_referrals.h"
#include "gateway/delivery/ledger_entry.h"

namespace handoff::rpc {
namespace {

constexpr std::size_t kItemsPerCommit = 256;

}  // namespace

Acknowledger::Acknowledger(store::Store& store,
                           const Clock& clock,
                           Metrics& metrics,
                           WithheldRecorder& withheld,
                           WorkerPool& pool)
    : store_(store), clock_(clock), metrics_(metrics), withheld_(withheld), pool_(pool) {}

void Acknowledger::Acknowledge(const std::string& stream, std::uint64_t sequence, Done done) {
  {
    absl::MutexLock lock(&mutex_);
    std::vector<Waiting>& waiting = streams_[stream];
    waiting.push_back({sequence, std::move(done)});
    if (waiting.size() > 1) return;
  }
  pool_.Continue([this, stream] { Step(stream); });
}

void Acknowledger::WaitUntilIdle() {
  const auto idle = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return streams_.empty(); };
  absl::MutexLock lock(&mutex_, absl::Condition(&idle));
}

void Acknowledger::Step(const std::string& stream) {
  const absl::StatusOr<std::uint64_t> position = store_.StreamPosition(stream);
  if (!position.ok()) return AnswerAll(stream, position.status());
  if (!AnswerUpTo(stream, *position)) return;

  const absl::StatusOr<std::vector<v1::Delivery>> items =
      Covered(stream, *position, Target(stream));
  if (!items.ok()) return AnswerAll(stream, items.status());
  std::vector<v1::Delivery> delivered;
  absl::StatusOr<store::Batch> batch = Settle(stream, *items, &delivered);
  if (!batch.ok()) return AnswerAll(stream, batch.status());

  store_.Commit(
      *std::move(batch),
      [this, stream, delivered = std::move(delivered)](
          absl::StatusOr<store::Committed> committed) mutable {
        pool_.Continue([this, stream, status = committed.status(), settled = std::move(delivered)] {
          // A referral moved in between: what it is now is read anew.
          if (status.code() == absl::StatusCode::kAborted) return Step(stream);
          if (!status.ok()) return AnswerAll(stream, status);
          CountDelivered(settled);
          Step(stream);
        });
      });
}

absl::StatusOr<std::vector<v1::Delivery>> Acknowledger::Covered(const std::string& stream,
                                                                std::uint64_t position,
                                                                std::uint64_t target) {
  // No two items have the same sequence, so there are no more than that.
  const std::size_t limit = std::min<std::uint64_t>(kItemsPerCommit, target - position);
  HANDOFF_ASSIGN_OR_RETURN(std::vector<v1::Delivery> items,
                           store_.ReadStream(stream, position, limit));
  std::erase_if(items, [&](const v1::Delivery& item) { return item.sequence() > target; });
  if (items.empty()) {
    return MakeError(ErrorId::kInvalidRequest, "this resume token is not of an item that is kept");
  }
  return items;
}

absl::StatusOr<store::Batch> Acknowledger::Settle(const std::string& stream,
                                                  const std::vector<v1::Delivery>& items,
                                                  std::vector<v1::Delivery>* delivered) {
  const Timestamp now = clock_.Now();
  store::Batch batch;
  batch.durability = store::Durability::kWritten;
  for (const v1::Delivery& item : items) {
    HANDOFF_ASSIGN_OR_RETURN(const bool was_withheld, withheld_.WasWithheld(stream, item));
    if (was_withheld) continue;
    batch.ledger.push_back(
        delivery::EntryOf(v1::LedgerEntry::DELIVERED, item, now, "acknowledged on the stream"));
    delivered->push_back(item);
  }
  HANDOFF_RETURN_IF_ERROR(delivery::AddDeliveredReferrals(store_, *delivered, now, &batch));
  batch.acknowledge.push_back({stream, items.back().sequence()});
  return batch;
}

void Acknowledger::CountDelivered(const std::vector<v1::Delivery>& delivered) {
  if (delivered.empty()) return;
  const std::int64_t now_us = ToMicros(clock_.Now());
  metrics_.Deliveries(delivered.front().recipient(), "delivered")
      .Increment(static_cast<double>(delivered.size()));
  for (const v1::Delivery& item : delivered) {
    metrics_.delivery_seconds.Observe(static_cast<double>(now_us - item.created_us()) / 1e6);
  }
}

std::uint64_t Acknowledger::Target(const std::string& stream) {
  absl::MutexLock lock(&mutex_);
  std::uint64_t target = 0;
  for (const Waiting& waiting : streams_.at(stream)) target = std::max(target, waiting.sequence);
  return target;
}

bool Acknowledger::AnswerUpTo(const std::string& stream, std::uint64_t position) {
  std::vector<Waiting> answered;
  bool more = true;
  {
    absl::MutexLock lock(&mutex_);
    std::vector<Waiting>& waiting = streams_.at(stream);
    const auto first = std::partition(
        waiting.begin(), waiting.end(), [&](const Waiting& w) { return w.sequence > position; });
    std::move(first, waiting.end(), std::back_inserter(answered));
    waiting.erase(first, waiting.end());
    if (waiting.empty()) {
      streams_.erase(stream);
      more = false;
    }
  }
  for (Waiting& waiting : answered) waiting.done(absl::OkStatus());
  return more;
}

void Acknowledger::AnswerAll(const std::string& stream, const absl::Status& status) {
  std::vector<Waiting> waiting;
  {
    absl::MutexLock lock(&mutex_);
    waiting = std::move(streams_.extract(stream).mapped());
  }
  for (Waiting& one : waiting) one.done(status);
}

}  // namespace handoff::rpc
