#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include <grpcpp/alarm.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include "gateway/app/load/channel.h"
#include "gateway/app/load/driver.h"
#include "gateway/base/status_macros.h"
#include "handoff/v1/services.grpc.pb.h"

namespace handoff::load {
namespace {

constexpr unsigned kMaxChannels = 4;
constexpr std::chrono::seconds kTimeout{30};

// Sends one message after the other through one channel. A step begins when the one before has
// ended, so nothing here is touched by two threads at once but for what says so.
class Lane {
 public:
  Lane(DriverParts parts, v1::Intake::Stub& stub, std::atomic<unsigned>& running)
      : parts_(parts), stub_(stub), running_(running), body_(parts.discharges.text()) {}

  void Next() {
    turn_ = parts_.pace.Next();
    if (!turn_ || stopped_) {
      --running_;
      return;
    }
    if (turn_->due <= Steady::now()) return Send();
    const auto wait = turn_->due - Steady::now();
    alarm_.Set(std::chrono::system_clock::now() +
                   std::chrono::duration_cast<std::chrono::system_clock::duration>(wait),
               [this](bool) { Send(); });
  }

  // Any thread. What is under way ends soon.
  void Stop() {
    stopped_ = true;
    alarm_.Cancel();
    absl::MutexLock lock(&mutex_);
    if (call_ != nullptr) call_->TryCancel();
  }

 private:
  void Send() {
    parts_.discharges.Stamp(turn_->number, body_.data());
    parts_.tally.Sending(*turn_);
    request_.set_fhir_json(body_);
    grpc::ClientContext* call = nullptr;
    {
      absl::MutexLock lock(&mutex_);
      call_ = std::make_unique<grpc::ClientContext>();
      call = call_.get();
      if (stopped_) call->TryCancel();
    }
    Authorize(parts_.options.token, call);
    call->set_deadline(std::chrono::system_clock::now() + kTimeout);
    stub_.async()->Submit(
        call, &request_, &receipt_, [this](const grpc::Status& status) { Answered(status); });
  }

  void Answered(const grpc::Status& status) {
    if (!status.ok()) {
      parts_.tally.Failed(TextOf(status));
    } else if (receipt_.accepted()) {
      parts_.tally.Accepted(*turn_);
    } else {
      parts_.tally.Refused(std::to_string(receipt_.http_status()) + " " +
                           (receipt_.issues().empty() ? "" : receipt_.issues(0).text()));
    }
    Next();
  }

  const DriverParts parts_;
  v1::Intake::Stub& stub_;
  std::atomic<unsigned>& running_;
  std::atomic<bool> stopped_{false};
  grpc::Alarm alarm_;
  std::string body_;
  std::optional<Pace::Turn> turn_;
  v1::SubmitRequest request_;
  v1::Receipt receipt_;

  absl::Mutex mutex_;
  std::unique_ptr<grpc::ClientContext> call_ ABSL_GUARDED_BY(mutex_);
};

class GrpcDriver final : public Driver {
 public:
  // `channels` are connected.
  GrpcDriver(DriverParts parts, const std::vector<std::shared_ptr<grpc::Channel>>& channels)
      : pace_(parts.pace) {
    for (const auto& channel : channels) stubs_.push_back(v1::Intake::NewStub(channel));
    running_ = parts.options.connections;
    for (unsigned i = 0; i < parts.options.connections; ++i) {
      lanes_.push_back(std::make_unique<Lane>(parts, *stubs_[i % stubs_.size()], running_));
    }
    Begin();
    for (const auto& lane : lanes_) lane->Next();
  }

  ~GrpcDriver() override { Stop(); }

  void Begin() override { pace_.Begin(Steady::now()); }
  bool Done() const override { return running_ == 0; }

  void Stop() override {
    for (const auto& lane : lanes_) lane->Stop();
    while (!Done()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }

 private:
  Pace& pace_;
  std::vector<std::unique_ptr<v1::Intake::Stub>> stubs_;
  std::atomic<unsigned> running_{0};
  std::vector<std::unique_ptr<Lane>> lanes_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Driver>> StartGrpcDriver(DriverParts parts) {
  std::vector<std::shared_ptr<grpc::Channel>> channels;
  for (unsigned i = 0; i < std::min(kMaxChannels, parts.options.connections); ++i) {
    HANDOFF_ASSIGN_OR_RETURN(channels.emplace_back(), OpenChannel(parts.options));
  }
  return std::make_unique<GrpcDriver>(parts, channels);
}

}  // namespace handoff::load
