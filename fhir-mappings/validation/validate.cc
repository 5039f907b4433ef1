#include "fhir-mappings/validation/validate.h"

#include "fhir-mappings/validation/validation_report.h"
#include "fhir-mappings/validation/walk.h"

namespace handoff::fhir {

void Validate(std::string_view encoded, const ValidateOptions& options, Issues* issues) {
  internal::ValidationReport report(options.max_issues, issues);
  internal::Walk walk(options, report);
  if (!walk.Root(encoded)) {
    report.Add(Severity::kFatal, "structure", {nullptr, "Resource", -1}, "is no encoded resource");
  }
  report.Finish();
}

}  // namespace handoff::fhir
