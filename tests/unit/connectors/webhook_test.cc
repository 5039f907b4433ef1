#include "connectors/webhook/webhook.h"

#include <memory>
#include <string>

#include <gmock/gmock.h>

#include "gateway/security/webhook_signature.h"
#include "tests/support/fake_clock.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/connectors/fixture.h"
#include "tests/unit/connectors/peer.h"

namespace handoff::connectors {
namespace {

using handoff::testing::FakeClock;
using testing::Answer;
using testing::Peer;
using testing::Request;
using testing::SendAndWait;

class WebhookTest : public ::testing::Test {
 protected:
  Target At(const Peer& peer) {
    Target target;
    target.url = peer.url() + "/hook";
    target.hmac_secret = "shared";
    return target;
  }

  FakeClock clock_;
  std::unique_ptr<Connector> connector_ = *CreateWebhook({}, clock_);
};

TEST_F(WebhookTest, SendsIdsAndNoContent) {
  Peer peer([](const Request&) { return Answer(204); });
  EXPECT_EQ(SendAndWait(*connector_, At(peer)).kind, Outcome::Kind::kDelivered);
  const Request request = peer.requests().at(0);
  EXPECT_EQ(request.target(), "/hook");
  EXPECT_EQ(request["Content-Type"], "application/json");
  EXPECT_EQ(request["Idempotency-Key"], "d0000000000001");
  EXPECT_EQ(request.body(),
            R"({"id":"d0000000000001","event":"DISCHARGE","message":"m0000000000001"})");
}

TEST_F(WebhookTest, SignsWhatItSends) {
  Peer peer([](const Request&) { return Answer(204); });
  SendAndWait(*connector_, At(peer));
  const Request request = peer.requests().at(0);
  const std::string signature(request["Handoff-Signature"]);
  EXPECT_THAT(security::VerifyWebhook(signature, "shared", request.body(), clock_.Now()),
              handoff::testing::IsOk());
  EXPECT_THAT(security::VerifyWebhook(signature, "other", request.body(), clock_.Now()),
              ::testing::Not(handoff::testing::IsOk()));
}

TEST_F(WebhookTest, AServerErrorIsRetried) {
  Peer peer([](const Request&) { return Answer(503); });
  EXPECT_EQ(SendAndWait(*connector_, At(peer)).kind, Outcome::Kind::kRetry);
}

}  // namespace
}  // namespace handoff::connectors
