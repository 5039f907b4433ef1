#include "tests/support/plain/plain_compare.h"

#include <algorithm>
#include <optional>

#include "fhir-mappings/runtime/resource.h"
#include "tests/support/plain/plain_json.h"
#include "tests/support/plain/plain_model.h"

namespace handoff::plain {
namespace {

// What the runtime itself writes may stand deeper than what it reads: an opaque resource is text.
constexpr std::size_t kDeepest = 600;

std::string FirstError(const fhir::Issues& issues) {
  for (const fhir::Issue& issue : issues) {
    if (issue.severity >= fhir::Severity::kError) return issue.text;
  }
  return "nothing";
}

// Whether a number is written with an exponent of three digits. The runtime refuses what no double
// holds; the model, which keeps numbers as text, knows no such limit.
bool HasHugeNumber(const Value& value) {
  if (value.kind == Value::Kind::kNumber) {
    const std::size_t e = value.text.find_first_of("eE");
    return e != value.text.npos && value.text.size() - e > 3;
  }
  return std::any_of(value.items.begin(), value.items.end(), HasHugeNumber) ||
         std::any_of(value.members.begin(), value.members.end(), [](const Member& member) {
           return HasHugeNumber(member.value);
         });
}

}  // namespace

std::string Disagreement(std::string_view json) {
  const Model& model = Model::OfTheMaps();
  const std::string refusal = model.Refusal(json);
  std::string encoded;
  fhir::Issues issues;
  const bool read = fhir::ReadJson(json, {}, &encoded, &issues);
  if (read && !refusal.empty()) return "read, but should be refused: " + refusal;
  if (!read && !refusal.empty()) return {};

  if (json.starts_with("\xEF\xBB\xBF")) json.remove_prefix(3);
  const std::optional<Value> document = Parse(json, kDeepest);
  if (!read) {
    return HasHugeNumber(*document) ? "" : "refused, but should be read: " + FirstError(issues);
  }
  v1::Resource message;
  if (!message.ParseFromString(encoded)) return "protobuf does not read the wire form";
  if (!Same(*document, model.Write(message))) return "the message says something else";
  for (const bool pretty : {false, true}) {
    std::string written;
    if (!fhir::WriteJson(encoded, {.pretty = pretty}, &written).ok()) return "cannot be written";
    const std::optional<Value> again = Parse(written, kDeepest);
    if (!again || !Same(*document, *again)) return "the JSON that is written says something else";
  }
  return {};
}

}  // namespace handoff::plain
