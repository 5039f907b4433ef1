// FHIR R4 over HTTP: decodes requests, calls intake and the reader, encodes answers. No rules here.
//
// Served under /fhir: metadata, read, vread, search (GET, and POST _search), create (also
// conditional), update (version-aware), batch, transaction, $process-message, $validate. Every
// error is an OperationOutcome. gateway/docs/conformance.md tells what is served, and what is not.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/functional/any_invocable.h"

#include "fhir-mappings/runtime/resource.h"
#include "fhir-mappings/validation/profile_set.h"
#include "gateway/access/reader.h"
#include "gateway/base/clock.h"
#include "gateway/base/metrics.h"
#include "gateway/http/message.h"
#include "gateway/intake/intake.h"
#include "gateway/security/token.h"

namespace handoff::rest {

struct FhirServiceOptions {
  // The public base of FHIR, e.g. "https://gateway.example/fhir", no slash at the end: Location,
  // fullUrl and links begin with it.
  std::string base_url;
  std::string software_version;
  fhir::ReadLimits limits;  // of what $validate reads
};

using Task = absl::AnyInvocable<void()>;

// Where work that may block runs, for the connection's thread must not.
struct Executor {
  // New work. False, and the task is dropped, if as much waits as may: answered 429.
  std::function<bool(Task)> submit;
  // The next step of work that was taken: never refused.
  std::function<void(Task)> resume;
};

// What the service works with. All outlive it, and all calls that it has begun.
struct FhirServiceParts {
  intake::Intake& intake;
  const access::Reader& reader;
  security::TokenVerifier& verifier;
  const Clock& clock;
  Metrics& metrics;
  Executor executor;
  // The profiles of this moment, for $validate; may give null.
  std::function<std::shared_ptr<const fhir::ProfileSet>()> profiles;
};

// Thread safety: all methods may be called concurrently.
class FhirService {
 public:
  FhirService(FhirServiceOptions options, FhirServiceParts parts);

  // An http::Handler. Never blocks; answers later, from any thread.
  void Handle(http::Request request, absl::AnyInvocable<void(http::Response)> respond) const;

  // An http::Admit: who may not send anything is told before the body is read.
  std::optional<http::Response> Admit(const http::Request& head) const;

 private:
  struct Core;
  const std::shared_ptr<const Core> core_;
};

}  // namespace handoff::rest
