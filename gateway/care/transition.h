// A stay: whatever is told of one encounter, in whatever order and however often, converges to one
// timeline.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/base/clock.h"
#include "gateway/base/ids.h"
#include "handoff/v1/model.pb.h"

namespace handoff::care {

// What Event.status says of an ENCOUNTER_UPDATE.
inline constexpr char kMoved[] = "moved";
inline constexpr char kCorrected[] = "corrected";
inline constexpr char kDischargeCancelled[] = "discharge-cancelled";
inline constexpr char kCancelled[] = "cancelled";

// Whether an ENCOUNTER_UPDATE of this status changes what was told as an event of `kind`: a stay
// taken back changes all of it, a discharge that is corrected or taken back the discharge alone.
bool Corrects(std::string_view status, v1::EventKind kind);

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

// Remembers that the party is told of an event of the stay. A correction is none: it is told to who
// knows what it corrects.
void AddTold(v1::Transition* stay,
             const PartyKey& party,
             const std::string& role,
             v1::EventKind kind);

}  // namespace handoff::care
