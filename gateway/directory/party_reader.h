// One party of the configuration, read and checked.
#pragma once

#include "gateway/base/config_node.h"
#include "gateway/directory/party.h"

namespace handoff::directory {

// Complains about everything that is wrong, and returns what could be read.
Party ReadParty(const ConfigNode& node, ConfigErrors& errors);

}  // namespace handoff::directory
