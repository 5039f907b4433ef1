#include "gateway/rpc/move.h"

#include <string>

#include "gateway/base/error.h"

namespace handoff::rpc {
namespace {

// From the HTTP status that FHIR over HTTP answers with the same receipt.
ErrorId ErrorOfHttp(unsigned status) {
  switch (status) {
    case 403:
      return ErrorId::kForbidden;
    case 404:
    case 410:
      return ErrorId::kNotFound;
    case 409:
    case 412:
      return ErrorId::kVersionConflict;
    case 422:
      return ErrorId::kIllegalMove;
    default:
      return ErrorId::kInvalidRequest;
  }
}

}  // namespace

intake::Submission ToMove(const PartyKey& party, const v1::UpdateReferralRequest& request) {
  intake::Submission submission;
  submission.sender = party;
  submission.interaction = intake::Interaction::kMove;
  submission.surface = "rpc";
  submission.content = request.SerializeAsString();  // as evidence: it is what was asked
  submission.id = request.referral_id();
  submission.move.to = request.to();
  submission.move.reason = request.reason();
  submission.move.expected_version = request.expected_version();
  for (const v1::Resource& output : request.outputs()) {
    output.AppendToString(&submission.move.outputs.emplace_back());
  }
  return submission;
}

absl::Status RefusalOf(const v1::Receipt& receipt) {
  if (receipt.accepted()) return absl::OkStatus();
  std::string text = "the move was refused";
  for (const v1::Receipt::Issue& issue : receipt.issues()) {
    if (issue.severity() == v1::ISSUE_SEVERITY_ERROR ||
        issue.severity() == v1::ISSUE_SEVERITY_FATAL) {
      text = issue.text();
      break;
    }
  }
  return MakeError(ErrorOfHttp(receipt.http_status()), text);
}

}  // namespace handoff::rpc
