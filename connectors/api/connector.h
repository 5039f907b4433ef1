// How a delivery leaves: one interface, one folder per protocol.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"

namespace handoff::connectors {

// Where and how to reach a party, resolved from its endpoint configuration. Secrets are held, never
// printed.
struct Target {
  std::string party;                 // key; for metrics
  std::string url;                   // base URL (fhir_rest) or hook URL (webhook)
  std::string bearer_token;          // empty: none
  std::vector<std::string> headers;  // further ones, "Name: value"
  std::string hmac_secret;           // webhook
  std::string ca_file;               // PEM; empty: the system's
  std::string client_cert_file;      // PEM, mTLS; empty: none
  std::string client_key_file;
  std::chrono::milliseconds timeout{10'000};  // of one attempt, connection included
};

struct Outbound {
  std::string delivery_id;  // the same at every attempt: Idempotency-Key
  std::string message_id;   // ours; for logs
  std::string event;        // "DISCHARGE"
  std::string operation;    // fhir_rest: "$process-message", or empty for the base itself
  std::string body;         // fhir_rest: FHIR JSON; webhook builds its own
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
  std::string text;  // for the ledger: "HTTP 201", "timeout"; never content or a URL
  std::optional<std::chrono::seconds> retry_after;
};

// Thread safety: all methods may be called concurrently, Stop() not from a callback.
class Connector {
 public:
  virtual ~Connector() = default;
  // Never blocks. `done` runs exactly once: on a thread of the connector, also when Stop() cuts the
  // attempt off, or on the caller's before Send returns where a bound is reached or the connector
  // is stopped. It must not block either.
  virtual void Send(const Target& target,
                    Outbound message,
                    absl::AnyInvocable<void(Outcome)> done) = 0;
  // Ends attempts in flight with kRetry; returns when no callback runs any more. Later attempts end
  // at once with kRetry.
  virtual void Stop() = 0;
};

}  // namespace handoff::connectors
