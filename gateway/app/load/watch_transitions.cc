#include <atomic>
#include <optional>
#include <thread>
#include <utility>

#include <google/protobuf/arena.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include "gateway/app/load/channel.h"
#include "gateway/app/load/watcher.h"
#include "gateway/base/status_macros.h"
#include "handoff/v1/services.grpc.pb.h"

namespace handoff::load {
namespace {

constexpr int kItemsPerAcknowledgement = 64;

std::optional<std::uint64_t> NumberIn(const v1::TransitionItem& item,
                                      const Discharges& discharges) {
  for (const v1::Bundle::Entry& entry : item.bundle().entries()) {
    for (const v1::Identifier& identifier : entry.resource().patient().identifiers()) {
      if (const auto number = discharges.NumberIn(identifier.value())) return number;
    }
  }
  return std::nullopt;
}

class TransitionsWatcher final : public Watcher {
 public:
  TransitionsWatcher(std::shared_ptr<grpc::Channel> channel,
                     std::string token,
                     const Discharges& discharges,
                     Tally& tally)
      : stub_(v1::Transitions::NewStub(std::move(channel))),
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
    const auto reader = stub_->Watch(&call_, v1::WatchRequest());
    google::protobuf::Arena arena;
    const auto fresh = [&arena] {
      arena.Reset();
      return google::protobuf::Arena::CreateMessage<v1::TransitionItem>(&arena);
    };
    v1::TransitionItem* item = nullptr;
    std::string last;
    int unacknowledged = 0;
    while (reader->Read(item = fresh())) {
      tally_.Delivered(NumberIn(*item, discharges_));
      last = item->resume_token();
      if (++unacknowledged < kItemsPerAcknowledgement) continue;
      Acknowledge(last);
      unacknowledged = 0;
    }
    if (unacknowledged > 0) Acknowledge(last);
    const grpc::Status status = reader->Finish();
    if (!stopping_) tally_.Failed("watch: " + TextOf(status));
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
