#include "gateway/rpc/stream_pump.h"

#include <exception>
#include <iterator>
#include <utility>
#include <vector>

#include "gateway/base/error.h"
#include "gateway/base/status_macros.h"

namespace handoff::rpc {

absl::StatusOr<std::shared_ptr<StreamPump>> StreamPump::Open(StreamPumpParts parts,
                                                             const StreamPumpOptions& options,
                                                             const PartyKey& party,
                                                             std::string stream,
                                                             StreamSink& sink) {
  std::shared_ptr<StreamPump> pump(new StreamPump(parts, options, std::move(stream), sink));
  HANDOFF_ASSIGN_OR_RETURN(pump->registration_, parts.hub.Open(party, pump->stream_, pump));
  return pump;
}

StreamPump::StreamPump(StreamPumpParts parts,
                       const StreamPumpOptions& options,
                       std::string stream,
                       StreamSink& sink)
    : parts_(parts), options_(options), stream_(std::move(stream)), sink_(sink) {}

void StreamPump::Start(std::optional<std::uint64_t> after) {
  {
    absl::MutexLock lock(&mutex_);
    if (closing_ || ended_) return;
    cursor_ = after;
    started_ = true;
    busy_ = true;
  }
  Continue();
}

void StreamPump::OnWritten(bool ok) {
  if (ok) {
    Passed();
  } else {
    Close(absl::CancelledError("the client is gone"));
  }
  Continue();
}

void StreamPump::Close(absl::Status status) {
  {
    absl::MutexLock lock(&mutex_);
    if (closing_ || ended_) return;
    closing_ = std::move(status);
    if (busy_) return;
    busy_ = true;
  }
  Continue();
}

void StreamPump::OnAppended() {
  {
    absl::MutexLock lock(&mutex_);
    if (ended_ || !started_) return;
    woken_ = true;
    if (busy_) return;
    busy_ = true;
  }
  Continue();
}

void StreamPump::OnShutdown() {
  Close(MakeError(ErrorId::kUnavailable, "the gateway is shutting down; resume later"));
}

void StreamPump::Continue() {
  parts_.pool.Continue([self = shared_from_this()] { self->Step(); });
}

void StreamPump::Step() {
  while (true) {
    if (const std::optional<absl::Status> closing = TakeClosing()) {
      registration_.reset();
      sink_.End(*closing);
      return;
    }
    if (window_.empty()) {
      if (absl::Status filled = Fill(); !filled.ok()) {
        Close(std::move(filled));
        continue;
      }
      if (window_.empty()) {
        if (KeepTurnWhenDry()) continue;
        return;
      }
    }
    const v1::Delivery& delivery = window_.front();
    const absl::StatusOr<bool> settled = parts_.withheld.WasWithheld(delivery);
    if (!settled.ok()) {
      Close(settled.status());
      continue;
    }
    if (*settled) {
      Passed();
      continue;
    }
    absl::StatusOr<std::optional<std::string>> rendered = Render(delivery);
    if (!rendered.ok()) {
      Close(rendered.status());
      continue;
    }
    if (rendered->has_value()) return Withhold(delivery, **std::move(rendered));
    sink_.Write();
    return;
  }
}

absl::StatusOr<std::optional<std::string>> StreamPump::Render(const v1::Delivery& delivery) {
  try {
    return sink_.Render(delivery, parts_.tokens.Encode(stream_, delivery.sequence()));
  } catch (const std::exception& e) {
    return MakeError(ErrorId::kInternal, "the gateway failed", e.what());
  }
}

void StreamPump::Withhold(const v1::Delivery& delivery, std::string reason) {
  parts_.withheld.Record(
      delivery, std::move(reason), [self = shared_from_this()](absl::Status recorded) {
        if (recorded.ok()) {
          self->Passed();
        } else {
          self->Close(std::move(recorded));
        }
        self->Continue();
      });
}

bool StreamPump::KeepTurnWhenDry() {
  absl::MutexLock lock(&mutex_);
  if (woken_ || closing_) return true;
  busy_ = false;
  return false;
}

absl::Status StreamPump::Fill() {
  {
    // Whoever appends after this read wakes us again.
    absl::MutexLock lock(&mutex_);
    woken_ = false;
  }
  if (!cursor_) {
    HANDOFF_ASSIGN_OR_RETURN(cursor_, parts_.store.StreamPosition(stream_));
  }
  HANDOFF_ASSIGN_OR_RETURN(std::vector<v1::Delivery> items,
                           parts_.store.ReadStream(stream_, *cursor_, options_.window));
  window_.assign(std::make_move_iterator(items.begin()), std::make_move_iterator(items.end()));
  return absl::OkStatus();
}

void StreamPump::Passed() {
  cursor_ = window_.front().sequence();
  window_.pop_front();
}

std::optional<absl::Status> StreamPump::TakeClosing() {
  absl::MutexLock lock(&mutex_);
  if (!closing_) return std::nullopt;
  ended_ = true;
  return std::exchange(closing_, std::nullopt);
}

}  // namespace handoff::rpc
