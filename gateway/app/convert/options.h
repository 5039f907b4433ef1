// What `handoff convert` is told.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"

#include "fhir-mappings/runtime/convert.h"

namespace handoff::convert {

struct ConvertCommand {
  std::vector<std::string> inputs{};  // files and folders; none, or "-": standard input
  fhir::ConvertFormat from = fhir::ConvertFormat::kR4;
  std::optional<fhir::ConvertFormat> to{};
  bool one = false;  // what is not named *.json or *.ndjson holds one resource
  bool validate =
      false;  // with invariants and profiles; without `to`: issues are all that is written
  bool best_practice = false;           // dom-6 as well: that a resource has a narrative
  std::vector<std::string> profiles{};  // urls that every resource of their type must meet
  std::string profiles_folder{};        // of the profiles that are known; empty: none
  std::string out{};      // file, or folder if it is one or ends with "/"; empty: standard output
  std::string issues{};   // file; "-": standard output; empty: none
  bool strict = false;    // a warning counts as a rejection in the exit status
  bool progress = false;  // tell of it even if standard error is no terminal
  std::size_t max_record_mb = 16;  // 1..1'024
};

// Fills in what depends on other options. Errors: kInvalidArgument names the option that is wrong.
absl::Status Complete(ConvertCommand* command);

}  // namespace handoff::convert
