#include "gateway/rpc/intake_service.h"

#include <utility>

#include "gateway/rpc/context.h"
#include "gateway/rpc/submission.h"
#include "gateway/rpc/submit_stream.h"
#include "handoff/v1/services.grpc.pb.h"

namespace handoff::rpc {
namespace {

constexpr Method kSubmit{"Intake.Submit", "Bundle", 'c'};
constexpr Method kSubmitStream{"Intake.SubmitStream", "Bundle", 'c'};

class IntakeService final : public v1::Intake::CallbackService {
 public:
  explicit IntakeService(Context& context) : context_(context) {}

  grpc::ServerUnaryReactor* Submit(grpc::CallbackServerContext* call,
                                   const v1::SubmitRequest* request,
                                   v1::Receipt* response) override {
    grpc::ServerUnaryReactor* const reactor = call->DefaultReactor();
    const absl::StatusOr<PartyKey> party = context_.Authenticate(*call, kSubmit);
    absl::StatusOr<intake::Submission> submission =
        party.ok() ? ToSubmission(*party, *request) : party.status();
    if (!submission.ok()) {
      reactor->Finish(context_.End(*call, kSubmit, submission.status()));
      return reactor;
    }
    context_.intake().Accept(
        *std::move(submission),
        [this, call, reactor, response](absl::StatusOr<v1::Receipt> receipt) {
          // Off the committer's thread before the answer is written.
          context_.pool().Continue(
              [this, call, reactor, response, receipt = std::move(receipt)]() mutable {
                if (receipt.ok()) *response = *std::move(receipt);
                reactor->Finish(context_.End(*call, kSubmit, receipt.status()));
              });
        });
    return reactor;
  }

  grpc::ServerBidiReactor<v1::SubmitRequest, v1::Receipt>* SubmitStream(
      grpc::CallbackServerContext* call) override {
    return rpc::SubmitStream::Start(context_, call, kSubmitStream);
  }

 private:
  Context& context_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeIntakeService(Context& context) {
  return std::make_unique<IntakeService>(context);
}

}  // namespace handoff::rpc
