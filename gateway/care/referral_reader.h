// Referrals that a message opens and moves: ServiceRequests, and the Tasks that ask for their
// fulfilment.
#pragma once

#include "gateway/care/event_rules.h"
#include "gateway/care/reading.h"

namespace handoff::care {

void ReadReferrals(const EventRules& rules, Reading* reading);

}  // namespace handoff::care
