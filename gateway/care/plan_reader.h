// New versions of care plans and changed goals.
#pragma once

#include "gateway/care/reading.h"

namespace handoff::care {

void ReadPlans(Reading* reading);

}  // namespace handoff::care
