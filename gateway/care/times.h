// FHIR times as microseconds, and back.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "gateway/base/clock.h"
#include "handoff/v1/types.pb.h"

namespace handoff::care {

// When a day begins, where whoever wrote it lives.
using StartOfDay = std::function<Timestamp(int year, unsigned month, unsigned day)>;

// The moment that the text names; where the precision is a day or less, the start of it. Absent
// where the typed form could not hold it.
std::optional<std::int64_t> Micros(const v1::DateTime& time, const StartOfDay& start_of_day);
std::optional<std::int64_t> Micros(const v1::Date& date, const StartOfDay& start_of_day);

// UTC with milliseconds.
v1::DateTime ToDateTime(Timestamp time);

}  // namespace handoff::care
