// What is wrong with a document that is being read, and where in it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "fhir-mappings/runtime/issue.h"
#include "fhir-mappings/runtime/reader_frame.h"
#include "fhir-mappings/runtime/resource.h"

namespace handoff::fhir::internal {

class ReadReport {
 public:
  // `frames`: the objects that are open, outermost first. Issues beyond `max_issues` are counted.
  ReadReport(const std::vector<Frame>& frames, std::size_t max_issues, Issues* issues)
      : frames_(frames), max_issues_(max_issues), issues_(issues) {}

  // The path of `leaf`, a member of the innermost object; of that object if it is null.
  std::string Path(const Member* leaf) const;

  // True, so that a handler of the parser can return it: reading goes on.
  bool Report(Severity severity, std::string_view code, std::string path, const std::string& text);
  bool Complain(std::string_view code, const Member* leaf, const std::string& text) {
    return Report(Severity::kError, code, Path(leaf), text);
  }
  // The innermost object lacks elements that it must have.
  void Missing(const Frame& frame, Tolerance tolerance);
  // The innermost object has a member that the tables do not know.
  void Unknown(std::string_view name, Tolerance tolerance);
  // An element stands twice, or, if it is the choice `choice`, as two types.
  [[gnu::noinline]] void NotOnce(const Member& member, const Element* choice, const char* twice);

  // False, likewise: reading stops.
  bool Stop(std::string_view code, const std::string& text);

  // The parser gave up at this byte of `json`.
  void NotJson(std::string_view json, std::size_t offset, const std::string& why);

  // Says how many issues are not listed. False if the document is refused.
  bool Finish();

 private:
  std::string PathHere() const { return Path(frames_.empty() ? nullptr : frames_.back().member); }

  const std::vector<Frame>& frames_;
  const std::size_t max_issues_;
  Issues* const issues_;
  std::size_t unlisted_ = 0;
  Severity unlisted_severity_ = Severity::kInformation;
  bool failed_ = false;
};

}  // namespace handoff::fhir::internal
