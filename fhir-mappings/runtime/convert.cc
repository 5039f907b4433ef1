#include "fhir-mappings/runtime/convert.h"

#include <istream>
#include <ostream>
#include <string>
#include <utility>

#include <google/protobuf/util/json_util.h>

#include "fhir-mappings/runtime/wire.h"
#include "handoff/v1/exchange.pb.h"

namespace handoff::fhir {
namespace {

enum class Next { kRecord, kTooLong, kEnd, kBroken };

// A line without its end. What is beyond `max` bytes is read and forgotten.
Next ReadLine(std::istream& in, std::size_t max, std::string& line) {
  line.clear();
  std::streambuf& buffer = *in.rdbuf();
  bool any = false;
  bool fits = true;
  for (int c = buffer.sbumpc(); c != std::char_traits<char>::eof(); c = buffer.sbumpc()) {
    any = true;
    if (c == '\n') break;
    if (line.size() < max) {
      line += static_cast<char>(c);
    } else {
      fits = false;
    }
  }
  if (!any) return Next::kEnd;
  return fits ? Next::kRecord : Next::kTooLong;
}

// A record behind its length.
Next ReadDelimited(std::istream& in, std::size_t max, std::string& record) {
  std::streambuf& buffer = *in.rdbuf();
  std::uint64_t length = 0;
  for (unsigned shift = 0;; shift += 7) {
    const int c = buffer.sbumpc();
    if (c == std::char_traits<char>::eof()) return shift == 0 ? Next::kEnd : Next::kBroken;
    if (shift > 56) return Next::kBroken;
    length |= static_cast<std::uint64_t>(c & 0x7f) << shift;
    if (c < 0x80) break;
  }
  if (length > max) {
    for (; length != 0; --length) {
      if (buffer.sbumpc() == std::char_traits<char>::eof()) return Next::kBroken;
    }
    return Next::kTooLong;
  }
  record.resize(length);
  const auto got = buffer.sgetn(record.data(), static_cast<std::streamsize>(length));
  return static_cast<std::uint64_t>(got) == length ? Next::kRecord : Next::kBroken;
}

class Converter {
 public:
  Converter(std::ostream& out, const ConvertOptions& options) : out_(out), options_(options) {}

  const ConvertSummary& summary() const { return summary_; }

  void TooLong() {
    issues_.clear();
    issues_.push_back(
        {Severity::kFatal,
         "too-long",
         "the record is larger than " + std::to_string(options_.limits.max_bytes) + " bytes",
         ""});
    Reject();
  }

  void Record(const std::string& record) {
    issues_.clear();
    if (!Encode(record) || !Write(encoded_)) return Reject();
    ++summary_.converted;
  }

 private:
  // Whatever comes in is validated as JSON: an encoded resource can say what FHIR forbids.
  bool Encode(const std::string& record) {
    ReadOptions read;
    read.limits = options_.limits;
    if (options_.from == ConvertFormat::kR4) return ReadJson(record, read, &encoded_, &issues_);
    std::string json;
    if (const absl::Status status = WriteJson(record, {}, &json); !status.ok()) {
      issues_.push_back({Severity::kFatal, "structure", std::string(status.message()), ""});
      return false;
    }
    read.limits.max_bytes = json.size();
    return ReadJson(json, read, &encoded_, &issues_);
  }

  void Reject() {
    std::string outcome;
    AppendOutcome(issues_, &outcome);
    RewriteOptions rewrite;
    rewrite.id = "rejected";
    std::string named;
    if (Rewrite(outcome, rewrite, &named).ok()) Write(named);
    ++summary_.rejected;
  }

  bool Write(const std::string& encoded) {
    text_.clear();
    switch (options_.to) {
      case ConvertFormat::kR4:
        if (!WriteJson(encoded, {}, &text_).ok()) return Unwritable();
        text_ += '\n';
        break;
      case ConvertFormat::kProto: {
        char length[internal::kMaxVarint];
        text_.assign(length, internal::WriteVarint(length, encoded.size()));
        text_ += encoded;
        break;
      }
      case ConvertFormat::kProtoJson: {
        v1::Resource message;
        if (!message.ParseFromString(encoded) ||
            !google::protobuf::util::MessageToJsonString(message, &text_).ok()) {
          return Unwritable();
        }
        text_ += '\n';
        break;
      }
    }
    out_.write(text_.data(), static_cast<std::streamsize>(text_.size()));
    return true;
  }

  bool Unwritable() {
    issues_.push_back(
        {Severity::kFatal, "exception", "the resource cannot be written in this format", ""});
    return false;
  }

  std::ostream& out_;
  const ConvertOptions& options_;
  ConvertSummary summary_;
  std::string encoded_;
  std::string text_;
  Issues issues_;
};

}  // namespace

absl::StatusOr<ConvertSummary> Convert(std::istream& in,
                                       std::ostream& out,
                                       const ConvertOptions& options) {
  if (options.from == ConvertFormat::kProtoJson) {
    return absl::InvalidArgumentError("proto-json is an output format: read r4 or proto");
  }
  Converter converter(out, options);
  std::string record;
  while (true) {
    const Next next = options.from == ConvertFormat::kR4
                          ? ReadLine(in, options.limits.max_bytes, record)
                          : ReadDelimited(in, options.limits.max_bytes, record);
    if (next == Next::kEnd) break;
    if (next == Next::kBroken) {
      out.flush();
      return absl::DataLossError("the input ends inside a record; " +
                                 std::to_string(converter.summary().converted) +
                                 " were converted before it");
    }
    if (next == Next::kTooLong) {
      converter.TooLong();
    } else {
      converter.Record(record);
    }
    if (!out) return absl::UnavailableError("the output cannot be written");
  }
  out.flush();
  if (!out) return absl::UnavailableError("the output cannot be written");
  return converter.summary();
}

}  // namespace handoff::fhir
