#include "gateway/rest/intake_call.h"

#include <memory>
#include <utility>

#include "gateway/base/error.h"
#include "gateway/rest/bundle_answer.h"
#include "gateway/rest/etag.h"

namespace handoff::rest {
namespace {

// Success told as an outcome: the warnings, or that there are none.
http::Response SuccessOutcome(const v1::Receipt& receipt, int status, bool pretty) {
  fhir::Issues issues = IssuesOf(receipt);
  if (issues.empty()) {
    issues.push_back({fhir::Severity::kInformation, "informational", "All OK", {}});
  }
  return OutcomeResponse(status, issues, pretty);
}

void FillIn(Call& call, intake::Submission* submission) {
  submission->sender = call.party;
  submission->surface = "rest";
  submission->content = std::move(call.request.body);
}

// The version that was written, as the caller may see it; empty if it may not.
http::Response Representation(const Call& call, const v1::ResourceName& name, int status) {
  const absl::StatusOr<access::Visible> visible = call.shared().parts.reader.VRead(
      call.party, ResourceKey{name.type(), name.id()}, name.version());
  if (visible.ok()) return ResourceResponse(status, visible->encoded, call.preferences.pretty);
  http::Response response;
  response.status = status;
  return response;
}

}  // namespace

void Submit(const CallPtr& call,
            intake::Submission submission,
            std::function<void(const CallPtr&, const v1::Receipt&)> accepted) {
  FillIn(*call, &submission);
  call->shared().parts.intake.Accept(
      std::move(submission),
      [call, accepted = std::move(accepted)](absl::StatusOr<v1::Receipt> receipt) mutable {
        // This may be the committer's thread, on which everyone waits.
        call->shared().parts.executor.resume(
            [call, accepted = std::move(accepted), receipt = std::move(receipt)] {
              if (!receipt.ok()) return call->Fail(receipt.status());
              call->message_id = receipt->message_id();
              RunStep(*call, [&] {
                if (receipt->accepted()) return accepted(call, *receipt);
                call->Answer(RefusalResponse(*receipt, call->preferences.pretty));
              });
            });
      });
}

void SubmitPrepared(const CallPtr& call,
                    intake::Submission submission,
                    std::function<http::Response(const Call&, const v1::Receipt&)> make) {
  FillIn(*call, &submission);
  const auto answer = std::make_shared<http::Response>();
  submission.prepare = [call, answer, make = std::move(make)](const v1::Receipt& receipt) {
    RunStep(*call, [&] { *answer = make(*call, receipt); });
  };
  call->shared().parts.intake.Accept(std::move(submission),
                                     [call, answer](absl::StatusOr<v1::Receipt> receipt) {
                                       if (!receipt.ok()) return call->Fail(receipt.status());
                                       call->message_id = receipt->message_id();
                                       call->Answer(std::move(*answer));
                                     });
}

http::Response RefusalResponse(const v1::Receipt& receipt, bool pretty) {
  fhir::Issues issues = IssuesOf(receipt);
  if (issues.empty()) {
    issues.push_back({fhir::Severity::kError, "processing", "the content was refused", {}});
  }
  return OutcomeResponse(static_cast<int>(receipt.http_status()), issues, pretty);
}

void AnswerWritten(Call& call, const v1::Receipt& receipt) {
  if (receipt.entries_size() != 1) {
    return call.Fail(MakeError(ErrorId::kInternal,
                               "the gateway failed",
                               "a receipt of one resource has other than one entry"));
  }
  const v1::Receipt::Entry& entry = receipt.entries(0);
  const int status = static_cast<int>(entry.status());
  http::Response response;
  switch (call.preferences.what) {
    case Preferences::Return::kMinimal:
      response.status = status;
      break;
    case Preferences::Return::kOutcome:
      response = SuccessOutcome(receipt, status, call.preferences.pretty);
      break;
    case Preferences::Return::kDefault:
    case Preferences::Return::kRepresentation:
      response = Representation(call, entry.resource(), status);
      break;
  }
  response.headers.emplace_back("Location", VersionUrlOf(call.base_url(), entry.resource()));
  response.headers.emplace_back("ETag", FormatETag(entry.resource().version()));
  response.headers.emplace_back("Last-Modified",
                                FormatHttpDate(FromMicros(entry.last_modified_us())));
  call.Answer(std::move(response));
}

}  // namespace handoff::rest
