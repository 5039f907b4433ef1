#include "fhir-mappings/validation/validation_report.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace handoff::fhir::internal {

std::string PathOf(const Step& step) {
  std::string path;
  if (step.up != nullptr) (path = PathOf(*step.up)) += '.';
  path += step.name;
  if (step.index >= 0) ((path += '[') += std::to_string(step.index)) += ']';
  return path;
}

// Whether there is a place for one more issue: a free one, or that of a lesser one.
bool ValidationReport::MakeRoom(Severity severity) {
  if (issues_->size() - begin_ < max_issues_) return true;
  ++unlisted_;
  if (severity < Severity::kError) {
    unlisted_severity_ = std::max(unlisted_severity_, severity);
    return false;
  }
  const auto begin = issues_->begin() + static_cast<std::ptrdiff_t>(begin_);
  const auto lesser = std::find_if(issues_->rbegin(),
                                   std::make_reverse_iterator(begin),
                                   [&](const Issue& issue) { return issue.severity < severity; });
  if (lesser == std::make_reverse_iterator(begin)) {
    unlisted_severity_ = std::max(unlisted_severity_, severity);
    return false;
  }
  unlisted_severity_ = std::max(unlisted_severity_, lesser->severity);
  issues_->erase(std::next(lesser).base());
  return true;
}

void ValidationReport::Add(Severity severity,
                           std::string_view code,
                           const Step& where,
                           const std::string& what) {
  if (!MakeRoom(severity)) return;
  std::string path = PathOf(where);
  std::string text = path + ": " + what;
  issues_->push_back({severity, code, std::move(text), std::move(path)});
}

void ValidationReport::Finish() {
  if (unlisted_ == 0) return;
  issues_->push_back({unlisted_severity_,
                      unlisted_severity_ >= Severity::kError ? "processing" : "informational",
                      std::to_string(unlisted_) + " more problems are not listed",
                      ""});
}

}  // namespace handoff::fhir::internal
