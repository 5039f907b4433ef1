// What a run came to, and how it is told.
#pragma once

#include <chrono>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>

#include "absl/status/statusor.h"

#include "gateway/app/load/measure.h"

namespace handoff::load {

// Counters of the store as /metrics gives them.
struct StoreCounters {
  double commits = 0;
  double disk_syncs = 0;
};

// Reads them from `ops_url`/metrics. Errors: kUnavailable if nobody answers, or not with metrics.
absl::StatusOr<StoreCounters> ReadStoreCounters(const std::string& ops_url);

struct Report {
  double seconds = 0;           // from the start to the last answer
  double delivery_seconds = 0;  // from the start to the last delivery
  std::size_t message_bytes = 0;
  bool watching = false;
  std::optional<StoreCounters> store;    // what the run added
  std::chrono::microseconds cpu_time{};  // of this process
};

void WriteTable(const Report& report, const Tally& tally, std::ostream& out);
void WriteJson(const Report& report, const Tally& tally, std::ostream& out);

}  // namespace handoff::load
