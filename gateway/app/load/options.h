// What `handoff load` is told.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace handoff::load {

enum class Protocol { kFhir, kGrpc };

struct LoadOptions {
  Protocol protocol = Protocol::kFhir;
  std::string url = "http://127.0.0.1:8080/fhir";  // FHIR base; with `baseline` the URL itself
  std::string grpc = "127.0.0.1:8443";             // host:port, for kGrpc and for watching
  std::string ops_url;    // base of /metrics, to be read before and after; empty: not read
  std::string token;      // of the sender; without it nothing is sent along
  std::string ca_file;    // PEM; set: gRPC uses TLS too. HTTPS without it trusts the system's
  bool baseline = false;  // any 2xx to a POST of the message is an acceptance

  unsigned connections = 32;          // FHIR: connections; gRPC: calls under way. 1..1'024
  std::uint64_t seconds = 0;          // 0: 10 if there is no count. At most 3'600
  std::uint64_t count = 0;            // messages; 0: as many as the time allows. At most 10'000'000
  std::uint64_t warm_up_seconds = 0;  // less than `seconds`: what is due in them is not timed
  double rate = 0;                    // messages a second, open loop; 0: as fast as answers come
  std::uint64_t drain_seconds =
      30;  // longest wait for deliveries after the last answer. At most 600

  std::vector<std::string> watch_tokens;  // each opens Transitions.Watch as its party
  int receive_port =
      -1;  // accept deliveries over HTTP on 127.0.0.1 at this port; 0: any; -1: do not

  std::uint32_t seed = 1;
  std::size_t message_bytes = 30'000;
  std::string hospital = "http://hl7.org/fhir/sid/us-npi|9990000001";  // system|value
  std::string practice = "http://hl7.org/fhir/sid/us-npi|9990000002";
  std::string payer = "https://northbrook.example/payer-id|NHA";

  bool json = false;  // one JSON object instead of the table
};

// Fills in what depends on other options. Errors: kInvalidArgument names the option that is wrong.
absl::Status Complete(LoadOptions* options);

}  // namespace handoff::load
