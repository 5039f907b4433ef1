// handoff.v1.Admin over gRPC: for the parties that operate this gateway.
#pragma once

#include <memory>

namespace grpc {
class Service;
}

namespace handoff::rpc {

class Context;

// `context` must outlive the service.
std::unique_ptr<grpc::Service> MakeAdminService(Context& context);

}  // namespace handoff::rpc
