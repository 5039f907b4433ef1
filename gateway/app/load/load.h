// `handoff load`: drives a gateway with synthetic discharges and tells what it did with them.
#pragma once

#include <iosfwd>

#include "gateway/app/load/options.h"

namespace CLI {
class App;
}

namespace handoff::load {

// Adds the subcommand `load` to `app`; parsing fills `options`.
CLI::App* AddLoadCommand(CLI::App& app, LoadOptions& options);

// Sends until count or time is reached, waits for deliveries if they are watched, and writes the
// result to `out`; a line a second goes to `progress`. Returns the exit status: 0 if all was
// accepted, 1 if anything was refused or failed, 2 if the options are wrong.
int RunLoad(const LoadOptions& options, std::ostream& out, std::ostream& progress);

}  // namespace handoff::load
