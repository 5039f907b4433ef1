// Everything that can be wrong with a message that is right, and with a call that sends it.
#pragma once

#include <string>

#include "tests/corpus/network.h"

namespace handoff::testing {

// Sends `bundle`, which holds a Patient, in many broken forms, and asks for what is not there or
// not allowed, over HTTP and gRPC, in the words of its patients. Fails where the gateway does not
// refuse. Returns all that it answered.
std::string ProvokeErrors(const Network& network,
                          const std::string& from,
                          const std::string& bundle);

}  // namespace handoff::testing
