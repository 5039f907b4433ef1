#include "gateway/rpc/watch.h"

#include <cstdint>
#include <optional>
#include <utility>

#include "gateway/base/status_macros.h"
#include "gateway/rpc/wire_buffer.h"
#include "gateway/store/streams.h"
#include "handoff/v1/services.pb.h"

namespace handoff::rpc {

Watch* Watch::Start(Context& context,
                    grpc::CallbackServerContext* call,
                    const Method& method,
                    std::string_view topic,
                    const grpc::ByteBuffer& request,
                    MakeItem make) {
  auto* const watch = new Watch(context, call, method, std::move(make));
  if (const absl::Status opened = watch->Open(topic, request); !opened.ok()) watch->End(opened);
  return watch;
}

Watch::Watch(Context& context,
             grpc::CallbackServerContext* call,
             const Method& method,
             MakeItem make)
    : context_(context), call_(call), method_(method), make_(std::move(make)) {}

absl::Status Watch::Open(std::string_view topic, const grpc::ByteBuffer& request) {
  HANDOFF_ASSIGN_OR_RETURN(party_, context_.Authenticate(*call_, method_));
  v1::WatchRequest watch;
  HANDOFF_RETURN_IF_ERROR(ReadBuffer(request, &watch));
  const std::string stream = store::StreamName(party_, topic);
  std::optional<std::uint64_t> after;
  if (!watch.resume_token().empty()) {
    HANDOFF_ASSIGN_OR_RETURN(after, context_.tokens().Decode(stream, watch.resume_token()));
  }
  HANDOFF_ASSIGN_OR_RETURN(pump_, context_.OpenPump(party_, topic, *this));
  // By itself: it would wait with an item that may wait for more.
  StartSendInitialMetadata();
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

void Watch::OnCancel() {
  if (pump_ != nullptr) pump_->Close(absl::CancelledError("the client is gone"));
}

absl::StatusOr<Rendered> Watch::Render(const v1::Delivery& delivery,
                                       std::string resume_token,
                                       const std::shared_ptr<store::Snapshot>& snapshot) {
  HANDOFF_RETURN_IF_ERROR(context_.Authenticate(*call_, method_).status());
  return make_(context_, {party_, delivery, std::move(resume_token), snapshot});
}

void Watch::Write(std::string item, bool more) {
  item_ = ToBuffer(std::move(item));
  StartWrite(&item_, WriteOptionsFor(more));
}

void Watch::End(const absl::Status& status) { Finish(context_.End(*call_, method_, status)); }

}  // namespace handoff::rpc
