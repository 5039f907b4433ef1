// Moves the items of one store stream to one client: in order, none skipped, a bounded number read
// ahead, each rendered when it is sent.
//
// The pump knows no gRPC: a StreamSink writes and ends. It reads ahead a window of deliveries and
// renders a burst of them at a time, all on one snapshot, which it shares with other streams that
// have something to send at the same moment. A burst is no more than what a transport
// takes at once; only when it is taken the next one is rendered. What is decided of an item is
// decided then: to a client that does not read, a burst may stand in the transport's buffers until
// it does. When the stream is dry the pump sleeps until the hub wakes it. A client that does not
// read leaves an item under way: the pump then holds neither a thread nor more than its window and
// a burst.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

#include "gateway/base/ids.h"
#include "gateway/delivery/renderer.h"
#include "gateway/rpc/resume_token.h"
#include "gateway/rpc/stream_hub.h"
#include "gateway/rpc/stream_rounds.h"
#include "gateway/rpc/withheld_recorder.h"
#include "gateway/store/store.h"

namespace handoff::rpc {

// An item as it goes over the wire, or why it is withheld.
using Rendered = std::variant<std::string, delivery::Withheld>;

// Where items go. One call at a time.
class StreamSink {
 public:
  virtual ~StreamSink() = default;

  // Makes the item of `delivery`, as of `snapshot`. May block; runs on the pool. Errors end the
  // stream; the client resumes.
  virtual absl::StatusOr<Rendered> Render(const v1::Delivery& delivery,
                                          std::string resume_token,
                                          const std::shared_ptr<store::Snapshot>& snapshot) = 0;
  // Starts to write an item; StreamPump::OnWritten() follows. If there is `more`, the next call
  // follows at once, or End() does: the item may wait for it.
  virtual void Write(std::string item, bool more) = 0;
  // The last call.
  virtual void End(const absl::Status& status) = 0;
};

struct StreamPumpOptions {
  // Deliveries read ahead of the burst under way. Range 1..1'000.
  std::size_t window = 64;
  // A burst ends with the item that reaches this. Less than a transport holds back of what may
  // wait (gRPC: 64 KiB), so that only the last of a burst can be held up by the client. Range
  // 1..48 KiB.
  std::size_t burst_bytes = std::size_t{32} << 10;
  // Nor is more rendered on a snapshot that has read this much: little may be told of much. At
  // least 1.
  std::size_t read_bytes = std::size_t{4} << 20;
};

// What pumps share. All outlive them.
struct StreamPumpParts {
  store::Store& store;
  StreamHub& hub;
  StreamRounds& rounds;
  const ResumeTokens& tokens;
  WithheldRecorder& withheld;
};

// Thread safety: all methods may be called concurrently.
class StreamPump final : public StreamListener,
                         public RoundMember,
                         public std::enable_shared_from_this<StreamPump> {
 public:
  // Registers `party`'s `stream` with the hub. Nothing is sent before Start().
  //
  // Errors: StreamHub::Open's; the sink is then not called.
  static absl::StatusOr<std::shared_ptr<StreamPump>> Open(StreamPumpParts parts,
                                                          const StreamPumpOptions& options,
                                                          const PartyKey& party,
                                                          std::string stream,
                                                          StreamSink& sink);

  // Sends what comes after `after`, or after what is acknowledged. Called once; after Close() it
  // has no effect.
  void Start(std::optional<std::uint64_t> after);

  // The item under way was handed to the transport, or the client is gone.
  void OnWritten(bool ok);

  // Ends the stream as soon as no item is under way; the rest of the burst is not sent. The first
  // call decides the status. May be called before Start().
  void Close(absl::Status status);

  void OnAppended() override;
  void OnShutdown() override;

  // Of who holds the turn.
  void Gather() override;
  void Send(const std::shared_ptr<store::CachedSnapshot>& snapshot) override;

 private:
  StreamPump(StreamPumpParts parts,
             const StreamPumpOptions& options,
             std::string stream,
             StreamSink& sink);

  // Each is called by who holds the turn (`busy_`), and passes it on or gives it up.
  void Continue();
  void WriteNext();
  void Withhold(const delivery::Withheld& withheld);
  // Fills `burst_` from the front of the window. A reason: the delivery that is now in front is
  // withheld. Stops at what it cannot render; that is an error if nothing was rendered before it.
  absl::StatusOr<std::optional<delivery::Withheld>> RenderBurst(
      const std::shared_ptr<store::CachedSnapshot>& snapshot);
  // Gives the turn up if there is nothing to do until the hub wakes the pump; false: there is.
  bool Rest();

  absl::Status Fill();
  void Passed();
  bool IsClosing();
  std::optional<absl::Status> TakeClosing();

  const StreamPumpParts parts_;
  const StreamPumpOptions options_;
  const std::string stream_;
  StreamSink& sink_;

  // Touched only by who holds the turn.
  std::unique_ptr<StreamHub::Registration> registration_;
  std::optional<std::uint64_t> cursor_;  // the last item that was rendered or withheld
  std::deque<v1::Delivery> window_;      // what comes after it
  bool window_is_last_ = false;          // there was nothing behind it when it was read
  std::deque<std::string> burst_;        // rendered and not yet under way

  absl::Mutex mutex_;
  bool started_ ABSL_GUARDED_BY(mutex_) = false;
  bool busy_ ABSL_GUARDED_BY(mutex_) = false;  // someone holds the turn
  bool woken_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<absl::Status> closing_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace handoff::rpc
