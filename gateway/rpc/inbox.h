// One Referrals.Inbox call: items go out, acknowledgements come in.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include "gateway/rpc/context.h"
#include "gateway/rpc/items.h"
#include "gateway/rpc/stream_pump.h"

namespace handoff::rpc {

// One acknowledgement is under way at a time; of those that come meanwhile only the furthest is
// kept, since it covers the others. A client that half-closes has said all: the call ends OK once
// its acknowledgements are written.
class Inbox final : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
                    public StreamSink,
                    public std::enable_shared_from_this<Inbox> {
 public:
  // Lives until gRPC is done with it.
  static Inbox* Start(Context& context,
                      grpc::CallbackServerContext* call,
                      const Method& method,
                      std::string_view topic,
                      MakeItem make);

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

  absl::StatusOr<Rendered> Render(const v1::Delivery& delivery,
                                  std::string resume_token,
                                  const std::shared_ptr<store::Snapshot>& snapshot) override;
  void Write(std::string item, bool more) override;
  void End(const absl::Status& status) override;

 private:
  Inbox(Context& context, grpc::CallbackServerContext* call, const Method& method, MakeItem make);

  absl::Status Open(std::string_view topic);
  absl::Status Handle(const grpc::ByteBuffer& encoded);
  void ReadNext();
  void Acknowledge(std::uint64_t sequence);
  void Acknowledged(absl::Status status);
  void HalfClosed();

  Context& context_;
  grpc::CallbackServerContext* const call_;
  const Method& method_;
  const MakeItem make_;
  PartyKey party_;
  std::string stream_;
  std::shared_ptr<StreamPump> pump_;
  std::shared_ptr<Inbox> self_;  // until OnDone()

  grpc::ByteBuffer request_;  // of the read under way
  bool opened_ = false;       // the first request has come
  grpc::ByteBuffer item_;     // of the write under way

  absl::Mutex mutex_;
  bool acknowledging_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<std::uint64_t> next_acknowledgement_ ABSL_GUARDED_BY(mutex_);
  bool half_closed_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace handoff::rpc
