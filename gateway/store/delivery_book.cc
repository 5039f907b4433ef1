#include "gateway/store/delivery_book.h"

#include <algorithm>
#include <queue>

namespace handoff::store {

void DeliveryBook::Shelf::Put(const std::string& id, DeliveryPlace place) {
  by_recipient[place.recipient].insert(id);
  by_id.emplace(id, std::move(place));
}

void DeliveryBook::Shelf::Remove(std::map<std::string, DeliveryPlace>::iterator entry) {
  const auto recipient = by_recipient.find(entry->second.recipient);
  recipient->second.erase(entry->first);
  if (recipient->second.empty()) by_recipient.erase(recipient);
  by_id.erase(entry);
}

void DeliveryBook::Put(const std::string& id, DeliveryPlace place) {
  absl::MutexLock lock(&mutex_);
  Erase(id);
  if (place.state != v1::DELIVERY_STATE_PENDING) {
    Shelf& shelf = place.state == v1::DELIVERY_STATE_DEAD ? dead_ : held_;
    shelf.Put(id, std::move(place));
    return;
  }
  const auto lane = lanes_.try_emplace(LaneId(place.recipient, place.person)).first;
  lane->second.queue.emplace(place.sequence, Waiting{id, place.due_us});
  pending_.Put(id, std::move(place));
  Reindex(lane);
}

void DeliveryBook::Remove(const std::string& id) {
  absl::MutexLock lock(&mutex_);
  Erase(id);
}

void DeliveryBook::Erase(const std::string& id) {
  for (Shelf* shelf : {&dead_, &held_}) {
    if (const auto entry = shelf->by_id.find(id); entry != shelf->by_id.end()) shelf->Remove(entry);
  }
  const auto pending = pending_.by_id.find(id);
  if (pending == pending_.by_id.end()) return;
  const DeliveryPlace& place = pending->second;
  const auto lane = lanes_.find(LaneId(place.recipient, place.person));
  const auto waiting = lane->second.queue.find(place.sequence);
  if (place.sequence == lane->second.leased) lane->second.leased_until_us = 0;
  lane->second.queue.erase(waiting);
  pending_.Remove(pending);
  Reindex(lane);
}

void DeliveryBook::Reindex(Lanes::iterator entry) {
  const auto& [id, lane] = *entry;
  Turns& turns = turns_[id.first];
  if (lane.turn) turns.erase(*lane.turn);
  if (lane.queue.empty()) {
    if (turns.empty()) turns_.erase(id.first);
    lanes_.erase(entry);
    return;
  }
  const auto& [sequence, head] = *lane.queue.begin();
  entry->second.turn.emplace(std::max(head.due_us, lane.leased_until_us), sequence, &id);
  turns.insert(*lane.turn);
}

std::optional<DeliveryPlace> DeliveryBook::Find(const std::string& id) const {
  absl::MutexLock lock(&mutex_);
  for (const Shelf* shelf : {&pending_, &dead_, &held_}) {
    if (const auto entry = shelf->by_id.find(id); entry != shelf->by_id.end()) return entry->second;
  }
  return std::nullopt;
}

std::vector<std::string> DeliveryBook::List(v1::DeliveryState state,
                                            const std::string& recipient,
                                            const std::string& after_id,
                                            std::size_t limit) const {
  std::vector<std::string> ids;
  absl::MutexLock lock(&mutex_);
  const Shelf* const shelf = ShelfOf(state);
  if (shelf == nullptr) return ids;
  if (recipient.empty()) {
    auto entry = shelf->by_id.upper_bound(after_id);
    for (; entry != shelf->by_id.end() && ids.size() < limit; ++entry) ids.push_back(entry->first);
    return ids;
  }
  const auto own = shelf->by_recipient.find(recipient);
  if (own == shelf->by_recipient.end()) return ids;
  auto id = own->second.upper_bound(after_id);
  for (; id != own->second.end() && ids.size() < limit; ++id) ids.push_back(*id);
  return ids;
}

std::size_t DeliveryBook::pending() const {
  absl::MutexLock lock(&mutex_);
  return pending_.by_id.size();
}

std::size_t DeliveryBook::dead() const {
  absl::MutexLock lock(&mutex_);
  return dead_.by_id.size();
}

std::size_t DeliveryBook::held() const {
  absl::MutexLock lock(&mutex_);
  return held_.by_id.size();
}

std::vector<Backlog> DeliveryBook::Backlogs() const {
  std::vector<Backlog> backlogs;
  absl::MutexLock lock(&mutex_);
  for (const v1::DeliveryState state :
       {v1::DELIVERY_STATE_PENDING, v1::DELIVERY_STATE_HELD, v1::DELIVERY_STATE_DEAD}) {
    for (const auto& [recipient, ids] : ShelfOf(state)->by_recipient) {
      backlogs.push_back({recipient, state, ids.size(), *ids.begin()});
    }
  }
  return backlogs;
}

const DeliveryBook::Shelf* DeliveryBook::ShelfOf(v1::DeliveryState state) const {
  switch (state) {
    case v1::DELIVERY_STATE_PENDING:
      return &pending_;
    case v1::DELIVERY_STATE_DEAD:
      return &dead_;
    case v1::DELIVERY_STATE_HELD:
      return &held_;
    default:
      return nullptr;
  }
}

std::vector<Claim> DeliveryBook::ClaimDue(Timestamp now,
                                          std::chrono::milliseconds lease,
                                          std::size_t limit,
                                          const Store::Wanted& wanted,
                                          const Load& load) {
  std::vector<Claim> claims;
  absl::MutexLock lock(&mutex_);
  for (auto& [lane, delivery] : Select(now, limit, wanted, load)) {
    lane->second.leased_until_us = ToMicros(now + lease);
    lane->second.leased = lane->second.queue.begin()->first;
    Reindex(lane);
    if (delivery) claims.push_back(Claim{*std::move(delivery)});
  }
  return claims;
}

std::vector<std::pair<DeliveryBook::Lanes::iterator, std::optional<v1::Delivery>>>
DeliveryBook::Select(Timestamp now,
                     std::size_t limit,
                     const Store::Wanted& wanted,
                     const Load& load) {
  using Next = std::pair<Turns::const_iterator, Turns::const_iterator>;  // turn, end of turns
  const auto later = [](const Next& a, const Next& b) { return *b.first < *a.first; };
  std::priority_queue<Next, std::vector<Next>, decltype(later)> due(later);
  const auto consider = [&](Turns::const_iterator turn, Turns::const_iterator end) {
    if (turn != end && std::get<0>(*turn) <= ToMicros(now)) due.emplace(turn, end);
  };
  for (const auto& [recipient, turns] : turns_) consider(turns.begin(), turns.end());

  std::vector<std::pair<Lanes::iterator, std::optional<v1::Delivery>>> selected;
  while (!due.empty() && selected.size() < limit) {
    const auto [turn, end] = due.top();
    due.pop();
    const auto lane = lanes_.find(*std::get<2>(*turn));
    const std::string& id = lane->second.queue.begin()->second.id;
    std::optional<v1::Delivery> delivery = load(id, pending_.by_id.at(id));
    if (delivery && !wanted(lane->first.first)) continue;
    selected.emplace_back(lane, std::move(delivery));
    consider(std::next(turn), end);
  }
  return selected;
}

void DeliveryBook::Release(const std::string& id) {
  absl::MutexLock lock(&mutex_);
  const auto pending = pending_.by_id.find(id);
  if (pending == pending_.by_id.end()) return;
  const auto lane = lanes_.find(LaneId(pending->second.recipient, pending->second.person));
  if (pending->second.sequence != lane->second.leased) return;
  lane->second.leased_until_us = 0;
  Reindex(lane);
}

std::optional<Timestamp> DeliveryBook::NextDue(const Store::Wanted& wanted) const {
  absl::MutexLock lock(&mutex_);
  std::optional<std::int64_t> next;
  for (const auto& [recipient, turns] : turns_) {
    const std::int64_t ready_us = std::get<0>(*turns.begin());
    if ((!next || ready_us < *next) && wanted(recipient)) next = ready_us;
  }
  if (!next) return std::nullopt;
  return FromMicros(*next);
}

}  // namespace handoff::store
