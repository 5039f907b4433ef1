#include "gateway/rest/outcome.h"

#include "fhir-mappings/runtime/resource.h"
#include "gateway/base/error.h"
#include "gateway/base/log.h"

namespace handoff::rest {
namespace {

// The row of the error table that stands for what the HTTP server refuses by itself.
ErrorId IdOfServerError(int status) {
  switch (status) {
    case 413:
    case 417:
    case 431:
      return ErrorId::kTooLarge;
    case 408:
    case 503:
      return ErrorId::kUnavailable;
    case 501:
      return ErrorId::kUnsupported;
    default:
      return status >= 500 ? ErrorId::kInternal : ErrorId::kInvalidRequest;
  }
}

fhir::Issues IssuesOf(const absl::Status& status) {
  const ErrorInfo& info = ErrorOf(status);
  std::string text(info.code);
  text += ": ";
  text.append(status.message().data(), status.message().size());
  return {{fhir::Severity::kError, info.issue_code, std::move(text), {}}};
}

}  // namespace

http::Response FailureResponse(const Failure& failure, bool pretty) {
  const ErrorInfo& info = ErrorOf(failure.status);
  const int status = failure.http == 0 ? info.http : failure.http;
  http::Response response = OutcomeResponse(status, IssuesOf(failure.status), pretty);
  response.headers = failure.headers;
  if (info.id == ErrorId::kTooMany || info.id == ErrorId::kUnavailable) {
    response.headers.emplace_back("Retry-After", "1");
  }
  return response;
}

http::Response OutcomeResponse(int status, const fhir::Issues& issues, bool pretty) {
  std::string encoded;
  fhir::AppendOutcome(issues, &encoded);
  return ResourceResponse(status, encoded, pretty);
}

http::Response ResourceResponse(int status, std::string_view encoded, bool pretty) {
  http::Response response;
  response.status = status;
  response.content_type = kFhirJson;
  const absl::Status written =
      fhir::WriteJson(encoded, fhir::WriteOptions{.pretty = pretty}, &response.body);
  if (written.ok()) return response;
  log::Error("rest_resource_not_written", {{"status", written}});
  response.status = 500;
  response.content_type.clear();
  response.body.clear();
  return response;
}

http::Response ServerErrorResponse(int status, std::string_view reason) {
  return FailureResponse(Failure{MakeError(IdOfServerError(status), reason), status, {}}, false);
}

}  // namespace handoff::rest
