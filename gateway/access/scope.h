// What a token's scopes allow (SMART App Launch 2.0, scopes-and-launch-context).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace handoff::access {

// True if one of `scopes` allows `interaction` (c, r, u, d, s) on resources of `type`. Understood
// are "system/[type or *].[cruds]" and its older form with read, write or *. A scope that is
// narrowed by a query allows nothing: the narrowing could not be kept.
bool Allows(const std::vector<std::string>& scopes, std::string_view type, char interaction);

}  // namespace handoff::access
