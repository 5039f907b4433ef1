#include "gateway/rpc/ledger_service.h"

#include <utility>

#include "gateway/base/status_macros.h"
#include "gateway/rpc/context.h"
#include "handoff/v1/services.grpc.pb.h"

namespace handoff::rpc {
namespace {

constexpr Method kExplain{"Ledger.Explain", "AuditEvent", 'r'};

class LedgerService final : public v1::Ledger::CallbackService {
 public:
  explicit LedgerService(Context& context) : context_(context) {}

  grpc::ServerUnaryReactor* Explain(grpc::CallbackServerContext* call,
                                    const v1::ExplainRequest* request,
                                    v1::ExplainResponse* response) override {
    return AnswerOnPool(context_, call, kExplain, [this, request, response](const PartyKey& party) {
      return Read(party, request->message_id(), response);
    });
  }

 private:
  absl::Status Read(const PartyKey& party,
                    const std::string& message_id,
                    v1::ExplainResponse* response) {
    HANDOFF_ASSIGN_OR_RETURN(access::Explanation told,
                             context_.reader().Explain(party, message_id));
    *response->mutable_receipt() = std::move(told.receipt);
    for (v1::LedgerEntry& entry : told.entries) *response->add_entries() = std::move(entry);
    for (v1::Delivery& delivery : told.pending) *response->add_pending() = std::move(delivery);
    return absl::OkStatus();
  }

  Context& context_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeLedgerService(Context& context) {
  return std::make_unique<LedgerService>(context);
}

}  // namespace handoff::rpc
