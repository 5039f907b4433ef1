// Deliveries as signed notes that say only that there is something to read:
//   {"id":"<delivery>","event":"DISCHARGE","message":"<our message id>"}
// The receiver then reads over FHIR with its own token, so nothing about a patient passes the hook.
//
// Handoff-Signature: t=<seconds since 1970>,v1=<hex HMAC-SHA256 of "<t>.<body>" by the shared
// secret>. The receiver should refuse a `t` that is more than five minutes off, and a delivery id
// that it has seen.
#pragma once

#include <memory>

#include "absl/status/statusor.h"

#include "connectors/api/connector.h"
#include "connectors/curl/http_sender.h"
#include "gateway/base/clock.h"

namespace handoff::connectors {

// `clock` must outlive the connector. Errors: as HttpSender::Create.
absl::StatusOr<std::unique_ptr<Connector>> CreateWebhook(const HttpSenderOptions& options,
                                                         const Clock& clock);

}  // namespace handoff::connectors
