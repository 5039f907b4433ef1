// handoff.v1.Ledger over gRPC.
#pragma once

#include <memory>

namespace grpc {
class Service;
}

namespace handoff::rpc {

class Context;

// `context` must outlive the service.
std::unique_ptr<grpc::Service> MakeLedgerService(Context& context);

}  // namespace handoff::rpc
