// Logs: one JSON object a line, to standard error, without patient data.
//
// A field is a number, a bool, a fixed string of ours, or one of the ids that are safe to log.
// There is no overload for a std::string on purpose: text from a message cannot reach a log by
// accident. Safe() marks one that was thought about.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <variant>

#include "absl/status/status.h"

#include "gateway/base/ids.h"

namespace handoff::log {

enum class Level { kDebug, kInfo, kWarning, kError };

struct Safe {
  explicit Safe(std::string_view t) : text(t) {}
  std::string text;
};

class Field {
 public:
  Field(const char* key, const char* fixed) : key_(key), value_(std::string(fixed)) {}
  Field(const char* key, Safe safe) : key_(key), value_(std::move(safe.text)) {}
  Field(const char* key, const PartyKey& id) : key_(key), value_(id.value()) {}
  Field(const char* key, const MessageId& id) : key_(key), value_(id.value()) {}
  Field(const char* key, PersonId id) : Field(key, static_cast<std::uint64_t>(id)) {}
  Field(const char* key, bool v) : key_(key), value_(v) {}
  Field(const char* key, std::int64_t v) : key_(key), value_(v) {}
  Field(const char* key, int v) : key_(key), value_(std::int64_t{v}) {}
  Field(const char* key, unsigned v) : key_(key), value_(std::int64_t{v}) {}
  Field(const char* key, std::uint64_t v) : key_(key), value_(static_cast<std::int64_t>(v)) {}
  Field(const char* key, double v) : key_(key), value_(v) {}
  // Code, error id and internal detail of `status`.
  Field(const char* key, const absl::Status& status);

  const char* key() const { return key_; }
  const std::variant<std::string, bool, std::int64_t, double>& value() const { return value_; }

 private:
  const char* key_;
  std::variant<std::string, bool, std::int64_t, double> value_;
};

void SetMinimum(Level level);

// How many warnings and errors of one event a second are written. A full disk fails thousands of
// messages a second, and the log may lie on it.
inline constexpr std::uint64_t kLinesPerSecond = 50;

// Counts the lines of each event. Thread safety: one thread at a time.
class Limiter {
 public:
  // Whether one more line may be written in this second. `*left_out` becomes how many were not
  // since the last that was.
  bool Admits(const char* event, std::int64_t second, std::uint64_t* left_out);

 private:
  struct Window {
    std::int64_t second = 0;
    std::uint64_t lines = 0;
    std::uint64_t left_out = 0;
  };
  std::map<const char*, Window> windows_;
};

// Thread safety: may be called concurrently. Never waits for room on a full disk: a line that
// cannot be written is dropped. Of a warning or error that is over the limit, the next line of its
// event says how many there were (`left_out`).
void Write(Level level, const char* event, std::initializer_list<Field> fields = {}) noexcept;

inline void Info(const char* event, std::initializer_list<Field> fields = {}) {
  Write(Level::kInfo, event, fields);
}
inline void Warning(const char* event, std::initializer_list<Field> fields = {}) {
  Write(Level::kWarning, event, fields);
}
inline void Error(const char* event, std::initializer_list<Field> fields = {}) {
  Write(Level::kError, event, fields);
}

}  // namespace handoff::log
