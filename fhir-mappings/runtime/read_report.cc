#include "fhir-mappings/runtime/read_report.h"

#include <algorithm>
#include <utility>

#include "fhir-mappings/runtime/type_lookup.h"

namespace handoff::fhir::internal {

std::string ReadReport::Path(const Member* leaf) const {
  std::string path;
  for (std::size_t i = 0; i < frames_.size(); ++i) {
    const Frame& frame = frames_[i];
    if (i == 0) path = frame.resource;
    const Member* const member = i + 1 < frames_.size() ? frame.member : leaf;
    if (member == nullptr) break;
    std::string_view name = member->name;
    if (frame.type != nullptr && member != &kResourceTypeMember &&
        ExtensionOf(*frame.type, *member) == nullptr) {
      const Element& element = frame.type->elements[member->element];
      name = element.name;
      if (element.choice) name.remove_suffix(3);
    }
    path += '.';
    path += name;
    if (member == frame.member && frame.in_array) {
      path += '[';
      path += std::to_string(frame.items == 0 ? 0 : frame.items - 1);
      path += ']';
    }
  }
  return path;
}

bool ReadReport::Report(Severity severity,
                        std::string_view code,
                        std::string path,
                        const std::string& text) {
  if (severity >= Severity::kError) failed_ = true;
  if (issues_->size() >= max_issues_) {
    ++unlisted_;
    unlisted_severity_ = std::max(unlisted_severity_, severity);
    return true;
  }
  std::string whole = path.empty() ? text : path + ": " + text;
  issues_->push_back({severity, code, std::move(whole), std::move(path)});
  return true;
}

void ReadReport::Missing(const Frame& frame, Tolerance tolerance) {
  for (std::uint64_t missing = frame.type->required & ~(frame.seen | frame.siblings); missing != 0;
       missing &= missing - 1) {
    const Element& element =
        frame.type->elements[static_cast<std::size_t>(__builtin_ctzll(missing))];
    std::string_view name = element.name;
    if (element.choice) name.remove_suffix(3);
    Report(SeverityOf(tolerance),
           "required",
           Path(nullptr) + "." + std::string(name),
           "is missing; " + std::string(frame.type->name) + " needs " + std::string(element.name));
  }
}

void ReadReport::Unknown(std::string_view name, Tolerance tolerance) {
  Report(SeverityOf(tolerance),
         "structure",
         Path(nullptr),
         (IsPlainName(name) ? "unknown member " + std::string(name)
                            : std::string("a member with an unknown name")) +
             (tolerance == Tolerance::kReject ? "" : " is kept, but not understood"));
}

void ReadReport::NotOnce(const Member& member, const Element* choice, const char* twice) {
  if (choice == nullptr) {
    Complain("structure", &member, twice);
  } else {
    Complain(
        "structure",
        &member,
        "more than one type of " + std::string(choice->name) + " (FHIR R4 formats.html#choice)");
  }
}

bool ReadReport::Stop(std::string_view code, const std::string& text) {
  Report(Severity::kFatal, code, PathHere(), text);
  return false;
}

void ReadReport::NotJson(std::string_view json, std::size_t offset, const std::string& why) {
  offset = std::min(offset, json.size());
  std::size_t line = 1;
  std::size_t line_begin = 0;
  for (std::size_t i = 0; i < offset; ++i) {
    if (json[i] == '\n') {
      ++line;
      line_begin = i + 1;
    }
  }
  Stop("structure",
       "line " + std::to_string(line) + ", column " + std::to_string(offset - line_begin + 1) +
           " (byte " + std::to_string(offset) + "): not JSON: " + why);
}

bool ReadReport::Finish() {
  if (unlisted_ != 0) {
    // As grave as the gravest of them, so that the list alone tells whether the document was
    // refused.
    const std::string_view code =
        unlisted_severity_ >= Severity::kError ? "processing" : "informational";
    issues_->push_back({unlisted_severity_,
                        code,
                        std::to_string(unlisted_) + " more problems are not listed",
                        ""});
  }
  return !failed_;
}

}  // namespace handoff::fhir::internal
