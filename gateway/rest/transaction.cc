#include <string>
#include <utility>
#include <vector>

#include "gateway/rest/bundle_answer.h"
#include "gateway/rest/bundle_peek.h"
#include "gateway/rest/intake_call.h"
#include "gateway/rest/interactions.h"

namespace handoff::rest {
namespace {

// With `Prefer: return=representation`, what was written as the caller may see it.
std::vector<std::string> Representations(const Call& call, const v1::Receipt& receipt) {
  std::vector<std::string> resources;
  if (call.preferences.what != Preferences::Return::kRepresentation) return resources;
  for (const v1::Receipt::Entry& entry : receipt.entries()) {
    std::string& encoded = resources.emplace_back();
    if (entry.resource().id().empty()) continue;
    absl::StatusOr<access::Visible> visible = call.shared().parts.reader.VRead(
        call.party,
        ResourceKey{entry.resource().type(), entry.resource().id()},
        entry.resource().version());
    if (visible.ok()) encoded = std::move(visible->encoded);
  }
  return resources;
}

}  // namespace

// FHIR R4 http.html#transaction.
void Transaction(const CallPtr& call) {
  const bool is_batch = PeekBundle(call->request.body).type == "batch";
  intake::Submission submission;
  submission.interaction = intake::Interaction::kBundle;
  Submit(call, std::move(submission), [is_batch](const CallPtr& done, const v1::Receipt& receipt) {
    done->Answer(TransactionResponse(receipt,
                                     Representations(*done, receipt),
                                     is_batch,
                                     done->base_url(),
                                     done->preferences.pretty));
  });
}

}  // namespace handoff::rest
