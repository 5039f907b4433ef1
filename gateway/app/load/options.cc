#include "gateway/app/load/options.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <string_view>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "gateway/app/load/load.h"

namespace handoff::load {
namespace {

constexpr std::uint64_t kMaxSeconds = 3'600;
constexpr std::uint64_t kMaxCount = 10'000'000;
constexpr std::uint64_t kMaxDrainSeconds = 600;
constexpr double kMaxRate = 1'000'000;
// No generator of ours sends more: bounds what must be remembered of a run that has no count.
constexpr std::uint64_t kMaxPerSecond = 100'000;

absl::Status Refuse(std::string_view text) { return absl::InvalidArgumentError(std::string(text)); }

absl::Status CheckIdentifier(std::string_view option, const std::string& text) {
  // It is written into JSON as it is.
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
    return c > ' ' && c < 0x7f && c != '"' && c != '\\';
  });
  if (plain && text.find('|') != std::string::npos) return absl::OkStatus();
  return Refuse(std::string(option) + ": system|value is expected");
}

}  // namespace

absl::Status Complete(LoadOptions* options) {
  if (options->connections < 1 || options->connections > 1'024) {
    return Refuse("--connections: 1 to 1024");
  }
  if (options->seconds > kMaxSeconds) return Refuse("--seconds: at most 3600");
  if (options->count > kMaxCount) return Refuse("--count: at most 10000000");
  if (options->drain_seconds > kMaxDrainSeconds) return Refuse("--drain: at most 600");
  if (options->rate < 0 || options->rate > kMaxRate) return Refuse("--rate: 0 to 1000000");
  if (options->message_bytes > (std::size_t{16} << 20)) return Refuse("--bytes: at most 16777216");
  if (options->seed >= (1U << 28)) return Refuse("--seed: less than 268435456");
  if (options->receive_port > 65'535) return Refuse("--receive-port: at most 65535");
  if (options->baseline && options->protocol != Protocol::kFhir) {
    return Refuse("--baseline goes with --protocol fhir");
  }
  for (const auto& [option, text] : {std::pair{"--hospital", &options->hospital},
                                     std::pair{"--practice", &options->practice},
                                     std::pair{"--payer", &options->payer}}) {
    if (absl::Status checked = CheckIdentifier(option, *text); !checked.ok()) return checked;
  }
  if (options->seconds == 0) options->seconds = options->count == 0 ? 10 : kMaxSeconds;
  if (options->warm_up_seconds >= options->seconds) {
    return Refuse("--warm-up: less than --seconds");
  }
  if (options->count == 0) {
    options->count = std::min(kMaxCount, options->seconds * kMaxPerSecond);
  }
  while (options->ops_url.ends_with('/')) options->ops_url.pop_back();
  return absl::OkStatus();
}

CLI::App* AddLoadCommand(CLI::App& app, LoadOptions& options) {
  CLI::App* const load = app.add_subcommand(
      "load", "Send synthetic discharges to a gateway and measure what it does with them");
  const std::map<std::string, Protocol> protocols{{"fhir", Protocol::kFhir},
                                                  {"grpc", Protocol::kGrpc}};
  load->add_option("--protocol", options.protocol, "fhir or grpc")
      ->transform(CLI::CheckedTransformer(protocols).description("{fhir,grpc}"))
      ->type_name("NAME");
  load->add_option("--url", options.url, "FHIR base of the gateway")->capture_default_str();
  load->add_option("--grpc", options.grpc, "host:port of its gRPC surface")->capture_default_str();
  load->add_option("--ops-url", options.ops_url, "where /metrics is; reads commits and disk syncs");
  load->add_option("--token", options.token, "bearer token of the sender")
      ->envname("HANDOFF_TOKEN");
  load->add_option("--ca", options.ca_file, "PEM file of the authority that signed the gateway")
      ->check(CLI::ExistingFile);
  load->add_option("--connections", options.connections, "connections (gRPC: calls) at once")
      ->capture_default_str();
  load->add_option("--seconds", options.seconds, "how long; 10 if there is no --count");
  load->add_option("--count", options.count, "how many messages; 0: as the time allows");
  load->add_option("--rate", options.rate, "messages a second, open loop; 0: as fast as can be");
  load->add_option(
      "--warm-up", options.warm_up_seconds, "so many seconds at the start are sent and not timed");
  load->add_option("--bytes", options.message_bytes, "size of a message")->capture_default_str();
  load->add_option("--seed", options.seed, "other seeds make other people")->capture_default_str();
  load->add_option(
      "--watch", options.watch_tokens, "token of a recipient: watch its transitions (repeatable)");
  load->add_option("--receive-port",
                   options.receive_port,
                   "take deliveries over HTTP on 127.0.0.1 at this port");
  load->add_option("--drain", options.drain_seconds, "longest wait for deliveries, in seconds")
      ->capture_default_str();
  load->add_option("--hospital", options.hospital, "identifier of the sender, system|value")
      ->capture_default_str();
  load->add_option("--practice", options.practice, "identifier of the general practitioner")
      ->capture_default_str();
  load->add_option("--payer", options.payer, "identifier of the payer")->capture_default_str();
  load->add_flag("--baseline",
                 options.baseline,
                 "post to --url itself, whatever is there: to compare with a bare server");
  load->add_flag("--json", options.json, "one JSON object instead of the table");
  return load;
}

}  // namespace handoff::load
