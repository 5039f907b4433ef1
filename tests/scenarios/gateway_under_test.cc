#include "tests/scenarios/gateway_under_test.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <random>
#include <utility>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/base/status_macros.h"

namespace handoff::scenario {
namespace {

constexpr char kConfig[] = "config/demo/handoff.yaml";

constexpr char kSecondPractice[] = R"(key: second
name: Second Family Medicine
kind: practice
time_zone: America/New_York
identifiers:
  - {system: "http://hl7.org/fhir/sid/us-npi", value: "9990000003"}
endpoints:
  push:
    kind: fhir_rest
    url: http://127.0.0.1:18084/fhir
    format: message
    timeout: 10s
    max_in_flight: 32
)";

bool IsFree(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool free = ::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  ::close(socket);
  return free;
}

}  // namespace

std::uint16_t FreePort() {
  static std::mt19937 random{std::random_device()()};
  std::uniform_int_distribution<std::uint16_t> port(20'000, 30'000);
  while (true) {
    const std::uint16_t candidate = port(random);
    if (IsFree(candidate)) return candidate;
  }
}

absl::StatusOr<GatewayUnderTest> GatewayUnderTest::Create(GatewayOptions options) {
  GatewayUnderTest gateway(std::move(options));
  HANDOFF_RETURN_IF_ERROR(gateway.WriteParties());
  return gateway;
}

absl::Status GatewayUnderTest::WriteParties() const {
  std::error_code error;
  std::filesystem::copy("config/demo/parties", options_.folder + "/parties", error);
  if (error) return absl::UnavailableError("config/demo/parties: " + error.message());
  std::ofstream(options_.folder + "/parties/second.yaml") << kSecondPractice;
  return absl::OkStatus();
}

std::vector<std::string> GatewayUnderTest::Arguments(std::vector<std::string> command) const {
  const auto url = [](std::uint16_t port) {
    return "http://127.0.0.1:" + std::to_string(port) + "/fhir";
  };
  std::vector<std::string> arguments = std::move(command);
  arguments.insert(arguments.begin(), options_.program);
  arguments.insert(arguments.end(), {"--config", kConfig});
  for (const std::string& assignment :
       {"listen.fhir.port=" + std::to_string(fhir_port_),
        "listen.grpc.port=" + std::to_string(grpc_port_),
        std::string("store.kind=rocksdb"),
        "store.path=" + store_folder(),
        "tokens.signing_key_file=" + options_.folder + "/signing.pem",
        "rules.parties=" + options_.folder + "/parties",
        "parties.lfm.endpoints.push.url=" + url(options_.practice_port),
        std::string("parties.lfm.endpoints.push.max_in_flight=32"),
        "parties.second.endpoints.push.url=" + url(options_.second_practice_port),
        // Knocked at often, so that a recipient that is down is as much in the way as it can be.
        std::string("delivery.max_backoff=1s"),
        std::string("delivery.breaker_open=100ms"),
        std::string("delivery.breaker_max_open=500ms"),
        std::string("log.level=warning")}) {
    arguments.insert(arguments.end(), {"--set", assignment});
  }
  return arguments;
}

absl::Status GatewayUnderTest::Launch() {
  HANDOFF_ASSIGN_OR_RETURN(
      process_, demo::Process::Start(Arguments({"serve"}), options_.folder + "/gateway.log"));
  return absl::OkStatus();
}

absl::Status GatewayUnderTest::Start() {
  HANDOFF_RETURN_IF_ERROR(Launch());
  return demo::WaitUntilReady(*process_).status();
}

void GatewayUnderTest::Kill() {
  process_->Signal(SIGKILL);
  process_->Wait();
}

int GatewayUnderTest::Stop() {
  process_->Signal(SIGTERM);
  return process_->Wait();
}

absl::StatusOr<std::string> GatewayUnderTest::Token(const std::string& client) const {
  HANDOFF_ASSIGN_OR_RETURN(
      std::string token,
      demo::RunToEnd(Arguments({"token", "--client", client, "--lifetime", "86400"}),
                     options_.folder + "/token.log"));
  token.erase(token.find_last_not_of('\n') + 1);
  return token;
}

}  // namespace handoff::scenario
