// What every row of a rule file must say beside its rule: since when it holds and who says so.
#pragma once

#include "gateway/base/config_node.h"

namespace handoff {

// Complains unless the row has `effective`, a date, and `source`.
void CheckProvenance(const ConfigNode& row, ConfigErrors& errors);

}  // namespace handoff
