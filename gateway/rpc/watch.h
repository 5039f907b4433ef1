// One server-streaming call over a store stream: Transitions.Watch, CarePlans.WatchStatus.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include <grpcpp/support/server_callback.h>

#include "gateway/base/status_macros.h"
#include "gateway/rpc/context.h"
#include "gateway/rpc/stream_pump.h"
#include "handoff/v1/services.pb.h"

namespace handoff::rpc {

// Fills an item from a delivery, all but its token. A text: it is withheld, and why.
template <class Item>
using MakeItem = std::function<absl::StatusOr<std::optional<std::string>>(
    Context& context, const PartyKey& party, const v1::Delivery& delivery, Item* item)>;

// A resume token that a client comes back with acknowledges its item and all before it.
template <class Item>
class Watch final : public grpc::ServerWriteReactor<Item>, public StreamSink {
 public:
  // Lives until gRPC is done with it.
  static Watch* Start(Context& context,
                      grpc::CallbackServerContext* call,
                      const Method& method,
                      std::string_view topic,
                      const std::string& resume_token,
                      MakeItem<Item> make) {
    auto* const watch = new Watch(context, call, method, std::move(make));
    if (absl::Status opened = watch->Open(topic, resume_token); !opened.ok()) watch->End(opened);
    return watch;
  }

  void OnWriteDone(bool ok) override { pump_->OnWritten(ok); }
  void OnCancel() override {
    if (pump_ != nullptr) pump_->Close(absl::CancelledError("the client is gone"));
  }
  void OnDone() override { delete this; }

  absl::StatusOr<std::optional<std::string>> Render(const v1::Delivery& delivery,
                                                    std::string resume_token) override {
    item_.Clear();
    item_.set_resume_token(std::move(resume_token));
    return make_(context_, party_, delivery, &item_);
  }
  void Write() override { this->StartWrite(&item_); }
  void End(const absl::Status& status) override {
    this->Finish(context_.End(*call_, method_, status));
  }

 private:
  Watch(Context& context,
        grpc::CallbackServerContext* call,
        const Method& method,
        MakeItem<Item> make)
      : context_(context), call_(call), method_(method), make_(std::move(make)) {}

  // Errors: nothing was opened; the call is to be ended with it.
  absl::Status Open(std::string_view topic, const std::string& resume_token) {
    HANDOFF_ASSIGN_OR_RETURN(party_, context_.Authenticate(*call_, method_));
    const std::string stream = StreamName(party_, topic);
    std::optional<std::uint64_t> after;
    if (!resume_token.empty()) {
      HANDOFF_ASSIGN_OR_RETURN(after, context_.tokens().Decode(stream, resume_token));
    }
    HANDOFF_ASSIGN_OR_RETURN(pump_, context_.OpenPump(party_, topic, *this));
    if (!after) {
      pump_->Start(std::nullopt);
      return absl::OkStatus();
    }
    context_.acknowledger().Acknowledge(stream, *after, [pump = pump_, after](absl::Status done) {
      if (done.ok()) {
        pump->Start(after);
      } else {
        pump->Close(std::move(done));
      }
    });
    return absl::OkStatus();
  }

  Context& context_;
  grpc::CallbackServerContext* const call_;
  const Method& method_;
  const MakeItem<Item> make_;
  PartyKey party_;
  std::shared_ptr<StreamPump> pump_;
  Item item_;  // of the write under way
};

}  // namespace handoff::rpc
