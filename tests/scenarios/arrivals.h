// What one recipient got: which messages, in which order, and which of them more than once.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

#include "tests/scenarios/stays.h"

namespace handoff::scenario {

using Steady = std::chrono::steady_clock;

struct Arrival {
  std::string delivery;
  PatientNumber patient = 0;
  std::uint64_t encounter_version = 0;
  Steady::time_point at;  // of the first
};

// Thread safety: all methods may be called concurrently.
class Arrivals {
 public:
  // How a recipient may be told again of what it has: a push only of the last it got of the patient
  // (the lane does not go on before), a stream from anywhere.
  enum class Repeats { kOfTheLast, kOfAny };

  explicit Arrivals(Repeats repeats) : allowed_(repeats) {}

  void Put(const Notice& notice);
  void PutUnreadable();
  // True once `count` distinct messages are there.
  bool WaitFor(std::size_t count, std::chrono::milliseconds timeout) const;

  std::size_t count() const;
  std::size_t repeats() const;
  // Messages of a patient in the order of their first arrival.
  std::vector<MessageNumber> OrderOf(PatientNumber patient) const;
  std::optional<Arrival> Find(MessageNumber number) const;
  // One message under two delivery ids, a repeat after its successor, what no one can read.
  std::vector<std::string> faults() const;

 private:
  const Repeats allowed_;
  mutable absl::Mutex mutex_;
  std::unordered_map<MessageNumber, Arrival> arrivals_ ABSL_GUARDED_BY(mutex_);
  std::unordered_map<PatientNumber, std::vector<MessageNumber>> orders_ ABSL_GUARDED_BY(mutex_);
  std::size_t repeats_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<std::string> faults_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace handoff::scenario
