#include "gateway/store/options.h"

#include <string>

#include "gateway/base/status_macros.h"

namespace handoff::store {
namespace {

absl::Status CheckRange(const char* name, std::size_t value, std::size_t max) {
  if (value >= 1 && value <= max) return absl::OkStatus();
  return absl::InvalidArgumentError(std::string(name) + " is " + std::to_string(value) +
                                    ", not from 1 to " + std::to_string(max));
}

}  // namespace

absl::Status CheckOptions(const StoreOptions& options) {
  HANDOFF_RETURN_IF_ERROR(
      CheckRange("max_pending_deliveries", options.max_pending_deliveries, 100'000'000));
  HANDOFF_RETURN_IF_ERROR(CheckRange("max_dead_letters", options.max_dead_letters, 100'000'000));
  HANDOFF_RETURN_IF_ERROR(CheckRange("max_queued_commits", options.max_queued_commits, 1'000'000));
  HANDOFF_RETURN_IF_ERROR(CheckRange("max_stream_items", options.max_stream_items, 1'000'000'000));
  if (options.commit_interval.count() < 0 || options.commit_interval.count() > 100) {
    return absl::InvalidArgumentError("commit_interval is not from 0 to 100 ms");
  }
  return absl::OkStatus();
}

}  // namespace handoff::store
