#include "gateway/delivery/ledger_entry.h"

#include <utility>

namespace handoff::delivery {

v1::LedgerEntry EntryOf(v1::LedgerEntry::Kind kind,
                        const v1::Delivery& delivery,
                        Timestamp now,
                        std::string text) {
  v1::LedgerEntry entry;
  entry.set_kind(kind);
  entry.set_at_us(ToMicros(now));
  entry.set_message_id(delivery.event().message_id());
  entry.set_party(delivery.recipient());
  entry.set_delivery_id(delivery.id());
  entry.set_event(delivery.event().kind());
  entry.set_view(delivery.view());
  entry.set_text(std::move(text));
  return entry;
}

}  // namespace handoff::delivery
