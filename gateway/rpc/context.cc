#include "gateway/rpc/context.h"

#include <algorithm>

#include "gateway/access/scope.h"
#include "gateway/base/log.h"
#include "gateway/base/status_macros.h"
#include "gateway/store/streams.h"

namespace handoff::rpc {
namespace {

std::string_view AuthorizationOf(const grpc::CallbackServerContext& call) {
  const auto found = call.client_metadata().find("authorization");
  if (found == call.client_metadata().end()) return {};
  return {found->second.data(), found->second.size()};
}

bool IsOurFault(absl::StatusCode code) {
  return code == absl::StatusCode::kInternal || code == absl::StatusCode::kUnknown ||
         code == absl::StatusCode::kDataLoss;
}

}  // namespace

Context::Context(const ServerOptions& options, ServerParts parts)
    : parts_(std::move(parts)),
      version_(options.version),
      started_(parts_.clock.Now()),
      pump_options_(options.pump),
      tokens_(options.resume_secret),
      hub_(options.hub, parts_.metrics.streams_open),
      withheld_(parts_.store, parts_.clock, parts_.metrics),
      pool_(options.workers),
      rounds_(parts_.store, pool_),
      acknowledger_(parts_.store, parts_.clock, parts_.metrics, withheld_, pool_) {}

absl::StatusOr<PartyKey> Context::Authenticate(const grpc::CallbackServerContext& call,
                                               const Method& method) const {
  HANDOFF_ASSIGN_OR_RETURN(
      security::Principal principal,
      parts_.verifier.VerifyAuthorization(AuthorizationOf(call), parts_.clock.Now()));
  if (method.type != nullptr &&
      !access::Allows(principal.scopes, method.type, method.interaction)) {
    return MakeError(ErrorId::kForbidden, "no scope of the token allows this");
  }
  return std::move(principal.party);
}

grpc::Status Context::End(grpc::CallbackServerContext& call,
                          const Method& method,
                          const absl::Status& status) const {
  parts_.metrics.Requests("rpc", method.name, static_cast<int>(status.code())).Increment();
  if (status.ok()) return grpc::Status::OK;
  if (IsOurFault(status.code())) {
    log::Error("rpc_failed", {{"method", method.name}, {"status", status}});
  }
  call.AddTrailingMetadata("handoff-error", std::string(ErrorOf(status).code));
  return {static_cast<grpc::StatusCode>(status.code()), std::string(status.message())};
}

absl::StatusOr<std::shared_ptr<StreamPump>> Context::OpenPump(const PartyKey& party,
                                                              std::string_view topic,
                                                              StreamSink& sink) {
  return StreamPump::Open({parts_.store, hub_, rounds_, tokens_, withheld_},
                          pump_options_,
                          party,
                          store::StreamName(party, topic),
                          sink);
}

}  // namespace handoff::rpc
