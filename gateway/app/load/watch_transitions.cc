#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include "gateway/app/load/channel.h"
#include "gateway/app/load/watcher.h"
#include "gateway/base/status_macros.h"
#include "handoff/v1/services.grpc.pb.h"

namespace handoff::load {
namespace {

constexpr int kItemsPerAcknowledgement = 64;
// A gateway that does not take up the stream by then is not waited for.
constexpr std::chrono::seconds kOpen{10};

constexpr char kWatch[] = "/handoff.v1.Transitions/Watch";

// Items are not turned into objects: what the generator takes, the gateway beside it has not.
using Reader = grpc::ClientReader<grpc::ByteBuffer>;

std::string ResumeTokenOf(std::string_view item) {
  using google::protobuf::internal::WireFormatLite;
  constexpr std::uint32_t kTag = WireFormatLite::MakeTag(
      v1::TransitionItem::kResumeTokenFieldNumber, WireFormatLite::WIRETYPE_LENGTH_DELIMITED);
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const std::uint8_t*>(item.data()),
                                            static_cast<int>(item.size()));
  std::string token;
  while (const std::uint32_t tag = in.ReadTag()) {
    if (tag == kTag) {
      if (!WireFormatLite::ReadBytes(&in, &token)) break;
      return token;
    }
    if (!WireFormatLite::SkipField(&in, tag)) break;
  }
  return {};
}

// Acknowledges beside the stream: what comes next does not wait for a disk. One call at a time,
// each with the newest token.
//
// Thread safety: all methods may be called concurrently.
class Acknowledger {
 public:
  Acknowledger(const std::shared_ptr<grpc::Channel>& channel, std::string token, Tally& tally)
      : stub_(v1::Transitions::NewStub(channel)), token_(std::move(token)), tally_(tally) {}
  ~Acknowledger() { WaitUntilDone(); }

  void Acknowledge(std::string resume_token) {
    absl::MutexLock lock(&mutex_);
    next_ = std::move(resume_token);
    if (call_ == nullptr) Send();
  }

  void WaitUntilDone() {
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(
        +[](Acknowledger* self)
             ABSL_EXCLUSIVE_LOCKS_REQUIRED(self->mutex_) { return self->call_ == nullptr; },
        this));
  }

 private:
  struct Call {
    grpc::ClientContext context;
    v1::AcknowledgeRequest request;
    v1::AcknowledgeResponse response;
  };

  void Send() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    call_ = std::make_unique<Call>();
    Authorize(token_, &call_->context);
    call_->request.set_resume_token(*std::exchange(next_, std::nullopt));
    stub_->async()->Acknowledge(
        &call_->context, &call_->request, &call_->response, [this](const grpc::Status& status) {
          Done(status);
        });
  }

  void Done(const grpc::Status& status) {
    if (!status.ok()) tally_.Failed("acknowledge: " + TextOf(status));
    absl::MutexLock lock(&mutex_);
    call_.reset();
    if (next_) Send();
  }

  const std::unique_ptr<v1::Transitions::Stub> stub_;
  const std::string token_;
  Tally& tally_;

  absl::Mutex mutex_;
  std::unique_ptr<Call> call_ ABSL_GUARDED_BY(mutex_);  // under way
  std::optional<std::string> next_ ABSL_GUARDED_BY(mutex_);
};

class TransitionsWatcher final : public Watcher {
 public:
  TransitionsWatcher(std::shared_ptr<grpc::Channel> channel,
                     std::string token,
                     const Discharges& discharges,
                     Tally& tally)
      : channel_(std::move(channel)),
        acknowledger_(channel_, token, tally),
        discharges_(discharges),
        tally_(tally) {
    Authorize(token, &call_);
    thread_ = std::thread([this] { Run(); });
    opened_.WaitForNotificationWithTimeout(absl::FromChrono(kOpen));
  }

  ~TransitionsWatcher() override { Stop(); }

  void Stop() override {
    if (stopping_.exchange(true)) return;
    call_.TryCancel();
    thread_.join();
  }

 private:
  void Run() {
    const grpc::internal::RpcMethod method(kWatch, grpc::internal::RpcMethod::SERVER_STREAMING);
    const std::unique_ptr<Reader> reader(
        grpc::internal::ClientReaderFactory<grpc::ByteBuffer>::Create(
            channel_.get(), method, &call_, v1::WatchRequest()));
    reader->WaitForInitialMetadata();
    opened_.Notify();
    grpc::ByteBuffer buffer;
    grpc::Slice bytes;
    int unacknowledged = 0;
    while (reader->Read(&buffer) && buffer.DumpToSingleSlice(&bytes).ok()) {
      tally_.Delivered(discharges_.NumberIn(View(bytes)));
      if (++unacknowledged < kItemsPerAcknowledgement) continue;
      acknowledger_.Acknowledge(ResumeTokenOf(View(bytes)));
      unacknowledged = 0;
    }
    if (unacknowledged > 0) acknowledger_.Acknowledge(ResumeTokenOf(View(bytes)));
    acknowledger_.WaitUntilDone();
    const grpc::Status status = reader->Finish();
    if (!stopping_) tally_.Failed("watch: " + TextOf(status));
  }

  static std::string_view View(const grpc::Slice& bytes) {
    return {reinterpret_cast<const char*>(bytes.begin()), bytes.size()};
  }

  const std::shared_ptr<grpc::Channel> channel_;
  Acknowledger acknowledger_;
  const Discharges& discharges_;
  Tally& tally_;
  grpc::ClientContext call_;
  std::atomic<bool> stopping_{false};
  absl::Notification opened_;
  std::thread thread_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Watcher>> WatchTransitions(const LoadOptions& options,
                                                          std::string token,
                                                          const Discharges& discharges,
                                                          Tally& tally) {
  HANDOFF_ASSIGN_OR_RETURN(auto channel, OpenChannel(options));
  return std::make_unique<TransitionsWatcher>(
      std::move(channel), std::move(token), discharges, tally);
}

}  // namespace handoff::load
