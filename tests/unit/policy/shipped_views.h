// The views as they are shipped, and resources as JSON.
#pragma once

#include <string>
#include <string_view>

#include "gateway/policy/views.h"

namespace handoff::policy::testing {

const Views& ShippedViews();
Views LoadText(const std::string& text, ConfigErrors& errors);

std::string Encode(std::string_view json);
std::string Decode(std::string_view encoded);

}  // namespace handoff::policy::testing
