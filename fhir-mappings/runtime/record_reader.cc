#include "fhir-mappings/runtime/record_reader.h"

#include <cstring>
#include <string>

namespace handoff::fhir::internal {
namespace {

absl::Status BrokenOff(std::uint64_t position) {
  return absl::DataLossError("the input ends, or loses its framing, inside of record " +
                             std::to_string(position));
}

}  // namespace

absl::StatusOr<RecordReader::Next> RecordReader::Read() {
  ++position_;
  switch (framing_) {
    case Framing::kLines:
      return ReadLine();
    case Framing::kWhole:
      return ReadWhole();
    case Framing::kDelimited:
      return ReadDelimited();
  }
  return Next::kEnd;
}

absl::StatusOr<bool> RecordReader::Fill() {
  if (begin_ != 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == buffer_.size()) buffer_.resize(2 * buffer_.size());
  const absl::StatusOr<std::size_t> got = source_(buffer_.data() + end_, buffer_.size() - end_);
  if (!got.ok()) return got.status();
  end_ += *got;
  return *got != 0;
}

absl::StatusOr<RecordReader::Next> RecordReader::ReadLine() {
  std::size_t searched = 0;
  while (true) {
    const std::string_view ahead = Ahead();
    const std::size_t end = ahead.find('\n', searched);
    if (end != std::string_view::npos) {
      record_ = ahead.substr(0, end);
      Consume(end + 1);
      return record_.size() > max_bytes_ ? Next::kTooLong : Next::kRecord;
    }
    if (ahead.size() > max_bytes_) return SkipLine();
    searched = ahead.size();
    const absl::StatusOr<bool> more = Fill();
    if (!more.ok()) return more.status();
    if (*more) continue;
    if (searched == 0) return Next::kEnd;
    record_ = Ahead();
    Consume(searched);
    return Next::kRecord;
  }
}

absl::StatusOr<RecordReader::Next> RecordReader::SkipLine() {
  while (true) {
    const std::string_view ahead = Ahead();
    const std::size_t end = ahead.find('\n');
    if (end != std::string_view::npos) {
      Consume(end + 1);
      return Next::kTooLong;
    }
    Consume(ahead.size());
    const absl::StatusOr<bool> more = Fill();
    if (!more.ok()) return more.status();
    if (!*more) return Next::kTooLong;
  }
}

absl::StatusOr<RecordReader::Next> RecordReader::ReadWhole() {
  if (position_ > 1) return Next::kEnd;
  while (Ahead().size() <= max_bytes_) {
    const absl::StatusOr<bool> more = Fill();
    if (!more.ok()) return more.status();
    if (*more) continue;
    record_ = Ahead();
    Consume(record_.size());
    return Next::kRecord;
  }
  return SkipAll();
}

absl::StatusOr<RecordReader::Next> RecordReader::SkipAll() {
  while (true) {
    Consume(Ahead().size());
    const absl::StatusOr<bool> more = Fill();
    if (!more.ok()) return more.status();
    if (!*more) return Next::kTooLong;
  }
}

absl::StatusOr<RecordReader::Next> RecordReader::ReadDelimited() {
  std::uint64_t length = 0;
  unsigned shift = 0;
  while (true) {
    if (Ahead().empty()) {
      const absl::StatusOr<bool> more = Fill();
      if (!more.ok()) return more.status();
      if (!*more && shift == 0) return Next::kEnd;
      if (!*more) return BrokenOff(position_);
    }
    const auto byte = static_cast<unsigned char>(Ahead().front());
    Consume(1);
    if (shift > 56) return BrokenOff(position_);
    length |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) break;
    shift += 7;
  }
  if (length > max_bytes_) return SkipBytes(length);
  while (Ahead().size() < length) {
    const absl::StatusOr<bool> more = Fill();
    if (!more.ok()) return more.status();
    if (!*more) return BrokenOff(position_);
  }
  record_ = Ahead().substr(0, length);
  Consume(length);
  return Next::kRecord;
}

absl::StatusOr<RecordReader::Next> RecordReader::SkipBytes(std::uint64_t n) {
  while (true) {
    const std::size_t step = n < Ahead().size() ? static_cast<std::size_t>(n) : Ahead().size();
    Consume(step);
    n -= step;
    if (n == 0) return Next::kTooLong;
    const absl::StatusOr<bool> more = Fill();
    if (!more.ok()) return more.status();
    if (!*more) return BrokenOff(position_);
  }
}

}  // namespace handoff::fhir::internal
