#include "gateway/rpc/transitions_service.h"

#include <utility>

#include "fhir-mappings/runtime/resource.h"
#include "gateway/base/status_macros.h"
#include "gateway/rpc/context.h"
#include "gateway/rpc/items.h"
#include "gateway/rpc/watch.h"
#include "gateway/store/streams.h"
#include "handoff/v1/services.grpc.pb.h"

namespace handoff::rpc {
namespace {

constexpr Method kGet{"Transitions.Get", "Encounter", 'r'};
constexpr Method kWatch{"Transitions.Watch", "Encounter", 'r'};
constexpr Method kAcknowledge{"Transitions.Acknowledge", "Encounter", 'r'};

// Items of a stream are made in the wire form.
using Base = v1::Transitions::WithRawCallbackMethod_Watch<v1::Transitions::WithCallbackMethod_Get<
    v1::Transitions::WithCallbackMethod_Acknowledge<v1::Transitions::Service>>>;

class TransitionsService final : public Base {
 public:
  explicit TransitionsService(Context& context) : context_(context) {}

  grpc::ServerUnaryReactor* Get(grpc::CallbackServerContext* call,
                                const v1::GetTransitionRequest* request,
                                v1::TransitionItem* response) override {
    return AnswerOnPool(context_, call, kGet, [this, request, response](const PartyKey& party) {
      return Read(party, request->transition_id(), response);
    });
  }

  grpc::ServerWriteReactor<grpc::ByteBuffer>* Watch(grpc::CallbackServerContext* call,
                                                    const grpc::ByteBuffer* request) override {
    return rpc::Watch::Start(
        context_, call, kWatch, store::kTransitions, *request, MakeTransitionItem);
  }

  grpc::ServerUnaryReactor* Acknowledge(grpc::CallbackServerContext* call,
                                        const v1::AcknowledgeRequest* request,
                                        v1::AcknowledgeResponse*) override {
    grpc::ServerUnaryReactor* const reactor = call->DefaultReactor();
    if (absl::Status started = StartAcknowledge(call, *request, reactor); !started.ok()) {
      reactor->Finish(context_.End(*call, kAcknowledge, started));
    }
    return reactor;
  }

 private:
  absl::Status Read(const PartyKey& party, const std::string& id, v1::TransitionItem* response) {
    HANDOFF_ASSIGN_OR_RETURN(access::TransitionStory story,
                             context_.reader().GetTransition(party, id));
    v1::Resource bundle;
    if (!fhir::ParseResource(story.bundle, &bundle)) {
      return absl::DataLossError("a stay cannot be read");
    }
    response->set_event(story.transition.last());
    *response->mutable_transition() = std::move(story.transition);
    response->mutable_bundle()->Swap(bundle.mutable_bundle());
    return absl::OkStatus();
  }

  // OK: `reactor` is finished once the position is written.
  absl::Status StartAcknowledge(grpc::CallbackServerContext* call,
                                const v1::AcknowledgeRequest& request,
                                grpc::ServerUnaryReactor* reactor) {
    HANDOFF_ASSIGN_OR_RETURN(const PartyKey party, context_.Authenticate(*call, kAcknowledge));
    const std::string stream = store::StreamName(party, store::kTransitions);
    HANDOFF_ASSIGN_OR_RETURN(const std::uint64_t sequence,
                             context_.tokens().Decode(stream, request.resume_token()));
    context_.acknowledger().Acknowledge(
        stream, sequence, [this, call, reactor](const absl::Status& status) {
          reactor->Finish(context_.End(*call, kAcknowledge, status));
        });
    return absl::OkStatus();
  }

  Context& context_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeTransitionsService(Context& context) {
  return std::make_unique<TransitionsService>(context);
}

}  // namespace handoff::rpc
