// `handoff demo`: the gateway as a process of its own, with a hospital, a practice, a payer and a
// food bank around it.
//
// Plays one discharge and its referral from end to end, kills the gateway in the middle, and checks
// what each partner got against what it should have got, and against what it must never get.
#pragma once

#include <ostream>
#include <string>

namespace handoff::demo {

struct DemoOptions {
  std::string root = ".";  // where config/ is
  std::string program;     // the handoff executable
  bool once = false;       // stop after the story; otherwise go on until a signal
};

// The exit status: 0 only if every recipient got exactly what it should.
int RunDemo(const DemoOptions& options, std::ostream& out);

}  // namespace handoff::demo
