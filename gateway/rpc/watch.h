// One server-streaming call over a store stream: Transitions.Watch, CarePlans.WatchStatus.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include "gateway/rpc/context.h"
#include "gateway/rpc/items.h"
#include "gateway/rpc/stream_pump.h"

namespace handoff::rpc {

// A resume token that a client comes back with acknowledges its item and all before it.
class Watch final : public grpc::ServerWriteReactor<grpc::ByteBuffer>, public StreamSink {
 public:
  // `request` is an encoded WatchRequest. Lives until gRPC is done with it.
  static Watch* Start(Context& context,
                      grpc::CallbackServerContext* call,
                      const Method& method,
                      std::string_view topic,
                      const grpc::ByteBuffer& request,
                      MakeItem make);

  void OnWriteDone(bool ok) override { pump_->OnWritten(ok); }
  void OnCancel() override;
  void OnDone() override { delete this; }

  absl::StatusOr<Rendered> Render(const v1::Delivery& delivery,
                                  std::string resume_token,
                                  const std::shared_ptr<store::Snapshot>& snapshot) override;
  void Write(std::string item, bool more) override;
  void End(const absl::Status& status) override;

 private:
  Watch(Context& context, grpc::CallbackServerContext* call, const Method& method, MakeItem make);

  // Errors: nothing was opened; the call is to be ended with it.
  absl::Status Open(std::string_view topic, const grpc::ByteBuffer& request);

  Context& context_;
  grpc::CallbackServerContext* const call_;
  const Method& method_;
  const MakeItem make_;
  PartyKey party_;
  std::shared_ptr<StreamPump> pump_;
  grpc::ByteBuffer item_;  // of the write under way
};

}  // namespace handoff::rpc
