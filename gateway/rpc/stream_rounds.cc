#include "gateway/rpc/stream_rounds.h"

#include <utility>
#include <vector>

namespace handoff::rpc {

StreamRounds::StreamRounds(store::Store& store, WorkerPool& pool, StreamRoundsOptions options)
    : options_(options), store_(store), pool_(pool) {}

void StreamRounds::Join(std::shared_ptr<RoundMember> member) {
  {
    absl::MutexLock lock(&mutex_);
    waiting_.push_back(std::move(member));
    if (waiting_.size() > 1) return;
  }
  pool_.Continue([this] { Run(); });
}

void StreamRounds::Run() {
  std::vector<std::shared_ptr<RoundMember>> members;
  bool more = false;
  {
    absl::MutexLock lock(&mutex_);
    while (!waiting_.empty() && members.size() < options_.max_members) {
      members.push_back(std::move(waiting_.front()));
      waiting_.pop_front();
    }
    more = !waiting_.empty();
  }
  // Before this one: another thread may take it.
  if (more) pool_.Continue([this] { Run(); });
  for (const auto& member : members) member->Gather();
  std::shared_ptr<store::CachedSnapshot> snapshot;
  for (const auto& member : members) {
    if (snapshot == nullptr || snapshot->bytes() >= options_.max_snapshot_bytes) {
      snapshot = std::make_shared<store::CachedSnapshot>(store_.GetSnapshot());
    }
    member->Send(snapshot);
  }
}

}  // namespace handoff::rpc
