#include "fhir-mappings/runtime/convert.h"

#include <string>
#include <utility>

#include <google/protobuf/util/json_util.h>

#include "fhir-mappings/runtime/record_reader.h"
#include "fhir-mappings/runtime/wire.h"
#include "handoff/v1/exchange.pb.h"

namespace handoff::fhir {
namespace {

using internal::RecordReader;

class Converter {
 public:
  Converter(const ConvertSink& sink, const ConvertOptions& options, ConvertSummary* summary)
      : sink_(sink), options_(options), summary_(*summary) {}

  absl::Status TooLong(const RecordReader& reader) {
    issues_.clear();
    issues_.push_back(
        {Severity::kFatal,
         "too-long",
         "the record is larger than " + std::to_string(options_.limits.max_bytes) + " bytes",
         ""});
    return Finish(reader, {}, false);
  }

  absl::Status Record(const RecordReader& reader) {
    issues_.clear();
    const bool read = Encode(reader.record());
    if (read && options_.validate) options_.validate(encoded_, &issues_);
    const bool sound = read && !HasErrors(issues_) && Format(encoded_);
    return Finish(reader, read ? ReadHead(encoded_).type : std::string_view(), sound);
  }

 private:
  // Whatever comes in is validated as JSON: an encoded resource can say what FHIR forbids.
  bool Encode(std::string_view record) {
    ReadOptions read;
    read.limits = options_.limits;
    if (options_.from == ConvertFormat::kR4) return ReadJson(record, read, &encoded_, &issues_);
    json_.clear();
    if (const absl::Status status = WriteJson(record, {}, &json_); !status.ok()) {
      issues_.push_back({Severity::kFatal, "structure", std::string(status.message()), ""});
      return false;
    }
    read.limits.max_bytes = json_.size();
    return ReadJson(json_, read, &encoded_, &issues_);
  }

  absl::Status Finish(const RecordReader& reader, std::string_view type, bool sound) {
    ++(sound ? summary_.converted : summary_.rejected);
    if (!sound && options_.to) FormatOutcome();
    if (options_.to) {
      if (absl::Status written = sink_(text_); !written.ok()) return written;
    }
    if (options_.report)
      options_.report({reader.position(), reader.bytes(), type, !sound, issues_});
    return absl::OkStatus();
  }

  void FormatOutcome() {
    std::string outcome;
    AppendOutcome(issues_, &outcome);
    RewriteOptions rewrite;
    rewrite.id = "rejected";
    std::string named;
    if (Rewrite(outcome, rewrite, &named).ok()) Format(named);
  }

  // Puts the output record into text_.
  bool Format(const std::string& encoded) {
    text_.clear();
    if (!options_.to) return true;
    switch (*options_.to) {
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
        if (!ParseResource(encoded, &message, Utf8::kKnown) ||
            !google::protobuf::util::MessageToJsonString(message, &text_).ok()) {
          return Unwritable();
        }
        text_ += '\n';
        break;
      }
    }
    return true;
  }

  bool Unwritable() {
    issues_.push_back(
        {Severity::kFatal, "exception", "the resource cannot be written in this format", ""});
    return false;
  }

  const ConvertSink& sink_;
  const ConvertOptions& options_;
  ConvertSummary& summary_;
  std::string json_;
  std::string encoded_;
  std::string text_;
  Issues issues_;
};

RecordReader::Framing FramingOf(const ConvertOptions& options) {
  if (options.from == ConvertFormat::kProto) return RecordReader::Framing::kDelimited;
  return options.framing == ConvertFraming::kDocument ? RecordReader::Framing::kWhole
                                                      : RecordReader::Framing::kLines;
}

}  // namespace

absl::Status Convert(const ConvertSource& source,
                     const ConvertSink& sink,
                     const ConvertOptions& options,
                     ConvertSummary* summary) {
  *summary = {};
  if (options.from == ConvertFormat::kProtoJson) {
    return absl::InvalidArgumentError("proto-json is an output format: read r4 or proto");
  }
  Converter converter(sink, options, summary);
  RecordReader reader(source, FramingOf(options), options.limits.max_bytes);
  while (true) {
    const absl::StatusOr<RecordReader::Next> next = reader.Read();
    if (!next.ok()) return next.status();
    if (*next == RecordReader::Next::kEnd) return absl::OkStatus();
    absl::Status done = *next == RecordReader::Next::kTooLong ? converter.TooLong(reader)
                                                              : converter.Record(reader);
    if (!done.ok()) return done;
  }
}

}  // namespace handoff::fhir
