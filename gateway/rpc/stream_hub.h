// Which streams are open, and whom to wake when something was appended to one.
//
// The composition root passes on what the store's listener tells; the server closes the hub when
// it shuts down.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

#include "gateway/base/ids.h"

namespace prometheus {
class Gauge;
}

namespace handoff::rpc {

// One open stream, as the hub sees it. Calls come from any thread and must not block.
class StreamListener {
 public:
  virtual ~StreamListener() = default;
  virtual void OnAppended() = 0;
  virtual void OnShutdown() = 0;
};

struct StreamHubOptions {
  // Open streams of one party before another is refused. Range 1..10'000.
  std::size_t max_streams_per_party = 64;
};

// Thread safety: all methods may be called concurrently.
class StreamHub {
 public:
  // An open stream; ends with this object. Must not outlive the hub.
  class Registration {
   public:
    Registration(StreamHub& hub, std::uint64_t id) : hub_(hub), id_(id) {}
    Registration(const Registration&) = delete;
    Registration& operator=(const Registration&) = delete;
    ~Registration() { hub_.Remove(id_); }

   private:
    StreamHub& hub_;
    const std::uint64_t id_;
  };

  StreamHub(StreamHubOptions options, prometheus::Gauge& streams_open);

  // `stream` may be empty: the stream is counted and told of the shutdown, but never woken.
  //
  // Errors:
  //   kResourceExhausted  the party has as many streams open as it may
  //   kUnavailable        the hub is closed
  absl::StatusOr<std::unique_ptr<Registration>> Open(const PartyKey& party,
                                                     const std::string& stream,
                                                     std::weak_ptr<StreamListener> listener);

  // Wakes the listeners of these streams. Cheap enough for the committer's thread.
  void Notify(const std::vector<std::string>& streams);

  // Tells every listener to end its stream, and refuses new ones.
  void Close();

 private:
  struct Entry {
    PartyKey party;
    std::string stream;
    std::weak_ptr<StreamListener> listener;
  };

  void Remove(std::uint64_t id);

  const StreamHubOptions options_;
  prometheus::Gauge& streams_open_;

  absl::Mutex mutex_;
  absl::flat_hash_map<std::uint64_t, Entry> entries_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, std::vector<std::uint64_t>> by_stream_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<PartyKey, std::size_t> open_ ABSL_GUARDED_BY(mutex_);
  std::uint64_t next_id_ ABSL_GUARDED_BY(mutex_) = 1;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace handoff::rpc
