// What validation finds, and where: paths are composed only when there is something to say.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "fhir-mappings/runtime/issue.h"

namespace handoff::fhir::internal {

// One step of the way from the resource to where the walk stands; the steps lie on the stack.
struct Step {
  const Step* up = nullptr;
  std::string_view name;     // of the first the resource type, else the element without [x]
  std::int32_t index = -1;   // of an item of a list
};

// "Bundle.entry[2].resource.period"
std::string PathOf(const Step& step);

// The name of an element in a path: value[x] is value.
inline std::string_view PathName(std::string_view element) {
  if (element.ends_with("[x]")) element.remove_suffix(3);
  return element;
}

class ValidationReport {
 public:
  // At most `max_issues` are listed; errors take the places of warnings.
  ValidationReport(std::size_t max_issues, Issues* issues)
      : max_issues_(max_issues), begin_(issues->size()), issues_(issues) {}

  void Error(std::string_view code, const Step& where, const std::string& what) {
    Add(Severity::kError, code, where, what);
  }
  void Add(Severity severity, std::string_view code, const Step& where, const std::string& what);

  // Says how many are not listed.
  void Finish();

 private:
  bool MakeRoom(Severity severity);

  const std::size_t max_issues_;
  const std::size_t begin_;
  Issues* const issues_;
  std::size_t unlisted_ = 0;
  Severity unlisted_severity_ = Severity::kInformation;
};

}  // namespace handoff::fhir::internal
