// `handoff convert`: FHIR R4 to the internal model and back, and the validation that goes with it,
// over files, folders and standard input.
#pragma once

#include <iosfwd>

#include "gateway/app/convert/options.h"

namespace CLI {
class App;
}

namespace handoff::convert {

// Adds the subcommand; `command` must outlive `app`.
CLI::App* AddConvertCommand(CLI::App& app, ConvertCommand& command);

// Exit statuses.
inline constexpr int kAllGood = 0;
inline constexpr int kRejected = 1;  // a record, or with `strict` warned of one
inline constexpr int kUsage = 2;
inline constexpr int kIoError = 3;  // something could not be read to its end, or not be written

// Runs the command: standard input is file descriptor 0, standard output `out`; what went wrong and
// a table of the issues go to `err`. Nothing that is written to `err` or as an issue holds a value
// of a record. Returns the exit status.
int RunConvert(ConvertCommand command, std::ostream& out, std::ostream& err);

}  // namespace handoff::convert
