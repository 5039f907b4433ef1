// gRPC connections to the gateway under load.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"

#include "gateway/app/load/options.h"

namespace grpc {
class Channel;
class ClientContext;
class Status;
}  // namespace grpc

namespace handoff::load {

// A connection of its own, not shared with other channels. TLS if `options.ca_file` is set.
//
// Errors: kInvalidArgument if the file cannot be read; kUnavailable if nobody answers in 10 s.
absl::StatusOr<std::shared_ptr<grpc::Channel>> OpenChannel(const LoadOptions& options);

// Adds the bearer token, if there is one.
void Authorize(const std::string& token, grpc::ClientContext* call);

std::string TextOf(const grpc::Status& status);

}  // namespace handoff::load
