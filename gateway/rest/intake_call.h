// From a call to intake and back: what create, update, transaction and message have in common.
#pragma once

#include <functional>

#include "gateway/intake/intake.h"
#include "gateway/rest/call.h"
#include "handoff/v1/model.pb.h"

namespace handoff::rest {

// Hands the body of `call` to intake. `accepted` runs on the executor, with the receipt of what was
// taken; refusals and failures are answered here.
void Submit(const CallPtr& call,
            intake::Submission submission,
            std::function<void(const CallPtr&, const v1::Receipt&)> accepted);

// The same where the receipt says all that the answer does: `make` makes it, refusals of content
// included, while the message is on its way to the disk.
void SubmitPrepared(const CallPtr& call,
                    intake::Submission submission,
                    std::function<http::Response(const Call&, const v1::Receipt&)> make);

// OperationOutcome of a refused receipt, under the status that the receipt names.
http::Response RefusalResponse(const v1::Receipt& receipt, bool pretty);

// The answer to a create or update: headers, and the body that Prefer asks for.
void AnswerWritten(Call& call, const v1::Receipt& receipt);

}  // namespace handoff::rest
