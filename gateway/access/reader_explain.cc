#include <algorithm>
#include <array>
#include <utility>

#include "gateway/access/reader.h"
#include "gateway/access/sources.h"
#include "gateway/access/viewer.h"
#include "gateway/base/error.h"
#include "gateway/base/status_macros.h"

namespace handoff::access {
namespace {

// Finds a message by the id that `sender` gave its MessageHeader or Bundle.
absl::StatusOr<store::SharedMessage> FindBySender(store::Snapshot& snapshot,
                                                  const PartyKey& sender,
                                                  std::string_view id) {
  constexpr std::array<std::string_view, 2> kNamedBy{"header:", "bundle:"};
  for (const std::string_view named_by : kNamedBy) {
    std::string key = sender.value();
    key += '|';
    key += named_by;
    key += id;
    HANDOFF_ASSIGN_OR_RETURN(const std::optional<std::string> message,
                             snapshot.Lookup(store::LinkKind::kSenderMessage, key));
    if (message) return snapshot.ReadMessage(MessageId(*message));
  }
  return nullptr;
}

absl::StatusOr<store::SharedMessage> FindMessage(Viewer& viewer,
                                                 bool all_senders,
                                                 std::string_view id) {
  HANDOFF_ASSIGN_OR_RETURN(store::SharedMessage ours, viewer.snapshot().ReadMessage(MessageId(id)));
  if (ours) return ours;
  HANDOFF_ASSIGN_OR_RETURN(store::SharedMessage own,
                           FindBySender(viewer.snapshot(), viewer.caller(), id));
  if (own || !all_senders) return own;
  for (const directory::Party& party : viewer.rules().directory->parties()) {
    HANDOFF_ASSIGN_OR_RETURN(store::SharedMessage found,
                             FindBySender(viewer.snapshot(), party.key, id));
    if (found) return found;
  }
  return nullptr;
}

bool IsEndOf(const v1::LedgerEntry& entry, const std::string& delivery_id) {
  const bool ends =
      entry.kind() == v1::LedgerEntry::DELIVERED || entry.kind() == v1::LedgerEntry::WITHHELD ||
      entry.kind() == v1::LedgerEntry::HELD || entry.kind() == v1::LedgerEntry::DISCARDED;
  return ends && entry.delivery_id() == delivery_id;
}

// An item of a stream that its recipient has not acknowledged, as far as the ledger tells of it.
v1::Delivery Unacknowledged(const v1::LedgerEntry& routed) {
  v1::Delivery delivery;
  delivery.set_id(routed.delivery_id());
  delivery.set_recipient(routed.party());
  delivery.mutable_event()->set_message_id(routed.message_id());
  delivery.mutable_event()->set_kind(routed.event());
  delivery.set_view(routed.view());
  delivery.set_state(v1::DELIVERY_STATE_PENDING);
  delivery.set_created_us(routed.at_us());
  return delivery;
}

void AddOnce(v1::Delivery delivery, std::vector<v1::Delivery>* deliveries) {
  const bool known = std::any_of(deliveries->begin(), deliveries->end(), [&](const auto& one) {
    return one.id() == delivery.id();
  });
  if (!known) deliveries->push_back(std::move(delivery));
}

// Fills in the entries, and what of them is not at its end.
absl::Status TellDeliveries(store::Store& store, const MessageId& id, Explanation* explanation) {
  HANDOFF_ASSIGN_OR_RETURN(const std::vector<v1::LedgerEntry> before,
                           store.GetSnapshot()->Ledger(id));
  std::vector<const v1::LedgerEntry*> not_pushed;
  for (const v1::LedgerEntry& entry : before) {
    const bool routed = entry.kind() == v1::LedgerEntry::ROUTED;
    const bool held = entry.kind() == v1::LedgerEntry::HELD;
    if ((!routed && !held) || entry.delivery_id().empty()) continue;
    HANDOFF_ASSIGN_OR_RETURN(std::optional<v1::Delivery> delivery,
                             store.ReadDelivery(entry.delivery_id()));
    if (!delivery) {
      if (routed) not_pushed.push_back(&entry);
    } else if (delivery->state() == (held ? v1::DELIVERY_STATE_HELD : v1::DELIVERY_STATE_PENDING)) {
      AddOnce(*std::move(delivery), &explanation->pending);
    }
  }
  // What has left the queue in the meantime has its end in the ledger by now.
  HANDOFF_ASSIGN_OR_RETURN(explanation->entries, store.GetSnapshot()->Ledger(id));
  for (const v1::LedgerEntry* routed : not_pushed) {
    const bool ended = std::any_of(
        explanation->entries.begin(),
        explanation->entries.end(),
        [&](const v1::LedgerEntry& entry) { return IsEndOf(entry, routed->delivery_id()); });
    if (!ended) explanation->pending.push_back(Unacknowledged(*routed));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Explanation> Reader::Explain(const PartyKey& caller,
                                            std::string_view message_id) const {
  Viewer viewer(*sources_, caller);
  const directory::Party* party = viewer.rules().directory->Find(caller);
  const bool is_operator = party != nullptr && party->is_operator;
  HANDOFF_ASSIGN_OR_RETURN(const store::SharedMessage message,
                           FindMessage(viewer, is_operator, message_id));
  if (!message || (message->source() != caller.value() && !is_operator)) {
    return MakeError(ErrorId::kNotFound, "no such message");
  }
  Explanation explanation;
  explanation.receipt = message->receipt();
  HANDOFF_RETURN_IF_ERROR(TellDeliveries(sources_->store, MessageId(message->id()), &explanation));
  return explanation;
}

}  // namespace handoff::access
