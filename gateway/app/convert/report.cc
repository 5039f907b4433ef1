#include "gateway/app/convert/report.h"

#include <algorithm>
#include <ostream>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "fhir-mappings/runtime/json_text.h"
#include "fhir-mappings/runtime/resource.h"
#include "fhir-mappings/runtime/sink.h"
#include "handoff/v1/exchange.pb.h"

namespace handoff::convert {
namespace {

constexpr std::string_view kFileExtension =
    "http://hl7.org/fhir/StructureDefinition/operationoutcome-file";
constexpr std::string_view kLineExtension =
    "http://hl7.org/fhir/StructureDefinition/operationoutcome-issue-line";

// A member `extension` with one extension, as an object of JSON; `value` is JSON.
std::string Extension(std::string_view url, std::string_view type, std::string_view value) {
  return fmt::format(R"({{"extension":[{{"url":"{}","value{}":{}}}]}})", url, type, value);
}

// File names need not be UTF-8.
std::string Printable(std::string_view file) {
  std::string text(file);
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < ' ' || static_cast<unsigned char>(c) > '~') c = '?';
  }
  return text;
}

std::string Quoted(std::string_view text) {
  std::string quoted;
  fhir::internal::Sink sink(&quoted);
  fhir::internal::AppendJsonString(text, sink);
  sink.Finish();
  return quoted;
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Whether a number that stands alone, as in "(byte 12)", has `c` beside it.
bool Separates(char c) { return c == ' ' || c == '(' || c == ')' || c == ',' || c == ':'; }

std::string WithoutIndices(std::string_view path) {
  std::string plain;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const std::size_t close = path[i] == '[' ? path.find(']', i) : path.npos;
    if (close == path.npos) {
      plain += path[i];
    } else {
      i = close;
    }
  }
  return plain;
}

std::string WithoutNumbers(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i;
    while (end < text.size() && IsDigit(text[end])) ++end;
    const bool alone = end != i && (i == 0 || Separates(text[i - 1])) &&
                       (end == text.size() || Separates(text[end]));
    if (alone) {
      plain += 'N';
      i = end;
    } else {
      plain += text.substr(i, std::max<std::size_t>(end - i, 1));
      i = std::max(end, i + 1);
    }
  }
  return plain;
}

}  // namespace

std::string IssueLine(std::string_view file, std::uint64_t line, const fhir::Issue& issue) {
  return fmt::format("{}:{}: {}: {}: {}\n",
                     file,
                     line,
                     fhir::SeverityCode(issue.severity),
                     issue.code,
                     issue.text);
}

absl::Status AppendOutcomeLine(std::string_view file,
                               std::uint64_t line,
                               const fhir::Issues& issues,
                               std::string* out) {
  std::string encoded;
  fhir::AppendOutcome(issues, &encoded);
  v1::Resource resource;
  if (!fhir::ParseResource(encoded, &resource)) return absl::InternalError("no OperationOutcome");
  v1::OperationOutcome& outcome = *resource.mutable_operation_outcome();
  outcome.set_extra(Extension(kFileExtension, "String", Quoted(Printable(file))));
  for (v1::OperationOutcome::Issue& issue : *outcome.mutable_issues()) {
    issue.set_extra(Extension(kLineExtension, "Integer", std::to_string(line)));
  }
  const absl::Status written = fhir::WriteJson(resource, {}, out);
  *out += '\n';
  return written;
}

std::string KindText(const fhir::Issue& issue) {
  std::string_view text = issue.text;
  std::string kind;
  if (!issue.expression.empty()) {
    kind = WithoutIndices(issue.expression) + ": ";
    if (text.starts_with(issue.expression) &&
        text.substr(issue.expression.size()).starts_with(": ")) {
      text.remove_prefix(issue.expression.size() + 2);
    }
  }
  return kind + WithoutNumbers(text);
}

void IssueTable::Add(std::string_view file, std::uint64_t line, const fhir::Issue& issue) {
  Key key{issue.severity, issue.code, KindText(issue)};
  auto it = kinds_.find(key);
  if (it == kinds_.end()) {
    if (kinds_.size() == kKinds) {
      ++uncounted_;
      return;
    }
    std::string place = fmt::format("{}:{}", file, line);
    if (!issue.expression.empty()) place += " " + issue.expression;
    it = kinds_.emplace(std::move(key), Kind{0, std::move(place)}).first;
  }
  ++it->second.count;
}

void IssueTable::Print(std::ostream& out) const {
  std::vector<const std::pair<const Key, Kind>*> rows;
  for (const auto& row : kinds_) rows.push_back(&row);
  std::sort(rows.begin(), rows.end(), [](const auto* a, const auto* b) {
    return std::tuple(std::get<0>(a->first), a->second.count, b->first) >
           std::tuple(std::get<0>(b->first), b->second.count, a->first);
  });
  const std::size_t shown = std::min(rows.size(), kRows);
  std::size_t text_width = 4;
  for (std::size_t i = 0; i < shown; ++i) {
    text_width =
        std::max(text_width, std::min<std::size_t>(80, std::get<2>(rows[i]->first).size()));
  }
  constexpr std::string_view kRow = "{:>9}  {:<11}  {:<16}  {:<{}}  {}\n";
  out << fmt::format(kRow, "count", "severity", "code", "text", text_width, "first at");
  for (std::size_t i = 0; i < shown; ++i) {
    const auto& [severity, code, text] = rows[i]->first;
    out << fmt::format(kRow,
                       rows[i]->second.count,
                       fhir::SeverityCode(severity),
                       code,
                       text,
                       text_width,
                       rows[i]->second.place);
  }
  if (shown < rows.size()) out << "and " << rows.size() - shown << " further kinds of issues\n";
  if (uncounted_ != 0) out << "and " << uncounted_ << " issues of kinds beyond these\n";
}

}  // namespace handoff::convert
