// Problems in the data, as opposed to absl::Status, which says that *we* could not finish.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace handoff::fhir {

enum class Severity { kInformation, kWarning, kError, kFatal };

// One problem. `text` and `expression` never hold a value from the document: they name elements,
// not content.
struct Issue {
  Severity severity;
  std::string_view code;  // FHIR R4 valueset-issue-type; a literal
  std::string text;
  std::string expression;  // FHIRPath with indices: Bundle.entry[3].resource.birthDate
};

using Issues = std::vector<Issue>;

bool HasErrors(const Issues& issues);

// "error", "warning", ... as OperationOutcome.issue.severity has it.
std::string_view SeverityCode(Severity severity);

}  // namespace handoff::fhir
