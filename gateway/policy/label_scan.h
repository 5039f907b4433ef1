// The security labels of an encoded resource, without parsing what else is in it.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace handoff::policy {

// Calls `visit` for every code in meta.security of the resource and of the resources contained in
// it. False if it could not read all of it: what it says of labels is not all there is.
[[nodiscard]] bool VisitLabels(std::string_view encoded,
                               const std::function<void(std::string_view code)>& visit);

// The JSON of a resource that has no map; empty for any other.
std::string_view UnmappedJson(std::string_view encoded);

}  // namespace handoff::policy
