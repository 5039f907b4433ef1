// One request on its way to its answer.
#pragma once

#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"

#include "gateway/base/ids.h"
#include "gateway/http/message.h"
#include "gateway/http/query.h"
#include "gateway/rest/fhir_service.h"
#include "gateway/rest/negotiation.h"
#include "gateway/rest/outcome.h"
#include "gateway/rest/router.h"

namespace handoff::rest {

// What all calls share.
struct Shared {
  FhirServiceOptions options;
  FhirServiceParts parts;
  std::string capabilities;
  std::string capabilities_pretty;
  std::string capabilities_etag;
};

// Passed from thread to thread, never used by two at once.
class Call {
 public:
  Call(std::shared_ptr<const Shared> shared,
       http::Request request,
       absl::AnyInvocable<void(http::Response)> respond);

  const Shared& shared() const { return *shared_; }
  const std::string& base_url() const { return shared_->options.base_url; }

  // Ends the call: with the ids of request and message, counted, and logged if it is our fault.
  // Only the first of these does anything.
  void Answer(http::Response response);
  void Fail(const Failure& failure);
  void Fail(absl::Status status) { Fail(Failure{std::move(status), 0, {}}); }

  http::Request request;
  http::QueryParams query;
  Preferences preferences;
  Route route;
  const char* operation = "unknown";  // for metrics
  PartyKey party;
  std::string message_id;  // of what the call brought, once it is kept

 private:
  const std::shared_ptr<const Shared> shared_;
  absl::AnyInvocable<void(http::Response)> respond_;
  std::string request_id_;
  bool answered_ = false;
};

using CallPtr = std::shared_ptr<Call>;

// Runs a step of `call`; what it throws ends the call with 500.
void RunStep(Call& call, absl::FunctionRef<void()> step);

}  // namespace handoff::rest
