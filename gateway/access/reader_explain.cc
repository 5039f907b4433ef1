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
absl::StatusOr<std::optional<v1::StoredMessage>> FindBySender(store::Snapshot& snapshot,
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
  return std::nullopt;
}

absl::StatusOr<std::optional<v1::StoredMessage>> FindMessage(Viewer& viewer,
                                                             bool all_senders,
                                                             std::string_view id) {
  HANDOFF_ASSIGN_OR_RETURN(std::optional<v1::StoredMessage> ours,
                           viewer.snapshot().ReadMessage(MessageId(id)));
  if (ours) return ours;
  HANDOFF_ASSIGN_OR_RETURN(std::optional<v1::StoredMessage> own,
                           FindBySender(viewer.snapshot(), viewer.caller(), id));
  if (own || !all_senders) return own;
  for (const directory::Party& party : viewer.rules().directory->parties()) {
    HANDOFF_ASSIGN_OR_RETURN(std::optional<v1::StoredMessage> found,
                             FindBySender(viewer.snapshot(), party.key, id));
    if (found) return found;
  }
  return std::nullopt;
}

}  // namespace

absl::StatusOr<Explanation> Reader::Explain(const PartyKey& caller,
                                            std::string_view message_id) const {
  Viewer viewer(*sources_, caller);
  const directory::Party* party = viewer.rules().directory->Find(caller);
  const bool is_operator = party != nullptr && party->is_operator;
  HANDOFF_ASSIGN_OR_RETURN(const std::optional<v1::StoredMessage> message,
                           FindMessage(viewer, is_operator, message_id));
  if (!message || (message->source() != caller.value() && !is_operator)) {
    return MakeError(ErrorId::kNotFound, "no such message");
  }
  Explanation explanation;
  explanation.receipt = message->receipt();
  HANDOFF_ASSIGN_OR_RETURN(explanation.entries, viewer.snapshot().Ledger(MessageId(message->id())));
  for (const v1::LedgerEntry& entry : explanation.entries) {
    if (entry.kind() != v1::LedgerEntry::ROUTED || entry.delivery_id().empty()) continue;
    HANDOFF_ASSIGN_OR_RETURN(std::optional<v1::Delivery> delivery,
                             sources_->store.ReadDelivery(entry.delivery_id()));
    if (delivery && delivery->state() == v1::DELIVERY_STATE_PENDING) {
      explanation.pending.push_back(*std::move(delivery));
    }
  }
  return explanation;
}

}  // namespace handoff::access
