#include "gateway/rpc/referrals_service.h"

#include <utility>

#include "fhir-mappings/runtime/resource.h"
#include "gateway/base/status_macros.h"
#include "gateway/rpc/context.h"
#include "gateway/rpc/inbox.h"
#include "gateway/rpc/items.h"
#include "gateway/rpc/move.h"
#include "gateway/store/streams.h"
#include "handoff/v1/services.grpc.pb.h"

namespace handoff::rpc {
namespace {

constexpr Method kInbox{"Referrals.Inbox", "ServiceRequest", 'r'};
constexpr Method kGet{"Referrals.Get", "ServiceRequest", 'r'};
constexpr Method kList{"Referrals.List", "ServiceRequest", 's'};
constexpr Method kUpdate{"Referrals.Update", "Task", 'u'};

// Items of a stream are made in the wire form.
using Base = v1::Referrals::WithRawCallbackMethod_Inbox<
    v1::Referrals::WithCallbackMethod_Get<v1::Referrals::WithCallbackMethod_List<
        v1::Referrals::WithCallbackMethod_Update<v1::Referrals::Service>>>>;

class ReferralsService final : public Base {
 public:
  explicit ReferralsService(Context& context) : context_(context) {}

  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* Inbox(
      grpc::CallbackServerContext* call) override {
    return rpc::Inbox::Start(context_, call, kInbox, store::kReferrals, MakeReferralItem);
  }

  grpc::ServerUnaryReactor* Get(grpc::CallbackServerContext* call,
                                const v1::GetReferralRequest* request,
                                v1::ReferralItem* response) override {
    return AnswerOnPool(context_, call, kGet, [this, request, response](const PartyKey& party) {
      return Read(party, request->referral_id(), response);
    });
  }

  grpc::ServerUnaryReactor* List(grpc::CallbackServerContext* call,
                                 const v1::ListReferralsRequest* request,
                                 v1::ListReferralsResponse* response) override {
    return AnswerOnPool(context_, call, kList, [this, request, response](const PartyKey& party) {
      return Search(party, *request, response);
    });
  }

  grpc::ServerUnaryReactor* Update(grpc::CallbackServerContext* call,
                                   const v1::UpdateReferralRequest* request,
                                   v1::Referral* response) override {
    grpc::ServerUnaryReactor* const reactor = call->DefaultReactor();
    const absl::StatusOr<PartyKey> party = context_.Authenticate(*call, kUpdate);
    if (!party.ok()) {
      reactor->Finish(context_.End(*call, kUpdate, party.status()));
      return reactor;
    }
    context_.intake().Accept(
        ToMove(*party, *request),
        [this, call, reactor, request, response, party = *party](
            absl::StatusOr<v1::Receipt> receipt) {
          // Off the committer's thread before the store is read again.
          context_.pool().Continue(
              [this, call, reactor, request, response, party, receipt = std::move(receipt)] {
                auto run = [&] { return Moved(party, request->referral_id(), receipt, response); };
                reactor->Finish(context_.End(*call, kUpdate, Guarded(run)));
              });
        });
    return reactor;
  }

 private:
  absl::Status Read(const PartyKey& party, const std::string& id, v1::ReferralItem* response) {
    HANDOFF_ASSIGN_OR_RETURN(access::ReferralStory story, context_.reader().GetReferral(party, id));
    *response->mutable_referral() = std::move(story.referral);
    for (const std::string& resource : story.resources) {
      if (!fhir::ParseResource(resource, response->add_resources())) {
        return absl::DataLossError("a referral cannot be read");
      }
    }
    return absl::OkStatus();
  }

  absl::Status Search(const PartyKey& party,
                      const v1::ListReferralsRequest& request,
                      v1::ListReferralsResponse* response) {
    HANDOFF_ASSIGN_OR_RETURN(
        access::ReferralPage page,
        context_.reader().ListReferrals(
            party, request.state(), {request.page_size(), request.page_token()}));
    for (v1::Referral& referral : page.items) *response->add_referrals() = std::move(referral);
    response->set_next_page_token(std::move(page.next));
    return absl::OkStatus();
  }

  absl::Status Moved(const PartyKey& party,
                     const std::string& id,
                     const absl::StatusOr<v1::Receipt>& receipt,
                     v1::Referral* response) {
    HANDOFF_RETURN_IF_ERROR(receipt.status());
    HANDOFF_RETURN_IF_ERROR(RefusalOf(*receipt));
    HANDOFF_ASSIGN_OR_RETURN(access::ReferralStory story, context_.reader().GetReferral(party, id));
    *response = std::move(story.referral);
    return absl::OkStatus();
  }

  Context& context_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeReferralsService(Context& context) {
  return std::make_unique<ReferralsService>(context);
}

}  // namespace handoff::rpc
