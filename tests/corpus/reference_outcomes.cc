#include "tests/corpus/reference_outcomes.h"

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "tests/corpus/json_value.h"
#include "tests/support/read_file.h"

namespace handoff::testing {
namespace {

const std::filesystem::path kOutcomes = "../shared/corpora/invalid/fhir-test-cases/outcomes";
constexpr std::string_view kSuffix = ".outcome.json";

struct Reason {
  std::string_view name;
  std::vector<std::string_view> words;  // one of them stands in the text
};

// In this order: the first that fits counts.
const std::vector<Reason>& Reasons() {
  static const std::vector<Reason> reasons = {
      {"display", {"Wrong Display Name"}},
      {"terminology",
       {"Unknown code", "value set", "CodeSystem", "Cannot process resource", "code system"}},
      {"json", {"JSON", "extra comma", "Unrecognized property", "must be an Object"}},
      {"invariant", {"Constraint failed"}},
      {"signature", {"signature"}},
      {"profile", {"xtension", "profile", "Slice", "slice", "magic LOINC code"}},
      {"structure", {"http://hl7.org/fhir/StructureDefinition/"}},
      {"profile", {"(from http"}},
      {"narrative", {"html", "Hyperlink", "textLink", "XHTML", "no matching target"}},
      {"bundle",
       {"fullUrl", "in the bundle", "in bundle", "link relationship", "isn't reachable", "search",
        "Search", "This is not an OperationOutcome"}},
      {"setting", {"Example URLs", "Experimental content"}},
      {"reference",
       {"Canonical URL", "absolute reference", "Relative URLs", "Unable to resolve",
        "contained resource"}},
      {"questionnaire",
       {"Items", "LinkId", "Answer", "answer", "allowed minimum", "allowed maximum", "The value ",
        "The quantity", "permitted values", "No sub-items", "decimal places", "is not allow"}},
      {"form",
       {"is not a valid", "Invalid Resource id", "not valid base64", "Attachment Size", "UUIDs",
        "timezone"}},
  };
  return reasons;
}

std::string ReasonOf(const std::string& text, const std::string& document) {
  const bool answers = document.starts_with("q");
  for (const Reason& reason : Reasons()) {
    if (reason.name == "questionnaire" && !answers) continue;
    if (reason.name == "json" && text.find("Unrecognized property") != text.npos) return "unknown";
    for (const std::string_view word : reason.words) {
      if (text.find(word) != text.npos) return std::string(reason.name);
    }
  }
  return "other";
}

// Removes what stands from `begin` to `end`, with both, everywhere.
void RemoveAll(std::string& text, std::string_view begin, std::string_view end) {
  for (std::size_t at; (at = text.find(begin)) != text.npos;) {
    const std::size_t last = text.find(end, at + begin.size());
    text.erase(at, last == text.npos ? text.npos : last + end.size() - at);
  }
}

// Every index one less.
std::string FromZero(const std::string& path) {
  std::string result;
  for (std::size_t i = 0; i < path.size(); ++i) {
    result += path[i];
    if (path[i] != '[') continue;
    int index = 0;
    while (++i < path.size() && std::isdigit(static_cast<unsigned char>(path[i])) != 0)
      index = index * 10 + (path[i] - '0');
    result += std::to_string(std::max(index - 1, 0));
    if (i < path.size()) result += path[i];
  }
  return result;
}

std::string MemberText(const fhir::JsonValue& value, const std::string& name) {
  const auto member = value.members.find(name);
  return member == value.members.end() ? std::string() : member->second.text;
}

std::string PathOf(const fhir::JsonValue& issue) {
  const auto expression = issue.members.find("expression");
  if (expression == issue.members.end() || expression->second.items.empty()) return {};
  std::string path = expression->second.items.front().text;
  RemoveAll(path, "/*", "*/");
  RemoveAll(path, ".ofType(", ")");
  RemoveAll(path, "[url=", "]");
  return path;
}

}  // namespace

std::vector<ReferenceError> ReferenceErrors(const std::string& name) {
  std::vector<ReferenceError> errors;
  std::string text = ReadFile(kOutcomes / (name + std::string(kSuffix)));
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  fhir::JsonValue outcome;
  if (!fhir::ParseValue(text, outcome)) return errors;
  for (const fhir::JsonValue& issue : outcome.members["issue"].items) {
    const std::string severity = MemberText(issue, "severity");
    if (severity != "error" && severity != "fatal") continue;
    ReferenceError error;
    const auto details = issue.members.find("details");
    if (details != issue.members.end()) error.text = MemberText(details->second, "text");
    error.reason = ReasonOf(error.text, name);
    error.path = PathOf(issue);
    error.other_path = FromZero(error.path);
    errors.push_back(std::move(error));
  }
  return errors;
}

std::vector<std::string> DocumentsWithOutcome() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kOutcomes)) {
    std::string name = entry.path().filename().string();
    if (!name.ends_with(kSuffix)) continue;
    name.resize(name.size() - kSuffix.size());
    names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace handoff::testing
