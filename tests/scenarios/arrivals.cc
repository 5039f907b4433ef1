#include "tests/scenarios/arrivals.h"

#include <fmt/format.h>

namespace handoff::scenario {

void Arrivals::Put(const Notice& notice) {
  absl::MutexLock lock(&mutex_);
  std::vector<MessageNumber>& order = orders_[notice.patient];
  const auto [known, is_new] = arrivals_.try_emplace(
      notice.number,
      Arrival{notice.delivery, notice.patient, notice.encounter_version, Steady::now()});
  if (is_new) {
    order.push_back(notice.number);
    return;
  }
  ++repeats_;
  const Arrival& first = known->second;
  if (first.delivery != notice.delivery) {
    faults_.push_back(fmt::format(
        "message {} came as {} and as {}", notice.number, first.delivery, notice.delivery));
  }
  if (first.patient != notice.patient || first.encounter_version != notice.encounter_version) {
    faults_.push_back(fmt::format("message {} came with two contents", notice.number));
  }
  if (allowed_ == Repeats::kOfTheLast && order.back() != notice.number) {
    faults_.push_back(
        fmt::format("message {} came again after message {}", notice.number, order.back()));
  }
}

void Arrivals::PutUnreadable() {
  absl::MutexLock lock(&mutex_);
  faults_.emplace_back("something came that is no notification of this hospital");
}

bool Arrivals::WaitFor(std::size_t count, std::chrono::milliseconds timeout) const {
  absl::MutexLock lock(&mutex_);
  const auto there = [this, count]()
                         ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return arrivals_.size() >= count; };
  return mutex_.AwaitWithTimeout(absl::Condition(&there), absl::FromChrono(timeout));
}

std::size_t Arrivals::count() const {
  absl::MutexLock lock(&mutex_);
  return arrivals_.size();
}

std::size_t Arrivals::repeats() const {
  absl::MutexLock lock(&mutex_);
  return repeats_;
}

std::vector<MessageNumber> Arrivals::OrderOf(PatientNumber patient) const {
  absl::MutexLock lock(&mutex_);
  const auto order = orders_.find(patient);
  return order == orders_.end() ? std::vector<MessageNumber>() : order->second;
}

std::optional<Arrival> Arrivals::Find(MessageNumber number) const {
  absl::MutexLock lock(&mutex_);
  const auto found = arrivals_.find(number);
  if (found == arrivals_.end()) return std::nullopt;
  return found->second;
}

std::vector<std::string> Arrivals::faults() const {
  absl::MutexLock lock(&mutex_);
  return faults_;
}

}  // namespace handoff::scenario
