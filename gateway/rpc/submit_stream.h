// One Intake.SubmitStream call: one request after the other, answers in their order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include <grpcpp/support/server_callback.h>

#include "gateway/rpc/context.h"
#include "gateway/rpc/stream_hub.h"
#include "handoff/v1/services.pb.h"

namespace handoff::rpc {

// Requests take effect in the order in which they were sent: each is committed, or refused, before
// the next is looked at. Who has more to send than that allows opens several streams.
//
// A request that cannot be finished ends the stream with its error, after the answers before it;
// what was sent after it may or may not have been accepted, and may be sent again.
class SubmitStream final : public grpc::ServerBidiReactor<v1::SubmitRequest, v1::Receipt>,
                           public StreamListener,
                           public std::enable_shared_from_this<SubmitStream> {
 public:
  // Answers that wait to be written before the stream is not read any further.
  static constexpr std::size_t kMaxUnwritten = 64;

  // Lives until gRPC is done with it.
  static SubmitStream* Start(Context& context,
                             grpc::CallbackServerContext* call,
                             const Method& method);

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnDone() override;
  void OnShutdown() override;
  void OnAppended() override {}

 private:
  using Answer = std::optional<absl::StatusOr<v1::Receipt>>;

  SubmitStream(Context& context, grpc::CallbackServerContext* call, const Method& method);

  void Open();
  void Accept(std::uint64_t number);
  void Answered(std::uint64_t number, absl::StatusOr<v1::Receipt> receipt);
  void Stop(absl::Status status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Starts whatever may go on now: the next write, the next read, or the end.
  void Advance() ABSL_LOCKS_EXCLUDED(mutex_);
  void Write() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Context& context_;
  grpc::CallbackServerContext* const call_;
  const Method& method_;
  PartyKey party_;
  std::unique_ptr<StreamHub::Registration> registration_;
  std::shared_ptr<SubmitStream> self_;  // until OnDone()

  v1::SubmitRequest request_;  // of the read under way
  v1::Receipt receipt_;        // of the write under way

  absl::Mutex mutex_;
  std::deque<Answer> answers_ ABSL_GUARDED_BY(mutex_);  // not yet written, in order
  std::uint64_t first_ ABSL_GUARDED_BY(mutex_) = 0;     // number of the request of answers_[0]
  std::size_t unanswered_ ABSL_GUARDED_BY(mutex_) = 0;  // of answers_, those that are absent
  bool reading_ ABSL_GUARDED_BY(mutex_) = false;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool read_all_ ABSL_GUARDED_BY(mutex_) = false;  // nothing further is read
  bool cut_off_ ABSL_GUARDED_BY(mutex_) = false;   // nothing further is written
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace handoff::rpc
