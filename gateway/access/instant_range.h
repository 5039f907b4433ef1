// The interval of time that a FHIR date or dateTime stands for: 2020 is a whole year, 2020-03-01 a
// day (FHIR R4 search.html#date).
#pragma once

#include <optional>
#include <string_view>

#include "gateway/base/clock.h"

namespace handoff::access {

struct InstantRange {
  Timestamp from;   // inclusive
  Timestamp until;  // exclusive
};

// Reads YYYY, YYYY-MM, YYYY-MM-DD, or a date with Thh:mm, Thh:mm:ss or Thh:mm:ss.f (up to six
// digits); Z, +hh:mm, -hh:mm, or UTC where no zone is given. nullopt if `text` is none of these.
std::optional<InstantRange> ParseInstantRange(std::string_view text);

}  // namespace handoff::access
