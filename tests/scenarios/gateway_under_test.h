// The real program as a child process, on a store in a folder of its own, with the demo's parties
// and one more practice.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "gateway/app/demo/process.h"

namespace handoff::scenario {

// A port that nobody listens on, outside of those that the system gives to outgoing connections: a
// client that knocks there while the gateway is away would otherwise take it one day.
std::uint16_t FreePort();

struct GatewayOptions {
  std::string program;
  std::string folder;  // for store, log, key and parties; exists
  std::uint16_t practice_port = 0;
  std::uint16_t second_practice_port = 0;
};

// Thread safety: one thread at a time.
class GatewayUnderTest {
 public:
  // Writes the configuration.
  static absl::StatusOr<GatewayUnderTest> Create(GatewayOptions options);

  // Starts it and waits until it serves. Errors: kUnavailable it ended; kDeadlineExceeded.
  absl::Status Start();
  // Starts it and does not wait.
  absl::Status Launch();
  void Kill();
  // SIGTERM; the exit status.
  int Stop();

  // A token for a client of the parties, good for a day.
  absl::StatusOr<std::string> Token(const std::string& client) const;

  std::string fhir_url() const {
    return "http://127.0.0.1:" + std::to_string(fhir_port_) + "/fhir";
  }
  std::string grpc_address() const { return "127.0.0.1:" + std::to_string(grpc_port_); }
  std::string store_folder() const { return options_.folder + "/store"; }

 private:
  explicit GatewayUnderTest(GatewayOptions options) : options_(std::move(options)) {}
  absl::Status WriteParties() const;
  std::vector<std::string> Arguments(std::vector<std::string> command) const;

  GatewayOptions options_;
  std::uint16_t fhir_port_ = FreePort();
  std::uint16_t grpc_port_ = FreePort();
  std::unique_ptr<demo::Process> process_;
};

}  // namespace handoff::scenario
