// How a delivery leaves: one interface, one folder per protocol.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"

namespace handoff::connectors {

// Where and how to reach a party, resolved from its endpoint configuration. Secrets are held, never printed.
struct Target {
  std::string party;            // key; for metrics
  std::string url;              // base URL (fhir_rest) or hook URL (webhook)
  std::string bearer_token;     // empty: none
  std::string hmac_secret;      // webhook
  std::string ca_file;          // PEM; empty: the system's
  std::string client_cert_file;  // PEM, mTLS; empty: none
  std::string client_key_file;
  std::chrono::milliseconds timeout{10'000};  // of one attempt, connection included
};

struct Outbound {
  std::string delivery_id;      // the same at every attempt: Idempotency-Key
  std::string message_id;       // ours; for logs
  std::string event;            // "DISCHARGE"
  std::string body;             // what the connector's format asks for (FHIR JSON; webhook: built by the connector)
  std::uint32_t attempt = 1;
};

// How sure we are that the peer has it, and what to do next.
struct Outcome {
  enum class Kind {
    kDelivered,  // the peer confirmed
    kRetry,      // not confirmed: it may or may not have it, send again later
    kRefused,    // the peer will not take this one: repeating is pointless
  };
  Kind kind = Kind::kRetry;
  std::string text;  // for the ledger: "201", "timeout", "connection refused"; never content or a URL
  std::optional<std::chrono::seconds> retry_after;
};

// Thread safety: all methods may be called concurrently.
class Connector {
 public:
  virtual ~Connector() = default;
  // Never blocks. `done` runs exactly once, on a thread of the connector, also when Stop() cuts the attempt off.
  virtual void Send(const Target& target, Outbound message, absl::AnyInvocable<void(Outcome)> done) = 0;
  // Ends attempts in flight with kRetry; returns when no callback runs any more.
  virtual void Stop() = 0;
};

}  // namespace handoff::connectors
