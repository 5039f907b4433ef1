#include <optional>
#include <utility>

#include "gateway/base/error.h"
#include "gateway/rest/etag.h"
#include "gateway/rest/intake_call.h"
#include "gateway/rest/interactions.h"

namespace handoff::rest {

// FHIR R4 http.html#update, #concurrency.
void Update(const CallPtr& call) {
  intake::Submission submission;
  submission.interaction = intake::Interaction::kUpdate;
  submission.type = call->route.type;
  submission.id = call->route.id;
  if (call->request.headers.Has("If-Match")) {
    std::optional<std::string> version = ParseETag(call->request.headers.Get("If-Match"));
    if (!version) {
      return call->Fail(MakeError(ErrorId::kInvalidRequest, "If-Match takes one version: W/\"3\""));
    }
    submission.if_match = *std::move(version);
  }
  Submit(call, std::move(submission), [](const CallPtr& done, const v1::Receipt& receipt) {
    AnswerWritten(*done, receipt);
  });
}

}  // namespace handoff::rest
