#include "gateway/base/log.h"

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <iterator>
#include <mutex>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "gateway/base/clock.h"
#include "gateway/base/error.h"

namespace handoff::log {
namespace {

using Line = fmt::basic_memory_buffer<char, 1024>;

std::atomic<Level> minimum{Level::kInfo};

std::string_view Name(Level level) {
  switch (level) {
    case Level::kDebug:
      return "debug";
    case Level::kInfo:
      return "info";
    case Level::kWarning:
      return "warning";
    case Level::kError:
      return "error";
  }
  return "error";
}

void Put(Line& line, std::string_view text) { line.append(text.data(), text.data() + text.size()); }

// The length of the well-formed UTF-8 sequence at the head of `text`, or 0.
std::size_t Utf8Length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  const std::size_t length = lead < 0x80   ? 1
                             : lead < 0xC2 ? 0
                             : lead < 0xE0 ? 2
                             : lead < 0xF0 ? 3
                             : lead < 0xF5 ? 4
                                           : 0;
  if (length == 0 || length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  if (length > 2) {  // overlong forms, surrogates, beyond U+10FFFF
    const unsigned char second = byte(1);
    if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
        (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F)) {
      return 0;
    }
  }
  return length;
}

void PutString(Line& line, std::string_view text) {
  line.push_back('"');
  while (!text.empty()) {
    const auto c = static_cast<unsigned char>(text[0]);
    std::size_t length = 1;
    if (c == '"' || c == '\\') {
      line.push_back('\\');
      line.push_back(static_cast<char>(c));
    } else if (c < 0x20) {
      fmt::format_to(std::back_inserter(line), "\\u{:04x}", c);
    } else if (length = Utf8Length(text); length > 0) {
      Put(line, text.substr(0, length));
    } else {
      Put(line, "\\ufffd");
      length = 1;
    }
    text.remove_prefix(length);
  }
  line.push_back('"');
}

void PutTime(Line& line, Timestamp now) {
  const auto day = std::chrono::floor<std::chrono::days>(now);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(now - day);
  fmt::format_to(std::back_inserter(line),
                 "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z",
                 static_cast<int>(date.year()),
                 static_cast<unsigned>(date.month()),
                 static_cast<unsigned>(date.day()),
                 time.hours().count(),
                 time.minutes().count(),
                 time.seconds().count(),
                 time.subseconds().count());
}

struct PutValue {
  Line& line;
  void operator()(const std::string& v) const { PutString(line, v); }
  void operator()(bool v) const { Put(line, v ? "true" : "false"); }
  void operator()(std::int64_t v) const { fmt::format_to(std::back_inserter(line), "{}", v); }
  void operator()(double v) const {
    if (std::isfinite(v)) {
      fmt::format_to(std::back_inserter(line), "{}", v);
    } else {
      Put(line, "null");
    }
  }
};

// Lines never interleave, and a line that was cut short does not swallow the next one.
class Output {
 public:
  bool Admits(const char* event, Timestamp now, std::uint64_t* left_out) {
    const auto second = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
    const std::lock_guard lock(mutex_);
    return limiter_.Admits(event, second, left_out);
  }

  void Write(std::string_view line) {
    const std::lock_guard lock(mutex_);
    if (torn_ && WriteSome("\n") != 1) return;
    const ssize_t written = WriteSome(line);
    torn_ = written > 0 && static_cast<std::size_t>(written) < line.size();
  }

 private:
  static ssize_t WriteSome(std::string_view text) {
    ssize_t written = 0;
    do {
      written = ::write(STDERR_FILENO, text.data(), text.size());
    } while (written < 0 && errno == EINTR);
    return written;
  }

  std::mutex mutex_;  // guards what follows, and the order of lines
  Limiter limiter_;
  bool torn_ = false;
};

std::string Describe(const absl::Status& status) {
  if (status.ok()) return "OK";
  std::string text =
      fmt::format("{} {}: {}",
                  ErrorOf(status).code,
                  absl::StatusCodeToString(status.code()),
                  fmt::string_view(status.message().data(), status.message().size()));
  if (const std::string detail = InternalDetail(status); !detail.empty())
    text += " [" + detail + "]";
  return text;
}

}  // namespace

Field::Field(const char* key, const absl::Status& status) : key_(key), value_(Describe(status)) {}

bool Limiter::Admits(const char* event, std::int64_t second, std::uint64_t* left_out) {
  Window& window = windows_[event];
  if (window.second != second) {
    window.second = second;
    window.lines = 0;
  }
  if (++window.lines > kLinesPerSecond) {
    ++window.left_out;
    return false;
  }
  *left_out = std::exchange(window.left_out, 0);
  return true;
}

void SetMinimum(Level level) { minimum.store(level, std::memory_order_relaxed); }

void Write(Level level, const char* event, std::initializer_list<Field> fields) noexcept {
  if (level < minimum.load(std::memory_order_relaxed)) return;
  try {
    static Output& output = *new Output;
    const Timestamp now = SystemClock().Now();
    std::uint64_t left_out = 0;
    if (level >= Level::kWarning && !output.Admits(event, now, &left_out)) return;
    Line line;
    Put(line, R"({"ts":")");
    PutTime(line, now);
    Put(line, R"(","level":")");
    Put(line, Name(level));
    Put(line, R"(","event":)");
    PutString(line, event);
    for (const Field& field : fields) {
      line.push_back(',');
      PutString(line, field.key());
      line.push_back(':');
      std::visit(PutValue{line}, field.value());
    }
    if (left_out != 0) fmt::format_to(std::back_inserter(line), ",\"left_out\":{}", left_out);
    Put(line, "}\n");
    output.Write({line.data(), line.size()});
  } catch (...) {  // out of memory: a log line is not worth the process
  }
}

}  // namespace handoff::log
