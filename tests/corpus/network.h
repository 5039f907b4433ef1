// A gateway process with partners of its own choosing around it, and all that it writes where
// people can read it: log, metrics, errors.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "gateway/app/demo/partners.h"
#include "gateway/app/demo/process.h"
#include "handoff/v1/services.pb.h"
#include "tests/corpus/http_call.h"
#include "tests/corpus/notice_partner.h"
#include "tests/support/temp_dir.h"

namespace handoff::testing {

// How a party is told.
enum class Channel {
  kNone,     // it only sends
  kFhir,     // $process-message to a server of its own
  kNotice,   // a webhook
  kStreams,  // it pulls over gRPC
};

struct PartySpec {
  std::string key;
  std::string kind;  // of config/README.md
  Channel channel = Channel::kNone;
  std::string more;  // further YAML of the party: identifiers, roster, services, area
};

// What became of one message, told by the ledger.
struct Story {
  std::string message_id;
  std::map<std::string, std::size_t> events;    // by kind
  std::map<std::string, std::size_t> told;      // by party
  std::map<std::string, std::size_t> withheld;  // by party and reason
  std::map<std::string, std::size_t> because;   // by party and reason, of those that were told
  v1::Receipt receipt;
};

class Network {
 public:
  // Runs the program of this build on an empty store. Every party has the client "KEY-client"; a
  // further party, "operations", runs the gateway. Rules are those of config/, but nothing is too
  // old to be told.
  static absl::StatusOr<std::unique_ptr<Network>> Start(std::vector<PartySpec> parties);
  ~Network();

  // One call to the FHIR base, in the name of `party`; a name that is no party sends no token.
  HttpAnswer Call(const std::string& party, HttpCall call) const;
  // Errors: as Call; kFailedPrecondition if nothing was recorded.
  absl::StatusOr<Story> LastStory() const;

  const std::string& token(const std::string& party) const { return tokens_.at(party); }
  const std::string& grpc() const { return at_.grpc; }

  // What `party` got, each message once, as text.
  std::vector<std::string> Received(const std::string& party) const;
  // True once every party got as many messages as `told` says, and none got more.
  bool WaitForAll(const std::map<std::string, std::size_t>& told) const;

  // Standard error of the gateway so far.
  std::string Log() const;
  std::string Metrics() const;
  // Bodies of webhooks.
  std::string Notices() const;

 private:
  explicit Network(std::vector<PartySpec> parties) : parties_(std::move(parties)) {}
  absl::Status StartPartners();
  absl::Status WriteConfiguration() const;
  std::string PartyYaml(const PartySpec& party) const;
  absl::Status StartGateway();
  absl::Status GetTokens();
  void StartStreams();
  std::size_t CountOf(const std::string& party) const;

  const std::vector<PartySpec> parties_;
  const TempDir folder_;
  std::map<std::string, std::unique_ptr<demo::FhirPartner>> fhir_partners_;
  std::map<std::string, std::unique_ptr<NoticePartner>> notice_partners_;
  std::map<std::string, std::vector<std::unique_ptr<demo::StreamPartner>>> streams_;
  std::unique_ptr<demo::Process> gateway_;
  std::map<std::string, std::string> tokens_;
  demo::Surfaces at_;
};

}  // namespace handoff::testing
