// Translation of a stream, one resource after the other: the core of `handoff convert`.
//
// Every input record gives exactly one output record, in order. A record that cannot be translated
// gives an OperationOutcome with id `rejected` in its place. Memory does not grow with the stream.
#pragma once

#include <cstdint>
#include <iosfwd>

#include "absl/status/statusor.h"

#include "fhir-mappings/runtime/resource.h"

namespace handoff::fhir {

enum class ConvertFormat {
  kR4,         // FHIR R4 JSON, one resource a line
  kProto,      // handoff.v1.Resource, each behind its length as a varint
  kProtoJson,  // protobuf's JSON of handoff.v1.Resource, one a line; output only
};

struct ConvertOptions {
  ConvertFormat from = ConvertFormat::kR4;
  ConvertFormat to = ConvertFormat::kProto;
  ReadLimits limits;  // of each record
};

struct ConvertSummary {
  std::uint64_t converted = 0;
  std::uint64_t rejected = 0;
};

// Errors:
//   kInvalidArgument  `from` is an output format
//   kDataLoss         the input of kProto ends inside a record, or has lost its framing; all
//   records before it are written kUnavailable      `out` refuses more
absl::StatusOr<ConvertSummary> Convert(std::istream& in,
                                       std::ostream& out,
                                       const ConvertOptions& options);

}  // namespace handoff::fhir
