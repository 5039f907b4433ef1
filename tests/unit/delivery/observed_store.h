// A store that a test can watch and make fail.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"

#include "gateway/store/memory/memory_store.h"
#include "gateway/store/store.h"

namespace handoff::delivery::testing {

class ObservedStore final : public store::Store {
 public:
  // Waits until what became of `id` was recorded for the n-th time, and tells the engine's whole
  // answer to it: the delivery as it was given to the store.
  v1::Delivery AwaitRecorded(const std::string& id, std::size_t n = 1) {
    const auto enough = [&]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
      return recorded_[id].size() >= n;
    };
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(&enough));
    return recorded_[id][n - 1];
  }
  std::size_t RecordedTimes(const std::string& id) {
    absl::MutexLock lock(&mutex_);
    return recorded_[id].size();
  }
  // The next `n` commits of the engine are not made.
  void RefuseCommits(std::size_t n) {
    absl::MutexLock lock(&mutex_);
    refuse_ = n;
  }
  void AwaitRefused() {
    const auto none_left = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
      return refuse_ == 0 && refusing_ == 0;
    };
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(&none_left));
  }
  // Runs once, on the committer's thread, when what became of a delivery stands in the store and
  // the engine has not heard of it.
  void BeforeNextReport(std::function<void()> hook) {
    absl::MutexLock lock(&mutex_);
    before_report_ = std::move(hook);
  }
  // Calls `wake` and waits until the engine has asked for claims since.
  void AwaitLook(const std::function<void()>& wake) {
    std::size_t before = 0;
    {
      absl::MutexLock lock(&mutex_);
      before = looks_;
    }
    wake();
    const auto again = [&]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return looks_ > before; };
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(&again));
  }
  // Waits until `id` was claimed for the n-th time.
  void AwaitClaimed(const std::string& id, std::size_t n) {
    const auto enough = [&]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return claimed_[id] >= n; };
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(&enough));
  }
  std::vector<v1::LedgerEntry> LedgerOf(const std::string& message_id) {
    return *GetSnapshot()->Ledger(MessageId(message_id));
  }

  std::shared_ptr<store::Snapshot> GetSnapshot() override { return inner_->GetSnapshot(); }
  void Commit(store::Batch batch,
              absl::AnyInvocable<void(absl::StatusOr<store::Committed>)> done) override {
    std::vector<v1::Delivery> deliveries = batch.settle;
    deliveries.insert(deliveries.end(), batch.reschedule.begin(), batch.reschedule.end());
    if (!deliveries.empty() && Refuses()) {
      done(absl::UnavailableError("the disk is full"));
      absl::MutexLock lock(&mutex_);
      --refusing_;
      return;
    }
    inner_->Commit(std::move(batch),
                   [this, deliveries = std::move(deliveries), done = std::move(done)](
                       const absl::StatusOr<store::Committed>& committed) mutable {
                     if (!deliveries.empty()) RunHook();
                     done(committed);
                     absl::MutexLock lock(&mutex_);
                     for (v1::Delivery& delivery : deliveries) {
                       recorded_[delivery.id()].push_back(std::move(delivery));
                     }
                   });
  }
  std::vector<store::Claim> ClaimDue(Timestamp now,
                                     std::chrono::milliseconds lease,
                                     std::size_t limit,
                                     const Wanted& wanted) override {
    std::vector<store::Claim> claims = inner_->ClaimDue(now, lease, limit, wanted);
    absl::MutexLock lock(&mutex_);
    ++looks_;
    for (const store::Claim& claim : claims) ++claimed_[claim.delivery.id()];
    return claims;
  }
  void Release(const std::string& id) override { inner_->Release(id); }
  std::optional<Timestamp> NextDue(const Wanted& wanted) override {
    return inner_->NextDue(wanted);
  }
  absl::StatusOr<std::vector<v1::Delivery>> ListDeliveries(v1::DeliveryState state,
                                                           const std::string& recipient,
                                                           const std::string& after_id,
                                                           std::size_t limit) override {
    return inner_->ListDeliveries(state, recipient, after_id, limit);
  }
  absl::StatusOr<std::optional<v1::Delivery>> ReadDelivery(const std::string& id) override {
    return inner_->ReadDelivery(id);
  }
  absl::StatusOr<std::vector<v1::Delivery>> ReadStream(const std::string& stream,
                                                       std::uint64_t after,
                                                       std::size_t limit) override {
    return inner_->ReadStream(stream, after, limit);
  }
  absl::StatusOr<std::uint64_t> StreamEnd(const std::string& stream) override {
    return inner_->StreamEnd(stream);
  }
  absl::StatusOr<std::uint64_t> StreamPosition(const std::string& stream) override {
    return inner_->StreamPosition(stream);
  }
  void SetListener(std::function<void(const Notice&)> listener) override {
    inner_->SetListener(std::move(listener));
  }
  absl::Status VerifyLedger() override { return inner_->VerifyLedger(); }
  absl::Status Health() override { return inner_->Health(); }
  store::Statistics GetStatistics() override { return inner_->GetStatistics(); }

 private:
  bool Refuses() {
    absl::MutexLock lock(&mutex_);
    if (refuse_ == 0) return false;
    --refuse_;
    ++refusing_;
    return true;
  }

  void RunHook() {
    std::function<void()> hook;
    {
      absl::MutexLock lock(&mutex_);
      hook = std::exchange(before_report_, nullptr);
    }
    if (hook) hook();
  }

  absl::Mutex mutex_;
  std::size_t looks_ ABSL_GUARDED_BY(mutex_) = 0;
  std::function<void()> before_report_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, std::size_t> claimed_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, std::vector<v1::Delivery>> recorded_ ABSL_GUARDED_BY(mutex_);
  std::size_t refuse_ ABSL_GUARDED_BY(mutex_) = 0;
  std::size_t refusing_ ABSL_GUARDED_BY(mutex_) = 0;

  const std::unique_ptr<store::Store> inner_ =
      store::OpenMemoryStore();  // last: its thread calls us
};

}  // namespace handoff::delivery::testing
