// Cuts a stream into records.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "fhir-mappings/runtime/convert.h"

namespace handoff::fhir::internal {

class RecordReader {
 public:
  enum class Framing {
    kLines,      // each up to a line feed, which is not part of it
    kWhole,      // one, the whole stream, even if that is empty
    kDelimited,  // each behind its length as a varint
  };
  enum class Next { kRecord, kTooLong, kEnd };

  // A record of more than `max_bytes` is read and forgotten.
  RecordReader(const ConvertSource& source, Framing framing, std::size_t max_bytes)
      : source_(source), framing_(framing), max_bytes_(max_bytes), buffer_(kBlock) {}

  // Errors: those of the source; kDataLoss: it ends inside a record, or a length is none.
  absl::StatusOr<Next> Read();

  // Of the last Next::kRecord; holds until the next Read().
  std::string_view record() const { return record_; }
  // The line that it begins on, or its number, from 1.
  std::uint64_t position() const { return position_; }
  // Of the stream, up to its end.
  std::uint64_t bytes() const { return consumed_; }

 private:
  static constexpr std::size_t kBlock = std::size_t{256} << 10;

  std::string_view Ahead() const { return {buffer_.data() + begin_, end_ - begin_}; }
  void Consume(std::size_t n) {
    begin_ += n;
    consumed_ += n;
  }
  // More bytes behind those ahead; false at the end of the stream.
  absl::StatusOr<bool> Fill();
  absl::StatusOr<Next> ReadLine();
  absl::StatusOr<Next> ReadWhole();
  absl::StatusOr<Next> ReadDelimited();
  absl::StatusOr<Next> SkipLine();
  absl::StatusOr<Next> SkipAll();
  absl::StatusOr<Next> SkipBytes(std::uint64_t n);

  const ConvertSource& source_;
  const Framing framing_;
  const std::size_t max_bytes_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::string_view record_;
  std::uint64_t position_ = 0;
  std::uint64_t consumed_ = 0;
};

}  // namespace handoff::fhir::internal
