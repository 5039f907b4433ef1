#include "connectors/fhir_rest/fhir_rest.h"

#include <string>
#include <utility>

namespace handoff::connectors {
namespace {

class FhirRest final : public Connector {
 public:
  explicit FhirRest(std::unique_ptr<HttpSender> sender) : sender_(std::move(sender)) {}

  void Send(const Target& target,
            Outbound message,
            absl::AnyInvocable<void(Outcome)> done) override {
    HttpPost post{
        .url = message.operation.empty() ? target.url : target.url + "/" + message.operation,
        .headers = {"Content-Type: application/fhir+json",
                    "Accept: application/fhir+json",
                    "Idempotency-Key: " + message.delivery_id},
        .body = std::move(message.body)};
    sender_->Post(target, std::move(post), std::move(done));
  }

  void Stop() override { sender_->Stop(); }

 private:
  const std::unique_ptr<HttpSender> sender_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Connector>> CreateFhirRest(const HttpSenderOptions& options) {
  absl::StatusOr<std::unique_ptr<HttpSender>> sender = HttpSender::Create(options);
  if (!sender.ok()) return sender.status();
  return std::make_unique<FhirRest>(*std::move(sender));
}

}  // namespace handoff::connectors
