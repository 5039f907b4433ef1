// Moves the items of one store stream to one client: in order, none skipped, a bounded number read
// ahead, each rendered at the moment it is sent.
//
// The pump knows no gRPC: a StreamSink writes and ends. It reads ahead a window of deliveries, has
// one item under way at a time, and sleeps until the hub wakes it when the stream is dry. A client
// that does not read leaves its item under way: the pump then holds neither a thread nor more than
// its window.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

#include "gateway/base/ids.h"
#include "gateway/base/worker_pool.h"
#include "gateway/rpc/resume_token.h"
#include "gateway/rpc/stream_hub.h"
#include "gateway/rpc/withheld_recorder.h"
#include "gateway/store/store.h"

namespace handoff::rpc {

// Where items go. One call at a time, on threads of the pool.
class StreamSink {
 public:
  virtual ~StreamSink() = default;

  // Makes the item of `delivery`. A text: it is withheld, and why. May block.
  // Errors end the stream; the client resumes.
  virtual absl::StatusOr<std::optional<std::string>> Render(const v1::Delivery& delivery,
                                                            std::string resume_token) = 0;
  // Starts to write what Render() made; StreamPump::OnWritten() follows.
  virtual void Write() = 0;
  // The last call.
  virtual void End(const absl::Status& status) = 0;
};

struct StreamPumpOptions {
  // Deliveries read ahead of the one under way. Range 1..1'000.
  std::size_t window = 64;
};

// What pumps share. All outlive them.
struct StreamPumpParts {
  store::Store& store;
  StreamHub& hub;
  WorkerPool& pool;
  const ResumeTokens& tokens;
  WithheldRecorder& withheld;
};

// Thread safety: all methods may be called concurrently.
class StreamPump final : public StreamListener, public std::enable_shared_from_this<StreamPump> {
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

  // Ends the stream as soon as no item is under way. The first call decides the status.
  // May be called before Start().
  void Close(absl::Status status);

  void OnAppended() override;
  void OnShutdown() override;

 private:
  StreamPump(StreamPumpParts parts,
             const StreamPumpOptions& options,
             std::string stream,
             StreamSink& sink);

  // Each is called by who holds the turn (`busy_`), and passes it on or gives it up.
  void Step();
  void Continue();
  void Withhold(const v1::Delivery& delivery, std::string reason);
  absl::StatusOr<std::optional<std::string>> Render(const v1::Delivery& delivery);
  // True: the turn stays here, look again. False: it was given up.
  bool KeepTurnWhenDry();

  absl::Status Fill();
  void Passed();
  std::optional<absl::Status> TakeClosing();

  const StreamPumpParts parts_;
  const StreamPumpOptions options_;
  const std::string stream_;
  StreamSink& sink_;

  // Touched only by who holds the turn.
  std::unique_ptr<StreamHub::Registration> registration_;
  std::optional<std::uint64_t> cursor_;  // the last item that was sent or withheld
  std::deque<v1::Delivery> window_;      // what comes after it

  absl::Mutex mutex_;
  bool started_ ABSL_GUARDED_BY(mutex_) = false;
  bool busy_ ABSL_GUARDED_BY(mutex_) = false;  // someone holds the turn
  bool woken_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<absl::Status> closing_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace handoff::rpc
