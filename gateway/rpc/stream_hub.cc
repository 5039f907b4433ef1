#include "gateway/rpc/stream_hub.h"

#include <utility>

#include <prometheus/gauge.h>

#include "gateway/base/error.h"

namespace handoff::rpc {

StreamHub::StreamHub(StreamHubOptions options, prometheus::Gauge& streams_open)
    : options_(options), streams_open_(streams_open) {}

absl::StatusOr<std::unique_ptr<StreamHub::Registration>> StreamHub::Open(
    const PartyKey& party, const std::string& stream, std::weak_ptr<StreamListener> listener) {
  absl::MutexLock lock(&mutex_);
  if (closed_) return MakeError(ErrorId::kUnavailable, "the gateway is shutting down");
  std::size_t& open = open_[party];
  if (open >= options_.max_streams_per_party) {
    return MakeError(ErrorId::kTooMany, "too many streams of this party are open");
  }
  ++open;
  const std::uint64_t id = next_id_++;
  if (!stream.empty()) by_stream_[stream].push_back(id);
  entries_.emplace(id, Entry{party, stream, std::move(listener)});
  streams_open_.Increment();
  return std::make_unique<Registration>(*this, id);
}

void StreamHub::Notify(const std::vector<std::string>& streams) {
  std::vector<std::shared_ptr<StreamListener>> awake;
  {
    absl::MutexLock lock(&mutex_);
    for (const std::string& stream : streams) {
      const auto found = by_stream_.find(stream);
      if (found == by_stream_.end()) continue;
      for (const std::uint64_t id : found->second) {
        if (auto listener = entries_.at(id).listener.lock()) awake.push_back(std::move(listener));
      }
    }
  }
  for (const auto& listener : awake) listener->OnAppended();
}

void StreamHub::Close() {
  std::vector<std::shared_ptr<StreamListener>> all;
  {
    absl::MutexLock lock(&mutex_);
    closed_ = true;
    for (const auto& [id, entry] : entries_) {
      if (auto listener = entry.listener.lock()) all.push_back(std::move(listener));
    }
  }
  for (const auto& listener : all) listener->OnShutdown();
}

void StreamHub::Remove(std::uint64_t id) {
  absl::MutexLock lock(&mutex_);
  const auto found = entries_.find(id);
  const Entry& entry = found->second;
  if (const auto open = open_.find(entry.party); --open->second == 0) open_.erase(open);
  if (const auto ids = by_stream_.find(entry.stream); ids != by_stream_.end()) {
    std::erase(ids->second, id);
    if (ids->second.empty()) by_stream_.erase(ids);
  }
  entries_.erase(found);
  streams_open_.Decrement();
}

}  // namespace handoff::rpc
