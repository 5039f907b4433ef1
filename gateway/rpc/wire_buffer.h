// Messages of a call as bytes: for streams whose items are made in the wire form.
#pragma once

#include <string>
#include <utility>

#include "absl/status/status.h"
#include <google/protobuf/message_lite.h>
#include <grpcpp/impl/codegen/call_op_set.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include "gateway/base/error.h"

namespace handoff::rpc {

// Takes the bytes over; does not copy them.
inline grpc::ByteBuffer ToBuffer(std::string bytes) {
  auto* const owned = new std::string(std::move(bytes));
  const grpc::Slice slice(
      owned->data(),
      owned->size(),
      [](void* text) { delete static_cast<std::string*>(text); },
      owned);
  return {&slice, 1};
}

// What follows at once may leave with what is written now.
inline grpc::WriteOptions WriteOptionsFor(bool more) {
  grpc::WriteOptions options;
  if (more) options.set_buffer_hint();
  return options;
}

// Errors: kInvalidArgument if `buffer` is not a `*message`.
inline absl::Status ReadBuffer(const grpc::ByteBuffer& buffer,
                               google::protobuf::MessageLite* message) {
  grpc::Slice bytes;
  if (!buffer.DumpToSingleSlice(&bytes).ok() ||
      !message->ParseFromArray(bytes.begin(), static_cast<int>(bytes.size()))) {
    return MakeError(ErrorId::kInvalidRequest, "the request cannot be read");
  }
  return absl::OkStatus();
}

}  // namespace handoff::rpc
