// `handoff serve`: a gateway under signals.
#pragma once

#include <ostream>

#include "gateway/app/configuration.h"

namespace handoff::app {

// Runs until SIGTERM or SIGINT, then stops in order (a second signal stops at once). SIGHUP
// reloads: a configuration with errors changes nothing. Prints "listening SURFACE HOST:PORT" for
// each surface and "ready" on `out`. The exit status: 0 after an orderly stop, 1 if it could not
// start, 2 if the configuration is wrong.
int Serve(const ConfigurationSource& source, std::ostream& out, std::ostream& err);

}  // namespace handoff::app
