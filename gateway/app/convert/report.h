// What `handoff convert` tells of the issues that it met.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <map>
#include <string>
#include <string_view>
#include <tuple>

#include "absl/status/status.h"

#include "fhir-mappings/runtime/convert.h"
#include "fhir-mappings/runtime/issue.h"

namespace handoff::convert {

// `FILE:LINE: SEVERITY: CODE: TEXT`, with a line end.
std::string IssueLine(std::string_view file, std::uint64_t line, const fhir::Issue& issue);

// An OperationOutcome of one line: the file and the line of the record are extensions, those that
// the HL7 validator writes (operationoutcome-file, operationoutcome-issue-line).
// Errors: kInternal.
absl::Status AppendOutcomeLine(std::string_view file,
                               std::uint64_t line,
                               const fhir::Issues& issues,
                               std::string* out);

// Issues counted by kind: severity, code, element and text. The first kKinds kinds are kept,
// further ones counted together, so that memory is bounded.
class IssueTable {
 public:
  static constexpr std::size_t kKinds = 1'000;
  static constexpr std::size_t kRows = 50;  // of the most grave and frequent kinds that are printed

  void Add(std::string_view file, std::uint64_t line, const fhir::Issue& issue);

  bool empty() const { return kinds_.empty(); }
  void Print(std::ostream& out) const;

 private:
  struct Kind {
    std::uint64_t count = 0;
    std::string place;  // of the first one
  };
  using Key = std::tuple<fhir::Severity, std::string_view, std::string>;

  std::map<Key, Kind> kinds_;
  std::uint64_t uncounted_ = 0;
};

// The element and the text of an issue with what differs from one to the next left out: indices of
// the path, and numbers, which become N.
std::string KindText(const fhir::Issue& issue);

}  // namespace handoff::convert
