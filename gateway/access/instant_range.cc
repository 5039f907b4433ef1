#include "gateway/access/instant_range.h"

#include <chrono>
#include <cstddef>

namespace handoff::access {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::minutes;
using std::chrono::months;
using std::chrono::seconds;
using std::chrono::years;

// Reads `text` from the left.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}

  bool AtEnd() const { return rest_.empty(); }
  bool Skip(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // Exactly `width` digits, in low..high.
  std::optional<int> Number(std::size_t width, int low, int high) {
    if (rest_.size() < width) return std::nullopt;
    int value = 0;
    for (const char c : rest_.substr(0, width)) {
      if (c < '0' || c > '9') return std::nullopt;
      value = value * 10 + (c - '0');
    }
    if (value < low || value > high) return std::nullopt;
    rest_.remove_prefix(width);
    return value;
  }
  // One to six digits of a fraction: microseconds, and how long the last digit is.
  std::optional<std::pair<microseconds, microseconds>> Fraction() {
    microseconds::rep value = 0;
    microseconds::rep unit = 1'000'000;
    while (unit > 1 && !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9') {
      unit /= 10;
      value += unit * (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    if (unit == 1'000'000) return std::nullopt;
    return std::pair(microseconds(value), microseconds(unit));
  }
  // Z, an offset, or nothing.
  std::optional<minutes> Zone() {
    if (AtEnd() || Skip('Z')) return minutes(0);
    const int sign = Skip('+') ? 1 : Skip('-') ? -1 : 0;
    if (sign == 0) return std::nullopt;
    const auto hour = Number(2, 0, 14);
    if (!hour || !Skip(':')) return std::nullopt;
    const auto minute = Number(2, 0, 59);
    if (!minute) return std::nullopt;
    return sign * (hours(*hour) + minutes(*minute));
  }

 private:
  std::string_view rest_;
};

InstantRange Of(std::chrono::sys_days from, std::chrono::sys_days until) { return {from, until}; }

// After the date and the T.
std::optional<InstantRange> ParseTime(Cursor& cursor, std::chrono::sys_days day) {
  const auto hour = cursor.Number(2, 0, 23);
  if (!hour || !cursor.Skip(':')) return std::nullopt;
  const auto minute = cursor.Number(2, 0, 59);
  if (!minute) return std::nullopt;
  Timestamp from = day + hours(*hour) + minutes(*minute);
  microseconds width = minutes(1);
  if (cursor.Skip(':')) {
    const auto second = cursor.Number(2, 0, 59);
    if (!second) return std::nullopt;
    from += seconds(*second);
    width = seconds(1);
    if (cursor.Skip('.')) {
      const auto fraction = cursor.Fraction();
      if (!fraction) return std::nullopt;
      from += fraction->first;
      width = fraction->second;
    }
  }
  const auto zone = cursor.Zone();
  if (!zone || !cursor.AtEnd()) return std::nullopt;
  return InstantRange{from - *zone, from - *zone + width};
}

}  // namespace

std::optional<InstantRange> ParseInstantRange(std::string_view text) {
  Cursor cursor(text);
  const auto year = cursor.Number(4, 1, 9999);
  if (!year) return std::nullopt;
  const std::chrono::year_month_day start(
      std::chrono::year(*year), std::chrono::January, std::chrono::day(1));
  if (cursor.AtEnd()) return Of(start, start + years(1));
  if (!cursor.Skip('-')) return std::nullopt;
  const auto month = cursor.Number(2, 1, 12);
  if (!month) return std::nullopt;
  const std::chrono::year_month_day first = start + months(*month - 1);
  if (cursor.AtEnd()) return Of(first, first + months(1));
  if (!cursor.Skip('-')) return std::nullopt;
  const auto number = cursor.Number(2, 1, 31);
  if (!number) return std::nullopt;
  const std::chrono::year_month_day date(
      first.year(), first.month(), std::chrono::day(static_cast<unsigned>(*number)));
  if (!date.ok()) return std::nullopt;
  const std::chrono::sys_days day = date;
  if (cursor.AtEnd()) return Of(day, day + days(1));
  if (!cursor.Skip('T')) return std::nullopt;
  return ParseTime(cursor, day);
}

}  // namespace handoff::access
