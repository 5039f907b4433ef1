// A stay: whatever is told of one encounter, in whatever order and however often, converges to one
// timeline.
#pragma once

#include <cstdint>
#include <optional>

#include "gateway/base/clock.h"
#include "gateway/base/ids.h"
#include "handoff/v1/model.pb.h"

namespace handoff::care {

// True if the stay knows of this event: same kind, same time.
bool HasStep(const v1::Transition& stay, v1::EventKind kind, std::int64_t occurred_us);
bool HasStep(const v1::Transition& stay, v1::EventKind kind);

// Adds the step in event-time order (at the same time: admit, transfer, update, discharge) and sets
// `last`.
void AddStep(v1::Transition* stay,
             v1::EventKind kind,
             std::int64_t occurred_us,
             const MessageId& message,
             Timestamp received);

}  // namespace handoff::care
