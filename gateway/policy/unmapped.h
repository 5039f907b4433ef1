// Resources that have no map and travel as JSON: what a view that lists their type lets through.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace handoff::policy {

// The resource without narrative, extensions, contained resources, and of meta the security labels
// alone. Objects that become empty go as well. Numbers stay as they are written. nullopt if `json`
// is no JSON object.
std::optional<std::string> StripUnmapped(std::string_view json);

}  // namespace handoff::policy
