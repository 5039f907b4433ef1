// Deliveries as FHIR: POST {url}/$process-message, or {url} itself for a transaction, as
// application/fhir+json.
#pragma once

#include <memory>

#include "absl/status/statusor.h"

#include "connectors/api/connector.h"
#include "connectors/curl/http_sender.h"

namespace handoff::connectors {

// Errors: as HttpSender::Create.
absl::StatusOr<std::unique_ptr<Connector>> CreateFhirRest(const HttpSenderOptions& options);

}  // namespace handoff::connectors
