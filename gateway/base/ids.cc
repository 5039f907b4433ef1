#include "gateway/base/ids.h"

#include <algorithm>
#include <cstring>
#include <mutex>

#include "gateway/base/bytes.h"

namespace handoff {
namespace {

// Crockford's alphabet: no i, l, o, u, and in ASCII order, so that text order is numeric order.
constexpr char kDigits[] = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr int kCounterBits = 23;
constexpr std::uint32_t kCounterMask = (1u << kCounterBits) - 1;
constexpr std::uint64_t kMillisMask = (std::uint64_t{1} << 42) - 1;

struct Stamp {
  std::uint64_t millis;
  std::uint32_t counter;
};

// The counter starts at random, so that two processes that mint in the same millisecond differ, and
// runs on from millisecond to millisecond. When it wraps, or the clock stands still or goes back,
// the time part only moves forward.
class Sequence {
 public:
  Sequence() {
    const std::string seed = RandomBytes(sizeof counter_);
    std::memcpy(&counter_, seed.data(), sizeof counter_);
    counter_ &= kCounterMask;
  }

  Stamp Next(std::uint64_t now_ms) {
    const std::lock_guard lock(mutex_);
    counter_ = (counter_ + 1) & kCounterMask;
    if (now_ms > millis_) {
      millis_ = now_ms;
    } else if (counter_ == 0) {
      ++millis_;
    }
    return {millis_ & kMillisMask, counter_};
  }

 private:
  std::mutex mutex_;  // guards what follows
  std::uint64_t millis_ = 0;
  std::uint32_t counter_ = 0;
};

void PutDigits(std::uint64_t value, char* begin, char* end) {
  while (end != begin) {
    *--end = kDigits[value & 31];
    value >>= 5;
  }
}

}  // namespace

bool IsResourceId(std::string_view text) {
  constexpr std::size_t kMaxLength = 64;
  return !text.empty() && text.size() <= kMaxLength &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '.';
         });
}

std::string MintId(char kind, std::int64_t now_us) {
  static Sequence& sequence = *new Sequence;
  const Stamp stamp =
      sequence.Next(static_cast<std::uint64_t>(std::max<std::int64_t>(now_us, 0)) / 1000);
  // 65 bits do not fit one word: eight digits of the upper 40, five of the lower 25.
  std::string id(14, kind);
  PutDigits(stamp.millis >> 2, id.data() + 1, id.data() + 9);
  PutDigits((stamp.millis & 3) << kCounterBits | stamp.counter, id.data() + 9, id.data() + 14);
  return id;
}

std::optional<std::int64_t> MintedUs(std::string_view id) {
  constexpr std::string_view kAlphabet(kDigits);
  if (id.size() != 14) return std::nullopt;
  // The upper 40 bits of the milliseconds, and of the next digit the lower two.
  std::int64_t value = 0;
  for (const char digit : id.substr(1, 9)) {
    const std::size_t place = kAlphabet.find(digit);
    if (place == std::string_view::npos) return std::nullopt;
    value = value << 5 | static_cast<std::int64_t>(place);
  }
  return (value >> 3) * 1000;
}

}  // namespace handoff
