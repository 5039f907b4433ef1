#include "connectors/webhook/webhook.h"

#include <string>
#include <utility>

#include "gateway/security/webhook_signature.h"

namespace handoff::connectors {
namespace {

// All three are ids and names of our own making, without a character that JSON would escape.
std::string Note(const Outbound& message) {
  return R"({"id":")" + message.delivery_id + R"(","event":")" + message.event +
         R"(","message":")" + message.message_id + R"("})";
}

class Webhook final : public Connector {
 public:
  Webhook(std::unique_ptr<HttpSender> sender, const Clock& clock)
      : sender_(std::move(sender)), clock_(clock) {}

  void Send(const Target& target,
            Outbound message,
            absl::AnyInvocable<void(Outcome)> done) override {
    HttpPost post{
        .url = target.url,
        .headers = {"Content-Type: application/json", "Idempotency-Key: " + message.delivery_id},
        .body = Note(message)};
    post.headers.push_back(std::string(security::kWebhookSignatureHeader) + ": " +
                           security::SignWebhook(target.hmac_secret, post.body, clock_.Now()));
    sender_->Post(target, std::move(post), std::move(done));
  }

  void Stop() override { sender_->Stop(); }

 private:
  const std::unique_ptr<HttpSender> sender_;
  const Clock& clock_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Connector>> CreateWebhook(const HttpSenderOptions& options,
                                                         const Clock& clock) {
  absl::StatusOr<std::unique_ptr<HttpSender>> sender = HttpSender::Create(options);
  if (!sender.ok()) return sender.status();
  return std::make_unique<Webhook>(*std::move(sender), clock);
}

}  // namespace handoff::connectors
