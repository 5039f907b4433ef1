#include "gateway/rpc/submission.h"

#include "gateway/base/error.h"

namespace handoff::rpc {

absl::StatusOr<intake::Submission> ToSubmission(const PartyKey& sender,
                                                const v1::SubmitRequest& request) {
  intake::Submission submission;
  submission.sender = sender;
  submission.interaction = intake::Interaction::kSubmit;
  submission.surface = "rpc";
  switch (request.content_case()) {
    case v1::SubmitRequest::kFhirJson:
      submission.content = request.fhir_json();
      return submission;
    case v1::SubmitRequest::kResource:
      submission.encoded = true;
      request.resource().AppendToString(&submission.content);
      return submission;
    case v1::SubmitRequest::CONTENT_NOT_SET:
      break;
  }
  return MakeError(ErrorId::kInvalidRequest, "the request holds neither fhir_json nor a resource");
}

}  // namespace handoff::rpc
