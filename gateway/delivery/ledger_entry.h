// What the ledger says of a delivery.
#pragma once

#include <string>

#include "gateway/base/clock.h"
#include "handoff/v1/model.pb.h"

namespace handoff::delivery {

// The entry of `kind` about `delivery` and its event, view and recipient.
v1::LedgerEntry EntryOf(v1::LedgerEntry::Kind kind,
                        const v1::Delivery& delivery,
                        Timestamp now,
                        std::string text);

}  // namespace handoff::delivery
