// Admissions, transfers and discharges: from notifications and from plain Encounters alike.
#pragma once

#include "gateway/care/event_rules.h"
#include "gateway/care/reading.h"

namespace handoff::care {

// Reads every Encounter that the message writes, and the one that its header announces.
void ReadStays(const EventRules& rules, Reading* reading);

}  // namespace handoff::care
