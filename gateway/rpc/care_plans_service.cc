#include "gateway/rpc/care_plans_service.h"

#include <utility>

#include "gateway/base/status_macros.h"
#include "gateway/rpc/context.h"
#include "gateway/rpc/items.h"
#include "gateway/rpc/watch.h"
#include "gateway/store/streams.h"
#include "handoff/v1/services.grpc.pb.h"

namespace handoff::rpc {
namespace {

constexpr Method kGetStatus{"CarePlans.GetStatus", "CarePlan", 'r'};
constexpr Method kListStatus{"CarePlans.ListStatus", "CarePlan", 's'};
constexpr Method kWatchStatus{"CarePlans.WatchStatus", "CarePlan", 'r'};

// Items of a stream are made in the wire form.
using Base =
    v1::CarePlans::WithRawCallbackMethod_WatchStatus<v1::CarePlans::WithCallbackMethod_GetStatus<
        v1::CarePlans::WithCallbackMethod_ListStatus<v1::CarePlans::Service>>>;

class CarePlansService final : public Base {
 public:
  explicit CarePlansService(Context& context) : context_(context) {}

  grpc::ServerUnaryReactor* GetStatus(grpc::CallbackServerContext* call,
                                      const v1::GetStatusRequest* request,
                                      v1::PlanStatus* response) override {
    return AnswerOnPool(
        context_, call, kGetStatus, [this, request, response](const PartyKey& party) {
          auto plan = context_.reader().GetPlanStatus(party, request->plan_id());
          if (plan.ok()) *response = *std::move(plan);
          return plan.status();
        });
  }

  grpc::ServerUnaryReactor* ListStatus(grpc::CallbackServerContext* call,
                                       const v1::ListStatusRequest* request,
                                       v1::ListStatusResponse* response) override {
    return AnswerOnPool(
        context_, call, kListStatus, [this, request, response](const PartyKey& party) {
          return List(party, *request, response);
        });
  }

  grpc::ServerWriteReactor<grpc::ByteBuffer>* WatchStatus(
      grpc::CallbackServerContext* call, const grpc::ByteBuffer* request) override {
    return Watch::Start(
        context_, call, kWatchStatus, store::kPlans, *request, MakePlanStatusUpdate);
  }

 private:
  absl::Status List(const PartyKey& party,
                    const v1::ListStatusRequest& request,
                    v1::ListStatusResponse* response) {
    HANDOFF_ASSIGN_OR_RETURN(
        access::PlanStatusPage page,
        context_.reader().ListPlanStatus(
            party, request.patient_identifier(), {request.page_size(), request.page_token()}));
    for (v1::PlanStatus& plan : page.items) *response->add_plans() = std::move(plan);
    response->set_next_page_token(std::move(page.next));
    return absl::OkStatus();
  }

  Context& context_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeCarePlansService(Context& context) {
  return std::make_unique<CarePlansService>(context);
}

}  // namespace handoff::rpc
