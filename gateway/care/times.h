// FHIR times as microseconds, and back.
#pragma once

#include <cstdint>
#include <optional>

#include "gateway/base/clock.h"
#include "handoff/v1/types.pb.h"

namespace handoff::care {

// The moment that the text names; its start where the precision is a day or less. Absent where the
// typed form could not hold it.
std::optional<std::int64_t> Micros(const v1::DateTime& time);
std::optional<std::int64_t> Micros(const v1::Date& date);

// UTC with milliseconds.
v1::DateTime ToDateTime(Timestamp time);

}  // namespace handoff::care
