// What this server can do, told from the maps that it works with: the CapabilityStatement.
#pragma once

#include <string>
#include <string_view>

#include "gateway/base/clock.h"

namespace handoff::rest {

struct CapabilityOptions {
  std::string_view base_url;
  std::string_view software_version;
  Timestamp date;  // when the statement came into being: the start of the server
};

// JSON of the CapabilityStatement.
std::string CapabilityStatement(const CapabilityOptions& options, bool pretty);

}  // namespace handoff::rest
