// What an operator has to say for the ledger when they decide something.
#pragma once

#include <string_view>

#include "absl/status/status.h"

namespace handoff {

// kInvalidRequest: no operator is named, or in more than 100 bytes.
absl::Status CheckOperator(std::string_view by);
// kInvalidRequest: no reason is given, or in more than 500 bytes.
absl::Status CheckReason(std::string_view reason);

}  // namespace handoff
