#include "gateway/rpc/stream_pump.h"

#include <exception>
#include <iterator>
#include <utility>
#include <vector>

#include "gateway/base/error.h"
#include "gateway/base/status_macros.h"

namespace handoff::rpc {

namespace {

// What is thrown ends this stream alone.
template <class Step>
auto Guarded(const Step& step) -> decltype(step()) {
  try {
    return step();
  } catch (const std::exception& e) {
    return MakeError(ErrorId::kInternal, "the gateway failed", e.what());
  }
}

}  // namespace

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
  if (!ok) Close(absl::CancelledError("the client is gone"));
  if (!burst_.empty() && !IsClosing()) return WriteNext();
  if (!Rest()) Continue();
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

void StreamPump::Continue() { parts_.rounds.Join(shared_from_this()); }

void StreamPump::Gather() {
  if (!window_.empty() || IsClosing()) return;
  absl::Status filled = Guarded([this] { return Fill(); });
  if (!filled.ok()) Close(std::move(filled));
}

void StreamPump::Send(const std::shared_ptr<store::CachedSnapshot>& snapshot) {
  if (const std::optional<absl::Status> closing = TakeClosing()) {
    registration_.reset();
    sink_.End(*closing);
    return;
  }
  absl::StatusOr<std::optional<delivery::Withheld>> withheld =
      Guarded([&] { return RenderBurst(snapshot); });
  if (!burst_.empty()) return WriteNext();
  if (!withheld.ok()) {
    Close(withheld.status());
  } else if (withheld->has_value()) {
    return Withhold(**withheld);
  }
  if (!Rest()) Continue();
}

absl::StatusOr<std::optional<delivery::Withheld>> StreamPump::RenderBurst(
    const std::shared_ptr<store::CachedSnapshot>& snapshot) {
  burst_.clear();
  std::size_t bytes = 0;
  const auto full = [&] {
    return bytes >= options_.burst_bytes || snapshot->bytes() >= options_.read_bytes;
  };
  while (!window_.empty() && (burst_.empty() || !full())) {
    const v1::Delivery& delivery = window_.front();
    HANDOFF_ASSIGN_OR_RETURN(const bool settled, parts_.withheld.WasWithheld(stream_, delivery));
    if (!settled) {
      HANDOFF_ASSIGN_OR_RETURN(
          Rendered rendered,
          sink_.Render(delivery, parts_.tokens.Encode(stream_, delivery.sequence()), snapshot));
      if (auto* withheld = std::get_if<delivery::Withheld>(&rendered)) return std::move(*withheld);
      burst_.push_back(std::get<std::string>(std::move(rendered)));
      bytes += burst_.back().size();
    }
    Passed();
  }
  return std::nullopt;
}

void StreamPump::WriteNext() {
  std::string item = std::move(burst_.front());
  burst_.pop_front();
  sink_.Write(std::move(item), !burst_.empty());
}

void StreamPump::Withhold(const delivery::Withheld& withheld) {
  parts_.withheld.Record(
      stream_, window_.front(), withheld, [self = shared_from_this()](absl::Status recorded) {
        // Aborted: the doubt ended in between, so it is rendered anew.
        if (recorded.ok()) {
          self->Passed();
        } else if (!absl::IsAborted(recorded)) {
          self->Close(std::move(recorded));
        }
        self->Continue();
      });
}

bool StreamPump::Rest() {
  if (!window_.empty() || !window_is_last_) return false;
  absl::MutexLock lock(&mutex_);
  if (woken_ || closing_) return false;
  busy_ = false;
  return true;
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
  window_is_last_ = items.size() < options_.window;
  window_.assign(std::make_move_iterator(items.begin()), std::make_move_iterator(items.end()));
  return absl::OkStatus();
}

void StreamPump::Passed() {
  cursor_ = window_.front().sequence();
  window_.pop_front();
}

bool StreamPump::IsClosing() {
  absl::MutexLock lock(&mutex_);
  return closing_.has_value();
}

std::optional<absl::Status> StreamPump::TakeClosing() {
  absl::MutexLock lock(&mutex_);
  if (!closing_) return std::nullopt;
  ended_ = true;
  return std::exchange(closing_, std::nullopt);
}

}  // namespace handoff::rpc
