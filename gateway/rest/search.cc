#include <utility>

#include "gateway/rest/bundle_answer.h"
#include "gateway/rest/interactions.h"

namespace handoff::rest {
namespace {

// What says how to answer, not what to look for.
bool IsAboutTheAnswer(std::string_view name) { return name == "_format" || name == "_pretty"; }

// Of the URL and, of a posted search, of the body (FHIR R4 http.html#search).
absl::StatusOr<std::vector<std::pair<std::string, std::string>>> ParametersOf(const Call& call) {
  std::vector<std::pair<std::string, std::string>> parameters = call.query.all();
  if (call.request.verb == http::Verb::kPost) {
    const absl::StatusOr<http::QueryParams> form = http::QueryParams::Parse(call.request.body);
    if (!form.ok()) return form.status();
    parameters.insert(parameters.end(), form->all().begin(), form->all().end());
  }
  std::erase_if(parameters, [](const auto& p) { return IsAboutTheAnswer(p.first); });
  return parameters;
}

}  // namespace

void Search(Call& call) {
  const auto parameters = ParametersOf(call);
  if (!parameters.ok()) return call.Fail(parameters.status());
  const absl::StatusOr<access::SearchRequest> request =
      access::ParseSearch(call.route.type,
                          *parameters,
                          {.handling = call.preferences.handling, .base = call.base_url()});
  if (!request.ok()) return call.Fail(request.status());
  const absl::StatusOr<access::SearchPage> page =
      call.shared().parts.reader.Search(call.party, *request);
  if (!page.ok()) return call.Fail(page.status());
  call.Answer(SearchsetResponse(*page, *request, call.base_url(), call.preferences.pretty));
}

}  // namespace handoff::rest
