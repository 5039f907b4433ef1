// The one listener of a store.
#pragma once

#include <functional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

#include "gateway/store/store.h"

namespace handoff::store {

// Thread safety: all methods may be called concurrently.
class Listener {
 public:
  // Returns once no call of the listener before is running any more.
  void Set(std::function<void(const Store::Notice&)> listener) ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    listener_ = std::move(listener);
  }

  void Tell(const Store::Notice& notice) ABSL_LOCKS_EXCLUDED(mutex_) {
    if (!notice.deliveries && notice.streams.empty()) return;
    absl::MutexLock lock(&mutex_);
    if (listener_) listener_(notice);
  }

 private:
  absl::Mutex mutex_;
  std::function<void(const Store::Notice&)> listener_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace handoff::store
