#include "gateway/delivery/breaker.h"

#include <algorithm>

#include "gateway/base/status_macros.h"

namespace handoff::delivery {

std::optional<Timestamp> Breaker::ProbeAt() const { return probing_ ? std::nullopt : open_until_; }

bool Breaker::Begin() {
  if (closed()) return false;
  HANDOFF_CHECK(!probing_);
  probing_ = true;
  return true;
}

bool Breaker::OnSuccess() {
  const bool was_open = !closed();
  failures_ = 0;
  probing_ = false;
  open_until_.reset();
  return was_open;
}

bool Breaker::OnFailure(Timestamp now,
                        bool probe,
                        std::optional<std::chrono::seconds> retry_after) {
  const bool was_closed = closed();
  // An attempt that began before it opened says nothing new.
  if (!was_closed && !probe) return false;
  if (was_closed && ++failures_ < options_.failures) return false;
  probing_ = false;
  span_ = was_closed ? options_.open : std::min(span_ * 2, options_.max_open);
  open_until_ = now + span_;
  if (retry_after) open_until_ = std::max<Timestamp>(*open_until_, now + *retry_after);
  return was_closed;
}

}  // namespace handoff::delivery
