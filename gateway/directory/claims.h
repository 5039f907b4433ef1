// What the resources of one message claim about who has to do with the person.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gateway/directory/attribution.h"

namespace handoff::directory {

struct Claim {
  PartyKey party;
  std::string role;
  std::string source;
  std::int64_t since_us = 0;  // 0: the resource does not say
  std::int64_t until_us = 0;  // 0: open
};

struct Claims {
  std::vector<Claim> claims;
  // Every source that this message speaks for, also where it claims nothing: older claims of it
  // that are not repeated have ended.
  std::vector<std::string> sources;
};

Claims ReadClaims(const AttributionInput& input);

}  // namespace handoff::directory
