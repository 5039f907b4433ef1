#include <utility>

#include "gateway/rest/bundle_answer.h"
#include "gateway/rest/bundle_peek.h"
#include "gateway/rest/intake_call.h"
#include "gateway/rest/interactions.h"

namespace handoff::rest {
// FHIR R4 messaging.html, operation $process-message. Only an accepted message is answered with a
// message: a client that looks at nothing but the HTTP status must not take a refusal for an
// acceptance.
void ProcessMessage(const CallPtr& call) {
  BundlePeek peek = PeekBundle(call->request.body);
  intake::Submission submission;
  submission.interaction = intake::Interaction::kProcessMessage;
  SubmitPrepared(call,
                 std::move(submission),
                 [peek = std::move(peek)](const Call& accepting, const v1::Receipt& receipt) {
                   const bool pretty = accepting.preferences.pretty;
                   return receipt.accepted()
                              ? MessageResponse(receipt, peek, accepting.base_url(), pretty)
                              : RefusalResponse(receipt, pretty);
                 });
}

}  // namespace handoff::rest
