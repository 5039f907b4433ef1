#include <utility>

#include "gateway/rest/bundle_answer.h"
#include "gateway/rest/bundle_peek.h"
#include "gateway/rest/intake_call.h"
#include "gateway/rest/interactions.h"

namespace handoff::rest {
namespace {

// A message that could be read is answered with a message, fatal-error included; what could not be
// read never was a message.
bool WasMessage(const v1::Receipt& receipt, const BundlePeek& peek) {
  return receipt.accepted() || (receipt.http_status() == 422 && !peek.header_id.empty());
}

}  // namespace

// FHIR R4 messaging.html, operation $process-message.
void ProcessMessage(const CallPtr& call) {
  BundlePeek peek = PeekBundle(call->request.body);
  intake::Submission submission;
  submission.interaction = intake::Interaction::kProcessMessage;
  SubmitAny(call,
            std::move(submission),
            [peek = std::move(peek)](const CallPtr& done, const v1::Receipt& receipt) {
              const bool pretty = done->preferences.pretty;
              done->Answer(WasMessage(receipt, peek)
                               ? MessageResponse(receipt, peek, done->base_url(), pretty)
                               : RefusalResponse(receipt, pretty));
            });
}

}  // namespace handoff::rest
