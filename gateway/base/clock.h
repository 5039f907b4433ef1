// Time, injected: nothing in Handoff reads a clock of the machine but SystemClock.
#pragma once

#include <chrono>
#include <cstdint>

namespace handoff {

using Timestamp = std::chrono::sys_time<std::chrono::microseconds>;

// Microseconds since 1970-01-01T00:00:00Z, the form in which times are stored.
inline std::int64_t ToMicros(Timestamp t) { return t.time_since_epoch().count(); }
inline Timestamp FromMicros(std::int64_t us) { return Timestamp(std::chrono::microseconds(us)); }

// Thread safety: all methods may be called concurrently.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp Now() const = 0;
};

class SystemClock final : public Clock {
 public:
  Timestamp Now() const override;
};

}  // namespace handoff
