#include "gateway/care/times.h"

#include <chrono>

namespace handoff::care {

namespace {

std::optional<std::int64_t> Start(const std::chrono::year_month_day& day,
                                  const StartOfDay& start_of_day) {
  if (!day.ok()) return std::nullopt;
  return ToMicros(start_of_day(static_cast<int>(day.year()),
                               static_cast<unsigned>(day.month()),
                               static_cast<unsigned>(day.day())));
}

}  // namespace

std::optional<std::int64_t> Micros(const v1::DateTime& time, const StartOfDay& start_of_day) {
  if (time.precision() == v1::DateTime::PRECISION_UNSPECIFIED) return std::nullopt;
  if (time.precision() == v1::DateTime::SECOND)
    return time.seconds() * 1'000'000 + time.nanos() / 1000;
  const std::chrono::sys_seconds midnight{std::chrono::seconds(time.seconds())};
  return Start(std::chrono::floor<std::chrono::days>(midnight), start_of_day);
}

std::optional<std::int64_t> Micros(const v1::Date& date, const StartOfDay& start_of_day) {
  if (date.year() == 0) return std::nullopt;
  return Start({std::chrono::year(date.year()),
                std::chrono::month(date.month() == 0 ? 1 : date.month()),
                std::chrono::day(date.day() == 0 ? 1 : date.day())},
               start_of_day);
}

v1::DateTime ToDateTime(Timestamp time) {
  const auto milliseconds = std::chrono::floor<std::chrono::milliseconds>(time);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(milliseconds);
  v1::DateTime out;
  out.set_seconds(seconds.time_since_epoch().count());
  out.set_nanos(static_cast<std::uint32_t>((milliseconds - seconds).count()) * 1'000'000);
  out.set_fraction_digits(3);
  out.set_zulu(true);
  out.set_precision(v1::DateTime::SECOND);
  return out;
}

}  // namespace handoff::care
