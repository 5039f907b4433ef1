#include "gateway/delivery/delivered_referrals.h"

#include <algorithm>
#include <utility>

#include "gateway/base/log.h"
#include "gateway/base/status_macros.h"
#include "gateway/care/referral.h"

namespace handoff::delivery {

bool ConcernsReferral(const v1::Delivery& delivered) {
  return delivered.event().kind() == v1::EVENT_KIND_REFERRAL_REQUESTED;
}

absl::Status AddDeliveredReferrals(store::Store& store,
                                   std::span<const v1::Delivery> delivered,
                                   Timestamp now,
                                   store::Batch* batch) {
  for (const v1::Delivery& delivery : delivered) {
    const v1::Event& event = delivery.event();
    if (!ConcernsReferral(delivery)) continue;
    const bool known = std::any_of(batch->referrals.begin(),
                                   batch->referrals.end(),
                                   [&](const auto& r) { return r.id() == event.referral_id(); });
    if (known) continue;
    if (batch->planned_on == nullptr) batch->planned_on = store.GetSnapshot();
    const absl::StatusOr<store::SharedReferral> read =
        batch->planned_on->ReadReferral(event.referral_id());
    if (absl::IsDataLoss(read.status())) {
      log::Error("referral.unreadable", {{"delivery", log::Safe(delivery.id())}});
      continue;
    }
    HANDOFF_RETURN_IF_ERROR(read.status());
    if (*read == nullptr || (*read)->performer() != delivery.recipient()) continue;
    v1::Referral referral = **read;
    if (care::MarkDelivered(&referral, MessageId(std::string_view(event.message_id())), now)) {
      batch->referrals.push_back(std::move(referral));
    }
  }
  return absl::OkStatus();
}

}  // namespace handoff::delivery
