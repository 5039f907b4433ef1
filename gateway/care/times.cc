#include "gateway/care/times.h"

#include <chrono>

namespace handoff::care {

std::optional<std::int64_t> Micros(const v1::DateTime& time) {
  if (time.precision() == v1::DateTime::PRECISION_UNSPECIFIED) return std::nullopt;
  return time.seconds() * 1'000'000 + time.nanos() / 1000;
}

std::optional<std::int64_t> Micros(const v1::Date& date) {
  if (date.year() == 0) return std::nullopt;
  const std::chrono::year_month_day day{std::chrono::year(date.year()),
                                        std::chrono::month(date.month() == 0 ? 1 : date.month()),
                                        std::chrono::day(date.day() == 0 ? 1 : date.day())};
  if (!day.ok()) return std::nullopt;
  return ToMicros(Timestamp(std::chrono::sys_days(day)));
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
