// Errors as FHIR tells them: an OperationOutcome under the right status.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"

#include "fhir-mappings/runtime/issue.h"
#include "gateway/http/message.h"

namespace handoff::rest {

inline constexpr char kFhirJson[] = "application/fhir+json";

// A request that is answered with an error.
struct Failure {
  absl::Status status;
  int http = 0;  // 0: as the error table has it for `status`
  std::vector<std::pair<std::string, std::string>> headers;  // "Allow", ...
};

// What FHIR over HTTP answers for `failure`: one issue, whose details begin with the error's id.
http::Response FailureResponse(const Failure& failure, bool pretty);

http::Response OutcomeResponse(int status, const fhir::Issues& issues, bool pretty);

// An encoded resource as the body; 500 if it cannot be written.
http::Response ResourceResponse(int status, std::string_view encoded, bool pretty);

// For http::HttpServerOptions::error_response.
http::Response ServerErrorResponse(int status, std::string_view reason);

}  // namespace handoff::rest
