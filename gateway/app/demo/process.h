// A child process whose standard output is read line by line: the gateway, as the demo and the
// crash test run it.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace handoff::demo {

// Thread safety: one thread at a time.
class Process {
 public:
  // Starts `arguments[0]`; its standard error is appended to `log_file`. Errors: kUnavailable with
  // the system's reason.
  static absl::StatusOr<std::unique_ptr<Process>> Start(const std::vector<std::string>& arguments,
                                                        const std::string& log_file);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  // Kills it if it still runs.
  ~Process();

  // The next line of its output without the end of line. Errors: kDeadlineExceeded; kUnavailable if
  // it has ended.
  absl::StatusOr<std::string> ReadLine(std::chrono::milliseconds timeout);

  void Signal(int signal) const;
  // Waits for its end; the exit status, or 128 + signal.
  int Wait();

 private:
  Process(int pid, int output) : pid_(pid), output_(output) {}

  int pid_;
  int output_;
  std::string buffer_;
};

// Where a gateway answers, as "address:port".
struct Surfaces {
  std::string fhir;
  std::string grpc;
  std::string ops;
};

// Reads what a gateway that was just started prints, until it serves. Errors: as ReadLine().
absl::StatusOr<Surfaces> WaitUntilReady(Process& gateway);

// Runs a command to its end and returns what it printed. Errors: kUnavailable; kUnknown if it exits
// with another status than 0.
absl::StatusOr<std::string> RunToEnd(const std::vector<std::string>& arguments,
                                     const std::string& log_file);

}  // namespace handoff::demo
