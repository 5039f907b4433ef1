#include <utility>

#include "gateway/rest/intake_call.h"
#include "gateway/rest/interactions.h"

namespace handoff::rest {

// FHIR R4 http.html#create, #ccreate.
void Create(const CallPtr& call) {
  intake::Submission submission;
  submission.interaction = intake::Interaction::kCreate;
  submission.type = call->route.type;
  submission.if_none_exist = call->request.headers.Get("If-None-Exist");
  Submit(call, std::move(submission), [](const CallPtr& done, const v1::Receipt& receipt) {
    AnswerWritten(*done, receipt);
  });
}

}  // namespace handoff::rest
