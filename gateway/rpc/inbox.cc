#include "gateway/rpc/inbox.h"

#include <algorithm>
#include <utility>

#include "gateway/base/status_macros.h"
#include "gateway/rpc/wire_buffer.h"
#include "gateway/store/streams.h"
#include "handoff/v1/services.pb.h"

namespace handoff::rpc {

Inbox* Inbox::Start(Context& context,
                    grpc::CallbackServerContext* call,
                    const Method& method,
                    std::string_view topic,
                    MakeItem make) {
  std::shared_ptr<Inbox> inbox(new Inbox(context, call, method, std::move(make)));
  inbox->self_ = inbox;
  if (const absl::Status opened = inbox->Open(topic); !opened.ok()) inbox->End(opened);
  return inbox.get();
}

Inbox::Inbox(Context& context,
             grpc::CallbackServerContext* call,
             const Method& method,
             MakeItem make)
    : context_(context), call_(call), method_(method), make_(std::move(make)) {}

absl::Status Inbox::Open(std::string_view topic) {
  HANDOFF_ASSIGN_OR_RETURN(party_, context_.Authenticate(*call_, method_));
  stream_ = store::StreamName(party_, topic);
  HANDOFF_ASSIGN_OR_RETURN(pump_, context_.OpenPump(party_, topic, *this));
  // By itself: it would wait with an item that may wait for more.
  StartSendInitialMetadata();
  ReadNext();
  return absl::OkStatus();
}

void Inbox::ReadNext() {
  absl::MutexLock lock(&mutex_);
  if (!ended_) StartRead(&request_);
}

void Inbox::OnReadDone(bool ok) {
  if (!ok) return HalfClosed();
  if (absl::Status handled = Handle(request_); !handled.ok()) {
    pump_->Close(std::move(handled));
    return;
  }
  ReadNext();
}

absl::Status Inbox::Handle(const grpc::ByteBuffer& encoded) {
  v1::InboxRequest request;
  HANDOFF_RETURN_IF_ERROR(ReadBuffer(encoded, &request));
  if (!request.acknowledge().empty()) {
    HANDOFF_ASSIGN_OR_RETURN(const std::uint64_t sequence,
                             context_.tokens().Decode(stream_, request.acknowledge()));
    Acknowledge(sequence);
  }
  if (std::exchange(opened_, true)) return absl::OkStatus();
  std::optional<std::uint64_t> after;
  if (!request.resume_token().empty()) {
    HANDOFF_ASSIGN_OR_RETURN(after, context_.tokens().Decode(stream_, request.resume_token()));
  }
  pump_->Start(after);
  return absl::OkStatus();
}

void Inbox::Acknowledge(std::uint64_t sequence) {
  {
    absl::MutexLock lock(&mutex_);
    if (acknowledging_) {
      next_acknowledgement_ = std::max(next_acknowledgement_.value_or(0), sequence);
      return;
    }
    acknowledging_ = true;
  }
  context_.acknowledger().Acknowledge(
      stream_, sequence, [self = shared_from_this()](absl::Status status) {
        self->Acknowledged(std::move(status));
      });
}

void Inbox::Acknowledged(absl::Status status) {
  std::optional<std::uint64_t> next;
  bool all_said = false;
  {
    absl::MutexLock lock(&mutex_);
    acknowledging_ = false;
    next = std::exchange(next_acknowledgement_, std::nullopt);
    all_said = half_closed_ && !next;
  }
  if (!status.ok()) {
    pump_->Close(std::move(status));
  } else if (next) {
    Acknowledge(*next);
  } else if (all_said) {
    pump_->Close(absl::OkStatus());
  }
}

void Inbox::HalfClosed() {
  {
    absl::MutexLock lock(&mutex_);
    half_closed_ = true;
    if (acknowledging_) return;
  }
  pump_->Close(absl::OkStatus());
}

void Inbox::OnWriteDone(bool ok) { pump_->OnWritten(ok); }

void Inbox::OnCancel() {
  if (pump_ != nullptr) pump_->Close(absl::CancelledError("the client is gone"));
}

void Inbox::OnDone() { self_.reset(); }

absl::StatusOr<Rendered> Inbox::Render(const v1::Delivery& delivery,
                                       std::string resume_token,
                                       const std::shared_ptr<store::Snapshot>& snapshot) {
  HANDOFF_RETURN_IF_ERROR(context_.Authenticate(*call_, method_).status());
  return make_(context_, {party_, delivery, std::move(resume_token), snapshot});
}

void Inbox::Write(std::string item, bool more) {
  item_ = ToBuffer(std::move(item));
  StartWrite(&item_, WriteOptionsFor(more));
}

void Inbox::End(const absl::Status& status) {
  // gRPC may let go of the call as soon as it is finished.
  const auto self = shared_from_this();
  absl::MutexLock lock(&mutex_);
  ended_ = true;
  Finish(context_.End(*call_, method_, status));
}

}  // namespace handoff::rpc
