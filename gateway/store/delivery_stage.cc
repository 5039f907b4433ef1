#include "gateway/store/delivery_stage.h"

#include <algorithm>
#include <utility>

namespace handoff::store {
namespace {

// A delivery's sequence is its commit's and its place in the batch: it grows within every lane and
// needs no counter that would have to be kept. 2^37 commits stay below 2^53, which JSON carries.
constexpr int kIndexBits = 16;
constexpr std::size_t kMaxAdded = std::size_t{1} << kIndexBits;

bool IsIn(const std::optional<DeliveryPlace>& place, v1::DeliveryState state) {
  return place && place->state == state;
}

bool IsWaiting(const std::optional<DeliveryPlace>& place) {
  return IsIn(place, v1::DELIVERY_STATE_PENDING) || IsIn(place, v1::DELIVERY_STATE_HELD);
}

}  // namespace

void StagedDeliveries::ApplyTo(DeliveryBook& book) const {
  for (const DeliveryChange& change : deliveries) {
    if (change.after) {
      book.Put(change.id, *change.after);
    } else {
      book.Remove(change.id);
    }
  }
}

void StagedDeliveries::AddTo(Store::Notice& notice) const {
  for (const DeliveryChange& change : deliveries) {
    if (IsIn(change.after, v1::DELIVERY_STATE_PENDING)) notice.deliveries = true;
  }
  for (const StreamChange& change : streams) {
    if (change.item && std::find(notice.streams.begin(), notice.streams.end(), change.stream) ==
                           notice.streams.end()) {
      notice.streams.push_back(change.stream);
    }
  }
}

DeliveryStage::DeliveryStage(const DeliveryBook& book,
                             Streams& streams,
                             const StoreOptions& options)
    : book_(book),
      streams_(streams),
      options_(options),
      waiting_(book.pending() + book.held()),
      dead_(book.dead()) {}

absl::StatusOr<StagedDeliveries> DeliveryStage::Add(Batch& batch, std::uint64_t commit) {
  if (absl::Status status = Check(batch); !status.ok()) return status;
  StagedDeliveries staged;
  StageDeliveries(batch, commit, staged);
  StageStreams(batch, staged);
  return staged;
}

absl::Status DeliveryStage::Check(const Batch& batch) const {
  std::size_t added = 0;
  std::size_t settled = 0;
  for (const v1::Delivery& delivery : batch.settle) {
    if (delivery.state() != v1::DELIVERY_STATE_DELIVERED &&
        delivery.state() != v1::DELIVERY_STATE_WITHHELD &&
        delivery.state() != v1::DELIVERY_STATE_DEAD &&
        delivery.state() != v1::DELIVERY_STATE_HELD) {
      return absl::InvalidArgumentError("a settled delivery is delivered, withheld, dead or held");
    }
    if (delivery.state() != v1::DELIVERY_STATE_HELD && IsWaiting(Find(delivery.id()))) ++settled;
  }
  std::size_t kept = 0;
  for (const v1::Delivery& delivery : batch.enqueue) {
    if (Find(delivery.id())) continue;
    // Held instead of given to its recipient: the bound of its stream has counted it.
    const bool passed_over =
        delivery.state() == v1::DELIVERY_STATE_HELD && !delivery.recipient().empty();
    ++(passed_over ? kept : added);
  }
  if (added > 0 && dead_ >= options_.max_dead_letters) {
    return absl::ResourceExhaustedError("too many dead letters wait for an operator");
  }
  for (const v1::Delivery& delivery : batch.replay) {
    if (IsIn(Find(delivery.id()), v1::DELIVERY_STATE_DEAD)) ++added;
  }
  if (added + kept >= kMaxAdded)
    return absl::InvalidArgumentError("too many deliveries in one commit");
  if (added > settled && waiting_ + added - settled > options_.max_pending_deliveries) {
    return absl::ResourceExhaustedError("too many deliveries are pending");
  }
  return CheckStreams(batch);
}

// What is not acknowledged never gives way.
absl::Status DeliveryStage::CheckStreams(const Batch& batch) const {
  absl::flat_hash_map<std::string, std::uint64_t> added;
  for (const StreamItem& item : batch.append) ++added[item.stream];
  for (const auto& [stream, items] : added) {
    const auto known = streams_.find(stream);
    const std::uint64_t waiting =
        known == streams_.end() ? 0 : known->second.last - known->second.acknowledged;
    if (waiting + items > options_.max_stream_items) {
      return absl::ResourceExhaustedError("too many items of a stream are not acknowledged");
    }
  }
  return absl::OkStatus();
}

void DeliveryStage::StageDeliveries(Batch& batch, std::uint64_t commit, StagedDeliveries& staged) {
  for (v1::Delivery& delivery : batch.settle) {
    const auto before = Find(delivery.id());
    if (!IsWaiting(before)) continue;
    auto after = before;
    after->state = delivery.state();
    const bool stays =
        delivery.state() == v1::DELIVERY_STATE_DEAD || delivery.state() == v1::DELIVERY_STATE_HELD;
    if (!stays) after.reset();
    Move(staged, std::move(delivery), before, std::move(after));
  }
  // Pending at the same place of the lane, due when it says.
  const auto put_back = [&](std::vector<v1::Delivery>& deliveries, v1::DeliveryState from) {
    for (v1::Delivery& delivery : deliveries) {
      const auto before = Find(delivery.id());
      if (!IsIn(before, from)) continue;
      auto after = before;
      after->state = v1::DELIVERY_STATE_PENDING;
      after->due_us = delivery.due_us();
      Move(staged, std::move(delivery), before, std::move(after));
    }
  };
  put_back(batch.reschedule, v1::DELIVERY_STATE_PENDING);
  put_back(batch.release, v1::DELIVERY_STATE_HELD);
  std::uint64_t next = commit << kIndexBits;
  for (v1::Delivery& delivery : batch.enqueue) {
    if (Find(delivery.id())) continue;
    DeliveryPlace place{.state = delivery.state() == v1::DELIVERY_STATE_HELD
                                     ? v1::DELIVERY_STATE_HELD
                                     : v1::DELIVERY_STATE_PENDING,
                        .recipient = delivery.recipient(),
                        .person = delivery.person_id(),
                        .sequence = next++,
                        .due_us = delivery.due_us()};
    Move(staged, std::move(delivery), std::nullopt, std::move(place));
  }
  for (v1::Delivery& delivery : batch.replay) {
    const auto before = Find(delivery.id());
    if (!IsIn(before, v1::DELIVERY_STATE_DEAD)) continue;
    auto after = before;
    after->state = v1::DELIVERY_STATE_PENDING;
    after->sequence = next++;
    after->due_us = delivery.due_us();
    Move(staged, std::move(delivery), before, std::move(after));
    staged.deliveries.back().delivery.set_attempts(0);
    staged.deliveries.back().delivery.set_settled_us(0);
  }
  for (const std::string& id : batch.discard) {
    const auto before = Find(id);
    if (!IsIn(before, v1::DELIVERY_STATE_DEAD)) continue;
    v1::Delivery delivery;
    delivery.set_id(id);
    Move(staged, std::move(delivery), before, std::nullopt);
  }
}

void DeliveryStage::StageStreams(Batch& batch, StagedDeliveries& staged) {
  for (StreamItem& item : batch.append) {
    StreamState& state = streams_[item.stream];
    StreamChange& change = staged.streams.emplace_back();
    change.stream = item.stream;
    change.item = std::move(item.delivery);
    change.item->set_sequence(++state.last);
    if (state.last > options_.max_stream_items) {
      change.remove = state.last - options_.max_stream_items;
    }
  }
  for (const StreamAck& ack : batch.acknowledge) {
    const auto entry = streams_.find(ack.stream);
    if (entry == streams_.end()) continue;
    StreamState& state = entry->second;
    const std::uint64_t position = std::min(ack.sequence, state.last);
    if (position <= state.acknowledged) continue;
    state.acknowledged = position;
    StreamChange& change = staged.streams.emplace_back();
    change.stream = ack.stream;
    change.acknowledged = position;
  }
}

std::optional<DeliveryPlace> DeliveryStage::Find(const std::string& id) const {
  if (const auto moved = moved_.find(id); moved != moved_.end()) return moved->second;
  return book_.Find(id);
}

void DeliveryStage::Move(StagedDeliveries& staged,
                         v1::Delivery delivery,
                         std::optional<DeliveryPlace> before,
                         std::optional<DeliveryPlace> after) {
  if (IsWaiting(before)) --waiting_;
  if (IsWaiting(after)) ++waiting_;
  if (IsIn(before, v1::DELIVERY_STATE_DEAD)) --dead_;
  if (IsIn(after, v1::DELIVERY_STATE_DEAD)) ++dead_;
  moved_.insert_or_assign(delivery.id(), after);
  DeliveryChange& change = staged.deliveries.emplace_back();
  change.id = delivery.id();
  change.before = std::move(before);
  change.delivery = std::move(delivery);
  if (after) {
    change.delivery.set_state(after->state);
    change.delivery.set_sequence(after->sequence);
    change.delivery.set_recipient(after->recipient);
    change.delivery.set_person_id(after->person);
  }
  change.after = std::move(after);
}

}  // namespace handoff::store
