// Translation and validation of a stream, one resource after the other: the core of
// `handoff convert`.
//
// Every input record gives exactly one output record, in order. A record that cannot be translated
// gives an OperationOutcome with id `rejected` in its place. Memory grows with the largest record
// that the limits let in, never with the stream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "fhir-mappings/runtime/issue.h"
#include "fhir-mappings/runtime/resource.h"

namespace handoff::fhir {

enum class ConvertFormat {
  kR4,         // FHIR R4 JSON
  kProto,      // handoff.v1.Resource, each behind its length as a varint
  kProtoJson,  // protobuf's JSON of handoff.v1.Resource, one a line; output only
};

// How FHIR R4 JSON stands in its stream.
enum class ConvertFraming {
  kLines,     // one resource a line
  kDocument,  // one resource, over any number of lines
};

// What became of one record. All of it holds during the call only.
struct ConvertRecord {
  // The line that the record stands on, or begins on; of kProto its number. From 1.
  std::uint64_t position;
  std::uint64_t bytes;    // of the stream, up to the end of the record
  std::string_view type;  // FHIR name; empty if the record was not read
  bool rejected;
  const Issues& issues;
};

struct ConvertOptions {
  ConvertFormat from = ConvertFormat::kR4;
  ConvertFraming framing = ConvertFraming::kLines;  // of kR4
  std::optional<ConvertFormat> to;                  // nullopt: nothing is written
  ReadLimits limits;                                // of each record

  // The issues of a record are those of reading it and those that this adds; it is asked for every
  // record that reads without error. An error of either rejects the record. May be empty.
  std::function<void(std::string_view encoded, Issues* issues)> validate;

  // Told of every record once its output is written. May be empty.
  std::function<void(const ConvertRecord& record)> report;
};

struct ConvertSummary {
  std::uint64_t converted = 0;
  std::uint64_t rejected = 0;
};

// Puts at most `size` bytes at `buffer` and returns how many; 0 is the end. May return before
// `buffer` is full, so that a record is translated as soon as it is there.
using ConvertSource = std::function<absl::StatusOr<std::size_t>(char* buffer, std::size_t size)>;
using ConvertSink = std::function<absl::Status(std::string_view bytes)>;

// `*summary` counts what was done, after an error too.
//
// Errors: those of `source` and `sink`, and
//   kInvalidArgument  `from` is an output format
//   kDataLoss         the input of kProto ends inside a record, or has lost its framing; all
//                     records before it are written
absl::Status Convert(const ConvertSource& source,
                     const ConvertSink& sink,
                     const ConvertOptions& options,
                     ConvertSummary* summary);

}  // namespace handoff::fhir
