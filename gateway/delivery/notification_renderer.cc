#include "gateway/delivery/notification_renderer.h"

#include <variant>

#include "fhir-mappings/runtime/resource.h"
#include "gateway/base/status_macros.h"

namespace handoff::delivery {
namespace {

using directory::Endpoint;
using directory::EndpointKind;
using directory::Format;
using directory::Party;

absl::Status SecretError() {
  // Not the secret's own words: they name a file or a variable, and this goes to the ledger.
  return absl::FailedPreconditionError("a secret of the endpoint cannot be read");
}

}  // namespace

absl::StatusOr<Rendering> NotificationRenderer::Render(const v1::Delivery& delivery, Timestamp) {
  std::shared_ptr<const directory::Directory> directory = notifications_.rules().directory;
  if (directory != directory_) {
    targets_.clear();
    directory_ = std::move(directory);
  }
  HANDOFF_ASSIGN_OR_RETURN(auto composed, notifications_.Compose(delivery));
  if (Withheld* withheld = std::get_if<Withheld>(&composed)) return std::move(*withheld);
  Notification& notification = std::get<Notification>(composed);

  const Party* const party = directory_->Find(PartyKey(delivery.recipient()));
  const Endpoint* const endpoint =
      party == nullptr ? nullptr : party->FindEndpoint(delivery.channel());
  if (endpoint == nullptr || endpoint->kind == EndpointKind::kStream) {
    return absl::FailedPreconditionError("the recipient has no endpoint to send to");
  }
  Ready ready;
  HANDOFF_ASSIGN_OR_RETURN(ready.target, TargetOf(*party, *endpoint));
  ready.carried = std::move(notification.carried);
  if (endpoint->kind == EndpointKind::kWebhook) {
    ready.connector = "webhook";
    return ready;
  }
  ready.connector = "fhir_rest";
  if (endpoint->format == Format::kMessage) ready.operation = "$process-message";
  HANDOFF_RETURN_IF_ERROR(
      fhir::WriteJson(notification.bundle, {.pretty = endpoint->pretty}, &ready.body));
  return ready;
}

absl::StatusOr<connectors::Target> NotificationRenderer::TargetOf(const Party& party,
                                                                  const Endpoint& endpoint) {
  const std::pair<std::string, std::string> key(party.key.value(), endpoint.key);
  if (const auto known = targets_.find(key); known != targets_.end()) return known->second;
  absl::StatusOr<std::string> token = endpoint.bearer_token.Read();
  if (!token.ok()) return SecretError();
  absl::StatusOr<std::string> hmac_secret = endpoint.hmac_secret.Read();
  if (!hmac_secret.ok()) return SecretError();

  connectors::Target target;
  target.party = party.key.value();
  target.url = endpoint.url;
  target.bearer_token = *std::move(token);
  target.hmac_secret = *std::move(hmac_secret);
  for (const auto& [name, value] : endpoint.headers) target.headers.push_back(name + ": " + value);
  target.ca_file = endpoint.ca_file;
  target.client_cert_file = endpoint.client_cert_file;
  target.client_key_file = endpoint.client_key_file;
  target.timeout = endpoint.timeout;
  return targets_.emplace(key, std::move(target)).first->second;
}

std::size_t NotificationRenderer::MaxInFlight(const std::string& recipient) {
  // Of the rules of now: a reload may have changed it before anything was rendered.
  const std::shared_ptr<const directory::Directory> directory = notifications_.rules().directory;
  const Party* const party = directory->Find(PartyKey(recipient));
  const Endpoint* const endpoint = party == nullptr ? nullptr : party->DefaultEndpoint();
  return endpoint == nullptr ? 1 : endpoint->max_in_flight;
}

}  // namespace handoff::delivery
