#include <atomic>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

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

class TransitionsWatcher final : public Watcher {
 public:
  TransitionsWatcher(std::shared_ptr<grpc::Channel> channel,
                     std::string token,
                     const Discharges& discharges,
                     Tally& tally)
      : channel_(std::move(channel)),
        stub_(v1::Transitions::NewStub(channel_)),
        token_(std::move(token)),
        discharges_(discharges),
        tally_(tally) {
    Authorize(token_, &call_);
    thread_ = std::thread([this] { Run(); });
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
    grpc::ByteBuffer buffer;
    grpc::Slice bytes;
    int unacknowledged = 0;
    while (reader->Read(&buffer) && buffer.DumpToSingleSlice(&bytes).ok()) {
      tally_.Delivered(discharges_.NumberIn(View(bytes)));
      if (++unacknowledged < kItemsPerAcknowledgement) continue;
      Acknowledge(ResumeTokenOf(View(bytes)));
      unacknowledged = 0;
    }
    if (unacknowledged > 0) Acknowledge(ResumeTokenOf(View(bytes)));
    const grpc::Status status = reader->Finish();
    if (!stopping_) tally_.Failed("watch: " + TextOf(status));
  }

  static std::string_view View(const grpc::Slice& bytes) {
    return {reinterpret_cast<const char*>(bytes.begin()), bytes.size()};
  }

  void Acknowledge(const std::string& token) {
    grpc::ClientContext call;
    Authorize(token_, &call);
    v1::AcknowledgeRequest request;
    request.set_resume_token(token);
    v1::AcknowledgeResponse response;
    const grpc::Status status = stub_->Acknowledge(&call, request, &response);
    if (!status.ok()) tally_.Failed("acknowledge: " + TextOf(status));
  }

  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<v1::Transitions::Stub> stub_;
  const std::string token_;
  const Discharges& discharges_;
  Tally& tally_;
  grpc::ClientContext call_;
  std::atomic<bool> stopping_{false};
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
