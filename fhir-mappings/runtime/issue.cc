#include "fhir-mappings/runtime/issue.h"

#include <algorithm>

namespace handoff::fhir {

bool HasErrors(const Issues& issues) {
  return std::any_of(issues.begin(), issues.end(), [](const Issue& issue) {
    return issue.severity >= Severity::kError;
  });
}

std::string_view SeverityCode(Severity severity) {
  switch (severity) {
    case Severity::kInformation:
      return "information";
    case Severity::kWarning:
      return "warning";
    case Severity::kError:
      return "error";
    case Severity::kFatal:
      return "fatal";
  }
  return "fatal";
}

}  // namespace handoff::fhir
