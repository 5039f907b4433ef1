// How a receiver of webhooks knows that a call is ours, fresh and unchanged.
//
//   Handoff-Signature: t=1783005600,v1=<hex HMAC-SHA256 of "1783005600.<body>" under the shared
//   secret>
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "absl/status/status.h"

#include "gateway/base/clock.h"

namespace handoff::security {

inline constexpr std::string_view kWebhookSignatureHeader = "Handoff-Signature";

// The value of the header.
std::string SignWebhook(std::string_view secret, std::string_view body, Timestamp now);

// What a receiver does. Several v1 values may stand in `header` (a secret being rotated): one that
// fits suffices. Unknown members are passed over.
//
// Errors: kUnauthenticated, with the same text for every cause.
absl::Status VerifyWebhook(std::string_view header,
                           std::string_view secret,
                           std::string_view body,
                           Timestamp now,
                           std::chrono::seconds tolerance = std::chrono::minutes(5));

}  // namespace handoff::security
