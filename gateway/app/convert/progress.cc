#include "gateway/app/convert/progress.h"

#include <ostream>

#include <fmt/format.h>

namespace handoff::convert {

void Progress::Print(Time now, const Tally& tally) {
  next_ = now + kInterval;
  const double seconds = std::chrono::duration<double>(now - begin_).count();
  const double megabytes = static_cast<double>(tally.bytes) / 1e6;
  err_ << fmt::format("{}{} files, {} records, {} rejected, {:.0f} MB, {:.0f} MB/s{}",
                      terminal_ ? "\r" : "",
                      tally.files,
                      tally.converted + tally.rejected,
                      tally.rejected,
                      megabytes,
                      megabytes / seconds,
                      terminal_ ? "\x1b[K" : "\n")
       << std::flush;
  shown_ = true;
}

void Progress::Clear() {
  if (terminal_ && shown_) err_ << "\r\x1b[K" << std::flush;
  shown_ = false;
}

}  // namespace handoff::convert
