// What a party pulls over gRPC: one stream for each topic.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "gateway/base/ids.h"

namespace handoff::store {

inline constexpr std::string_view kTransitions = "transitions";
inline constexpr std::string_view kReferrals = "referrals";
inline constexpr std::string_view kPlans = "plans";
inline constexpr std::array kTopics = {kTransitions, kReferrals, kPlans};

// "nha/transitions": the key under which the store keeps what `party` pulls.
inline std::string StreamName(const PartyKey& party, std::string_view topic) {
  std::string name = party.value();
  name.append(1, '/').append(topic);
  return name;
}

}  // namespace handoff::store
