// The tables of the in-memory store: every value that ever was, by the commit that wrote it.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

#include "gateway/base/ids.h"
#include "gateway/store/store.h"
#include "handoff/v1/model.pb.h"

namespace handoff::store {

// Values by key and commit, so that a snapshot is no more than the number of a commit.
template <class Key, class Value>
class Versioned {
 public:
  void Put(const Key& key, std::uint64_t commit, Value value) {
    values_[key].insert_or_assign(commit, std::move(value));
  }

  // As of `commit`; null if there was none yet.
  const Value* At(const Key& key, std::uint64_t commit) const {
    const auto versions = values_.find(key);
    if (versions == values_.end()) return nullptr;
    const auto after = versions->second.upper_bound(commit);
    return after == versions->second.begin() ? nullptr : &std::prev(after)->second;
  }

  // All values of a key, oldest first.
  const std::map<std::uint64_t, Value>& All(const Key& key) const {
    static const auto& none = *new std::map<std::uint64_t, Value>();
    const auto versions = values_.find(key);
    return versions == values_.end() ? none : versions->second;
  }

 private:
  std::map<Key, std::map<std::uint64_t, Value>> values_;
};

struct MemoryTables {
  using LinkName = std::pair<LinkKind, std::string>;
  using Listed = std::tuple<std::uint64_t, std::string, std::string>;  // person, type, id

  absl::Mutex mutex;
  std::uint64_t sequence ABSL_GUARDED_BY(mutex) = 0;
  Versioned<std::string, v1::StoredMessage> messages ABSL_GUARDED_BY(mutex);
  Versioned<ResourceKey, SharedResource> resources ABSL_GUARDED_BY(mutex);
  std::set<Listed> listed ABSL_GUARDED_BY(mutex);  // who a resource is, or once was, about
  Versioned<LinkName, std::string> links ABSL_GUARDED_BY(mutex);
  Versioned<std::uint64_t, v1::Person> persons ABSL_GUARDED_BY(mutex);
  Versioned<std::string, v1::Transition> transitions ABSL_GUARDED_BY(mutex);
  Versioned<std::string, v1::Referral> referrals ABSL_GUARDED_BY(mutex);
  // Party and person, with the first commit that says so.
  std::map<std::pair<std::string, std::uint64_t>, std::uint64_t> visible ABSL_GUARDED_BY(mutex);
  std::map<std::string, std::vector<v1::LedgerRecord>> ledger ABSL_GUARDED_BY(mutex);
  std::map<std::string, v1::Delivery> deliveries ABSL_GUARDED_BY(mutex);  // pending and dead
  std::map<std::string, std::map<std::uint64_t, v1::Delivery>> streams ABSL_GUARDED_BY(mutex);
  std::map<std::string, std::uint64_t> acknowledged ABSL_GUARDED_BY(mutex);
};

}  // namespace handoff::store
