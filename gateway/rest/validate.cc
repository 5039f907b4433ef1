#include "fhir-mappings/validation/validate.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fhir-mappings/runtime/resource.h"
#include "gateway/rest/interactions.h"
#include "handoff/v1/exchange.pb.h"

namespace handoff::rest {
namespace {

using fhir::Issue;
using fhir::Severity;

// What is asked: a resource, and the profiles that it must meet.
struct Question {
  std::string encoded;
  std::vector<std::string> profiles;
};

bool Refuse(fhir::Issues* issues, const char* code, const char* text, const char* path) {
  issues->push_back(Issue{Severity::kFatal, code, text, path});
  return false;
}

// Takes the parameters `resource`, `profile` and `mode` out of an encoded Parameters.
bool Unpack(Question* question, fhir::Issues* issues) {
  v1::Resource body;
  if (!fhir::ParseResource(question->encoded, &body))
    return false;  // never: it has just been written
  std::optional<std::string> resource;
  for (const auto& parameter : body.parameters().parameters()) {
    if (parameter.name() == "resource" && parameter.has_resource()) {
      resource = parameter.resource().SerializeAsString();
    } else if (parameter.name() == "profile") {
      question->profiles.push_back(parameter.has_value_canonical() ? parameter.value_canonical()
                                                                   : parameter.value_uri());
    } else if (parameter.name() == "mode" && parameter.value_code() == "delete") {
      return Refuse(issues, "not-supported", "only content is validated", "Parameters.parameter");
    }
  }
  if (!resource)
    return Refuse(issues, "required", "the parameter `resource` is missing", "Parameters");
  question->encoded = *std::move(resource);
  return true;
}

bool Read(const Call& call, Question* question, fhir::Issues* issues) {
  fhir::ReadOptions options;
  options.limits = call.shared().options.limits;
  if (!fhir::ReadJson(call.request.body, options, &question->encoded, issues)) return false;
  for (const std::string_view profile : call.query.All("profile"))
    question->profiles.emplace_back(profile);
  const bool packed =
      fhir::ReadHead(question->encoded).type == "Parameters" && call.route.type != "Parameters";
  if (packed && !Unpack(question, issues)) return false;
  if (fhir::ReadHead(question->encoded).type == call.route.type) return true;
  return Refuse(issues, "invalid", "the resource is not of the type that the URL names", "");
}

}  // namespace

// FHIR R4 resource-operation-validate.html: 200 whatever is found; nothing is stored.
void Validate(Call& call) {
  Question question;
  fhir::Issues issues;
  if (Read(call, &question, &issues)) {
    std::shared_ptr<const fhir::ProfileSet> profiles;
    if (call.shared().parts.profiles) profiles = call.shared().parts.profiles();
    fhir::Validate(question.encoded,
                   {.profiles = profiles.get(), .claimed = std::move(question.profiles)},
                   &issues);
  }
  if (issues.empty())
    issues.push_back(
        Issue{Severity::kInformation, "informational", "nothing to complain about", ""});
  call.Answer(OutcomeResponse(200, issues, call.preferences.pretty));
}

}  // namespace handoff::rest
