#include "gateway/rpc/admin_service.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "gateway/base/status_macros.h"
#include "gateway/rpc/context.h"
#include "gateway/store/streams.h"
#include "handoff/v1/services.grpc.pb.h"

namespace handoff::rpc {
namespace {

// Who operates the gateway is a matter of the party, not of scopes.
constexpr Method kGetGatewayStatus{"Admin.GetGatewayStatus", nullptr, 0};
constexpr Method kListDeliveries{"Admin.ListDeliveries", nullptr, 0};
constexpr Method kReplay{"Admin.Replay", nullptr, 0};
constexpr Method kDiscard{"Admin.Discard", nullptr, 0};
constexpr Method kReleasePerson{"Admin.ReleasePerson", nullptr, 0};

constexpr std::size_t kDefaultPage = 50;
constexpr std::size_t kMaxPage = 200;

class AdminService final : public v1::Admin::CallbackService {
 public:
  explicit AdminService(Context& context) : context_(context) {}

  grpc::ServerUnaryReactor* GetGatewayStatus(grpc::CallbackServerContext* call,
                                             const v1::GetGatewayStatusRequest*,
                                             v1::GatewayStatus* response) override {
    return AnswerOnPool(context_, call, kGetGatewayStatus, [this, response](const PartyKey& party) {
      return Describe(party, response);
    });
  }

  grpc::ServerUnaryReactor* ListDeliveries(grpc::CallbackServerContext* call,
                                           const v1::ListDeliveriesRequest* request,
                                           v1::ListDeliveriesResponse* response) override {
    return AnswerOnPool(
        context_, call, kListDeliveries, [this, request, response](const PartyKey& party) {
          return List(party, *request, response);
        });
  }

  grpc::ServerUnaryReactor* Replay(grpc::CallbackServerContext* call,
                                   const v1::ReplayRequest* request,
                                   v1::Delivery* response) override {
    return AnswerOnPool(
        context_, call, kReplay, [this, request, response](const PartyKey& party) -> absl::Status {
          HANDOFF_RETURN_IF_ERROR(RequireOperator(party));
          HANDOFF_ASSIGN_OR_RETURN(
              *response, context_.dead_letters().Replay(request->delivery_id(), party.value()));
          return absl::OkStatus();
        });
  }

  grpc::ServerUnaryReactor* Discard(grpc::CallbackServerContext* call,
                                    const v1::DiscardRequest* request,
                                    v1::Delivery* response) override {
    return AnswerOnPool(
        context_, call, kDiscard, [this, request, response](const PartyKey& party) -> absl::Status {
          HANDOFF_RETURN_IF_ERROR(RequireOperator(party));
          HANDOFF_ASSIGN_OR_RETURN(*response,
                                   context_.dead_letters().Discard(
                                       request->delivery_id(), party.value(), request->reason()));
          return absl::OkStatus();
        });
  }

  grpc::ServerUnaryReactor* ReleasePerson(grpc::CallbackServerContext* call,
                                          const v1::ReleasePersonRequest* request,
                                          v1::ReleasePersonResponse* response) override {
    return AnswerOnPool(
        context_, call, kReleasePerson, [this, request, response](const PartyKey& party) {
          return Release(party, *request, response);
        });
  }

 private:
  absl::Status Describe(const PartyKey& party, v1::GatewayStatus* status) {
    HANDOFF_RETURN_IF_ERROR(RequireOperator(party));
    status->set_version(context_.version());
    status->set_started_us(ToMicros(context_.started()));
    status->set_now_us(ToMicros(context_.clock().Now()));
    status->set_ready(context_.store().Health().ok());
    for (const store::Backlog& backlog : context_.store().GetStatistics().backlogs) {
      v1::GatewayStatus::Backlog& one = *status->add_backlogs();
      one.set_party(backlog.recipient);
      one.set_state(backlog.state);
      one.set_count(backlog.count);
      one.set_oldest_us(MintedUs(backlog.oldest).value_or(0));
      HANDOFF_ASSIGN_OR_RETURN(const auto oldest, context_.store().ReadDelivery(backlog.oldest));
      if (!oldest) continue;  // settled meanwhile
      one.set_last_error(oldest->last_error());
      if (backlog.state == v1::DELIVERY_STATE_PENDING) one.set_due_us(oldest->due_us());
    }
    const std::shared_ptr<const directory::Directory> directory = context_.directory();
    for (const directory::Party& recipient : directory->parties()) {
      for (const std::string_view topic : store::kTopics)
        HANDOFF_RETURN_IF_ERROR(DescribeStream(recipient.key, topic, status));
    }
    return absl::OkStatus();
  }

  absl::Status DescribeStream(const PartyKey& party,
                              std::string_view topic,
                              v1::GatewayStatus* status) {
    const std::string stream = store::StreamName(party, topic);
    HANDOFF_ASSIGN_OR_RETURN(const std::uint64_t position, context_.store().StreamPosition(stream));
    HANDOFF_ASSIGN_OR_RETURN(const std::uint64_t end, context_.store().StreamEnd(stream));
    if (end <= position) return absl::OkStatus();
    v1::GatewayStatus::Backlog& one = *status->add_backlogs();
    one.set_party(party.value());
    one.set_state(v1::DELIVERY_STATE_PENDING);
    one.set_topic(std::string(topic));
    one.set_count(end - position);
    HANDOFF_ASSIGN_OR_RETURN(const auto items, context_.store().ReadStream(stream, position, 1));
    if (!items.empty()) one.set_oldest_us(items.front().created_us());
    return absl::OkStatus();
  }

  absl::Status Release(const PartyKey& party,
                       const v1::ReleasePersonRequest& request,
                       v1::ReleasePersonResponse* response) {
    HANDOFF_RETURN_IF_ERROR(RequireOperator(party));
    HANDOFF_ASSIGN_OR_RETURN(
        const intake::Released released,
        context_.held_persons().Release({.person = PersonId{request.person_id()},
                                         .merge_into = PersonId{request.merge_into()},
                                         .by = party.value(),
                                         .reason = request.reason()}));
    response->set_released(released.held);
    response->set_deliveries(released.deliveries);
    return absl::OkStatus();
  }

  absl::Status RequireOperator(const PartyKey& key) const {
    const std::shared_ptr<const directory::Directory> directory = context_.directory();
    const directory::Party* const party = directory->Find(key);
    if (party != nullptr && party->is_operator) return absl::OkStatus();
    return MakeError(ErrorId::kForbidden, "only an operator of this gateway may do this");
  }

  // The page token is the id of the last delivery of the page before.
  absl::Status List(const PartyKey& party,
                    const v1::ListDeliveriesRequest& request,
                    v1::ListDeliveriesResponse* response) {
    HANDOFF_RETURN_IF_ERROR(RequireOperator(party));
    if (request.state() != v1::DELIVERY_STATE_PENDING &&
        request.state() != v1::DELIVERY_STATE_DEAD && request.state() != v1::DELIVERY_STATE_HELD) {
      return MakeError(ErrorId::kInvalidRequest, "state must be PENDING, DEAD or HELD");
    }
    if (!request.recipient().empty() &&
        context_.directory()->Find(PartyKey(request.recipient())) == nullptr) {
      return MakeError(ErrorId::kNotFound, "no party has this key");
    }
    const std::size_t size = request.page_size() == 0
                                 ? kDefaultPage
                                 : std::min<std::size_t>(request.page_size(), kMaxPage);
    HANDOFF_ASSIGN_OR_RETURN(
        std::vector<v1::Delivery> deliveries,
        context_.store().ListDeliveries(
            request.state(), request.recipient(), request.page_token(), size + 1));
    if (deliveries.size() > size) {
      deliveries.resize(size);
      response->set_next_page_token(deliveries.back().id());
    }
    for (v1::Delivery& delivery : deliveries) *response->add_deliveries() = std::move(delivery);
    return absl::OkStatus();
  }

  Context& context_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeAdminService(Context& context) {
  return std::make_unique<AdminService>(context);
}

}  // namespace handoff::rpc
