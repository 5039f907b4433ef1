// handoff.v1.CarePlans over gRPC.
#pragma once

#include <memory>

namespace grpc {
class Service;
}

namespace handoff::rpc {

class Context;

// `context` must outlive the service.
std::unique_ptr<grpc::Service> MakeCarePlansService(Context& context);

}  // namespace handoff::rpc
