// The line that tells how far a long run is.
#pragma once

#include <chrono>
#include <cstdint>
#include <iosfwd>

namespace handoff::convert {

struct Tally {
  std::uint64_t files = 0;  // complete
  std::uint64_t bytes = 0;  // of these and of the one under way
  std::uint64_t converted = 0;
  std::uint64_t rejected = 0;
  std::uint64_t warned = 0;  // records with a warning, not rejected
};

class Progress {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::seconds kPatience{2};  // what is quicker is not told of
  static constexpr std::chrono::seconds kInterval{1};

  // A terminal shows one line that changes, anything else a line each time.
  Progress(std::ostream& err, bool terminal, Time begin)
      : err_(err), terminal_(terminal), begin_(begin), next_(begin + kPatience) {}

  void Tick(Time now, const Tally& tally) {
    if (now >= next_) Print(now, tally);
  }
  // The line is gone, for others to write.
  void Clear();

 private:
  void Print(Time now, const Tally& tally);

  std::ostream& err_;
  const bool terminal_;
  const Time begin_;
  Time next_;
  bool shown_ = false;
};

}  // namespace handoff::convert
