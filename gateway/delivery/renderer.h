// What leaves, decided at the moment of sending.
#pragma once

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"

#include "connectors/api/connector.h"
#include "gateway/base/clock.h"
#include "handoff/v1/model.pb.h"

namespace handoff::delivery {

// What of an event a message carries, for the ledger.
struct Carried {
  std::vector<v1::ResourceName> resources;
  std::string left_out;  // "2 left out: sensitive"; empty: nothing
};

// The message may leave.
struct Ready {
  std::string connector;  // by which it leaves: "fhir_rest", "webhook"
  connectors::Target target;
  std::string operation;  // as Outbound has it
  std::string body;       // FHIR JSON
  Carried carried;
};

// The message must not leave: now or later, or until a steward has decided whom it is about.
struct Withheld {
  std::string reason;  // for the ledger: plain words, no patient data
  bool held = false;   // it is kept for the steward
};

using Rendering = std::variant<Ready, Withheld>;

// Thread safety: one thread at a time.
class Renderer {
 public:
  virtual ~Renderer() = default;
  // Called before every attempt: consent, labels and views count as they are at `now`.
  //
  // Errors: whatever stands in the way now (a recipient without an endpoint, a disk that fails);
  // the delivery is tried again later. The message goes to the ledger.
  virtual absl::StatusOr<Rendering> Render(const v1::Delivery& delivery, Timestamp now) = 0;

  // How many attempts to `recipient` may be under way at once; at least 1. Quick: it is called with
  // the lanes of the store locked.
  virtual std::size_t MaxInFlight(const std::string& recipient) = 0;
};

}  // namespace handoff::delivery
