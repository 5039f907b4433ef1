#include "tests/corpus/network.h"

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>
#include <utility>

#include <grpcpp/grpcpp.h>

#include "gateway/base/status_macros.h"
#include "gateway/care/routes.h"
#include "handoff/v1/services.grpc.pb.h"
#include "tests/support/read_file.h"

namespace handoff::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

void WriteAll(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

// The routes of config/, for news of any age: the corpus tells of 1940 to 2020.
std::string RoutesOfAnyAge() {
  std::istringstream in(ReadFile("config/routes.yaml"));
  std::string text;
  for (std::string line; std::getline(in, line);) {
    const std::size_t at = line.find("max_age:");
    if (line.starts_with("max_event_age:")) {
      line = "max_event_age: off";
    } else if (at != std::string::npos) {
      line = line.substr(0, at) + "max_age: off";
    }
    text += line + "\n";
  }
  return text;
}

// The value of `"name":"value"` in a line of the log.
std::string Member(std::string_view line, std::string_view name) {
  const std::string key = "\"" + std::string(name) + "\":\"";
  const std::size_t at = line.find(key);
  if (at == std::string_view::npos) return {};
  const std::size_t begin = at + key.size();
  return std::string(line.substr(begin, line.find('"', begin) - begin));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Network>> Network::Start(std::vector<PartySpec> parties) {
  parties.push_back({"operations", "other", Channel::kNone, "operator: true\n"});
  std::unique_ptr<Network> network(new Network(std::move(parties)));
  HANDOFF_RETURN_IF_ERROR(network->StartPartners());
  HANDOFF_RETURN_IF_ERROR(network->WriteConfiguration());
  HANDOFF_RETURN_IF_ERROR(network->StartGateway());
  HANDOFF_RETURN_IF_ERROR(network->GetTokens());
  network->StartStreams();
  return network;
}

Network::~Network() {
  streams_.clear();
  if (gateway_) {
    gateway_->Signal(SIGTERM);
    gateway_->Wait();
  }
}

absl::Status Network::StartPartners() {
  for (const PartySpec& party : parties_) {
    if (party.channel == Channel::kFhir) {
      HANDOFF_ASSIGN_OR_RETURN(fhir_partners_[party.key], demo::FhirPartner::Start());
    } else if (party.channel == Channel::kNotice) {
      HANDOFF_ASSIGN_OR_RETURN(notice_partners_[party.key], NoticePartner::Start());
    }
  }
  return absl::OkStatus();
}

std::string Network::PartyYaml(const PartySpec& party) const {
  std::string yaml = "key: " + party.key + "\nname: The party " + party.key +
                     "\nkind: " + party.kind +
                     "\ntime_zone: America/New_York\nclients:\n  - id: " + party.key + "-client\n";
  switch (party.channel) {
    case Channel::kNone:
      break;
    case Channel::kFhir:
      yaml += "endpoints:\n  push: {kind: fhir_rest, url: \"" +
              fhir_partners_.at(party.key)->url() + "\"}\n";
      break;
    case Channel::kNotice:
      yaml += "endpoints:\n  hook: {kind: webhook, url: \"" +
              notice_partners_.at(party.key)->url() + "\", hmac_secret: {file: \"" +
              (folder_ / "hmac.txt") + "\"}}\n";
      break;
    case Channel::kStreams:
      yaml += "endpoints:\n  stream: {kind: stream}\n";
      break;
  }
  return yaml + party.more;
}

absl::Status Network::WriteConfiguration() const {
  std::filesystem::create_directory(folder_ / "parties");
  WriteAll(folder_ / "hmac.txt", "corpus-test-secret-of-the-hook-0001\n");
  for (const PartySpec& party : parties_)
    WriteAll(folder_ / "parties/" + party.key + ".yaml", PartyYaml(party));
  WriteAll(folder_ / "routes.yaml", RoutesOfAnyAge());
  WriteAll(folder_ / "handoff.yaml",
           "listen:\n  fhir: {port: 0}\n  grpc: {port: 0}\n  ops: {port: 0}\n"
           "store: {kind: rocksdb, path: \"" +
               (folder_ / "store") + "\"}\ntokens: {signing_key_file: \"" +
               (folder_ / "signing.pem") + "\", lifetime: 1h}\n" +
               "delivery: {first_backoff: 50ms}\nrules:\n  parties: \"" + (folder_ / "parties") +
               "\"\n  routes: \"" + (folder_ / "routes.yaml") + "\"\nlog: {level: debug}\n");
  return absl::OkStatus();
}

absl::Status Network::StartGateway() {
  HANDOFF_ASSIGN_OR_RETURN(
      gateway_,
      demo::Process::Start({HANDOFF_PROGRAM, "serve", "--config", folder_ / "handoff.yaml"},
                           folder_ / "gateway.log"));
  absl::StatusOr<demo::Surfaces> surfaces = demo::WaitUntilReady(*gateway_);
  if (!surfaces.ok()) return absl::UnavailableError("the gateway did not start: " + Log());
  at_ = *std::move(surfaces);
  return absl::OkStatus();
}

absl::Status Network::GetTokens() {
  for (const PartySpec& party : parties_) {
    HANDOFF_ASSIGN_OR_RETURN(std::string token,
                             demo::RunToEnd({HANDOFF_PROGRAM,
                                             "token",
                                             "--client",
                                             party.key + "-client",
                                             "--config",
                                             folder_ / "handoff.yaml"},
                                            folder_ / "token.log"));
    token.erase(token.find_last_not_of('\n') + 1);
    tokens_[party.key] = std::move(token);
  }
  return absl::OkStatus();
}

void Network::StartStreams() {
  using Kind = demo::StreamPartner::Kind;
  for (const PartySpec& party : parties_) {
    if (party.channel != Channel::kStreams) continue;
    const std::vector<Kind> kinds = party.kind == "community"
                                        ? std::vector{Kind::kReferrals}
                                        : std::vector{Kind::kTransitions, Kind::kPlans};
    for (const Kind kind : kinds) {
      streams_[party.key].push_back(
          std::make_unique<demo::StreamPartner>(kind, at_.grpc, tokens_.at(party.key)));
    }
  }
}

HttpAnswer Network::Call(const std::string& party, HttpCall call) const {
  const auto token = tokens_.find(party);
  return Perform("http://" + at_.fhir + "/fhir", token == tokens_.end() ? "" : token->second, call);
}

absl::StatusOr<Story> Network::LastStory() const {
  const std::string log = Log();
  const std::size_t at = log.rfind("\"event\":\"message_");
  if (at == std::string::npos) return absl::FailedPreconditionError("no message was recorded");
  v1::ExplainRequest request;
  request.set_message_id(Member(std::string_view(log).substr(at), "message"));
  v1::ExplainResponse response;
  grpc::ClientContext context;
  demo::Authorize(tokens_.at("operations"), &context);
  const grpc::Status status =
      v1::Ledger::NewStub(grpc::CreateChannel(at_.grpc, grpc::InsecureChannelCredentials()))
          ->Explain(&context, request, &response);
  if (!status.ok()) return absl::UnavailableError(status.error_message());
  Story story;
  story.message_id = request.message_id();
  story.receipt = response.receipt();
  for (const v1::LedgerEntry& entry : response.entries()) {
    if (entry.kind() == v1::LedgerEntry::UNDERSTOOD)
      ++story.events[std::string(care::KindCode(entry.event()))];
    if (entry.kind() == v1::LedgerEntry::ROUTED) {
      ++story.told[entry.party()];
      ++story.because[entry.party() + ", " + entry.text()];
    }
    if (entry.kind() == v1::LedgerEntry::WITHHELD)
      ++story.withheld[entry.party() + ", " + entry.text()];
  }
  return story;
}

std::size_t Network::CountOf(const std::string& party) const { return Received(party).size(); }

std::vector<std::string> Network::Received(const std::string& party) const {
  if (const auto hook = notice_partners_.find(party); hook != notice_partners_.end())
    return hook->second->bodies();
  std::vector<std::string> texts;
  if (const auto fhir = fhir_partners_.find(party); fhir != fhir_partners_.end()) {
    for (demo::Mailbox::Message& message : fhir->second->mailbox().messages())
      texts.push_back(std::move(message.text));
  }
  if (const auto streams = streams_.find(party); streams != streams_.end()) {
    for (const auto& stream : streams->second) {
      for (demo::Mailbox::Message& message : stream->mailbox().messages())
        texts.push_back(std::move(message.text));
    }
  }
  return texts;
}

bool Network::WaitForAll(const std::map<std::string, std::size_t>& told) const {
  const auto until = std::chrono::steady_clock::now() + seconds(20);
  for (const auto& [party, count] : told) {
    while (CountOf(party) < count) {
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::sleep_for(milliseconds(10));
    }
  }
  for (const PartySpec& party : parties_) {
    const auto expected = told.find(party.key);
    if (CountOf(party.key) > (expected == told.end() ? 0 : expected->second)) return false;
  }
  return true;
}

std::string Network::Log() const { return ReadFile(folder_ / "gateway.log"); }

std::string Network::Metrics() const {
  return Perform("http://" + at_.ops, "", {"GET", "/metrics", {}, {}}).body;
}

std::string Network::Notices() const {
  std::string all;
  for (const auto& [party, partner] : notice_partners_) {
    for (const std::string& body : partner->bodies()) all += body + "\n";
  }
  return all;
}

}  // namespace handoff::testing
