// Stream items from deliveries: what the recipient may see of each at the moment it is sent.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"

#include "gateway/base/ids.h"
#include "handoff/v1/services.pb.h"

namespace handoff::rpc {

class Context;

// Each fills all of `item` but its token. A text: the item is withheld, and why.
absl::StatusOr<std::optional<std::string>> MakeTransitionItem(Context& context,
                                                              const PartyKey& party,
                                                              const v1::Delivery& delivery,
                                                              v1::TransitionItem* item);
absl::StatusOr<std::optional<std::string>> MakeReferralItem(Context& context,
                                                            const PartyKey& party,
                                                            const v1::Delivery& delivery,
                                                            v1::ReferralItem* item);
absl::StatusOr<std::optional<std::string>> MakePlanStatusUpdate(Context& context,
                                                                const PartyKey& party,
                                                                const v1::Delivery& delivery,
                                                                v1::PlanStatusUpdate* item);

}  // namespace handoff::rpc
