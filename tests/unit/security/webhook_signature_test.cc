#include "gateway/security/webhook_signature.h"

#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"
#include "tests/support/status_matchers.h"

namespace handoff::security {
namespace {

using ::handoff::testing::FakeClock;
using ::handoff::testing::IsOk;
using ::handoff::testing::StatusIs;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr const char* kSecret = "s3cret";
constexpr const char* kBody = R"({"id":"m0dq3k2t9fzfr"})";

class WebhookSignatureTest : public ::testing::Test {
 protected:
  bool Fits(const std::string& header, const std::string& body = kBody) {
    const absl::Status status = VerifyWebhook(header, kSecret, body, clock_.Now());
    if (!status.ok()) {
      EXPECT_THAT(
          status,
          StatusIs(absl::StatusCode::kUnauthenticated, "the webhook signature is not valid"));
    }
    return status.ok();
  }
  FakeClock clock_;
};

// printf '1783005600.{"id":"m0dq3k2t9fzfr"}' | openssl dgst -sha256 -hmac s3cret
TEST_F(WebhookSignatureTest, SignsAsDocumented) {
  EXPECT_EQ(SignWebhook(kSecret, kBody, clock_.Now()),
            "t=1783005600,v1=1510ec033a410e2aa861e5d1d46e3fc3422cb4baace2b0a63eafea4a04302da3");
}

TEST_F(WebhookSignatureTest, FitsItsBodySecretAndTimeOnly) {
  const std::string header = SignWebhook(kSecret, kBody, clock_.Now());
  EXPECT_TRUE(Fits(header));
  EXPECT_FALSE(Fits(header, "{}"));
  EXPECT_FALSE(Fits(SignWebhook("other", kBody, clock_.Now())));
  EXPECT_FALSE(Fits("t=1783005601" + header.substr(header.find(','))));
}

TEST_F(WebhookSignatureTest, FitsWithinTheToleranceOnly) {
  const std::string header = SignWebhook(kSecret, kBody, clock_.Now());
  clock_.Advance(minutes(5));
  EXPECT_TRUE(Fits(header));
  clock_.Advance(seconds(1));
  EXPECT_FALSE(Fits(header));
  clock_.Advance(-minutes(10) - seconds(1));
  EXPECT_TRUE(Fits(header));
  clock_.Advance(-seconds(1));
  EXPECT_FALSE(Fits(header));
}

TEST_F(WebhookSignatureTest, TakesOneOfSeveralSignatures) {
  const std::string good = SignWebhook(kSecret, kBody, clock_.Now());
  const std::string other = SignWebhook("old", kBody, clock_.Now());
  EXPECT_TRUE(Fits(other + ", " + good.substr(good.find("v1=")) + ",v9=x"));
}

TEST_F(WebhookSignatureTest, RefusesAMalformedHeader) {
  const std::string good = SignWebhook(kSecret, kBody, clock_.Now());
  const std::string v1 = good.substr(good.find("v1="));
  for (const std::string& bad : {std::string(),
                                 v1,
                                 std::string("t=1783005600"),
                                 "t=," + v1,
                                 "t=x," + v1,
                                 "t=1783005600x," + v1,
                                 "t=99999999999999999999," + v1,
                                 "t=1783005600,t=1783005600," + v1,
                                 std::string("t=1783005600,v1=")}) {
    EXPECT_FALSE(Fits(bad)) << bad;
  }
  std::string many = "t=1783005600";
  for (int i = 0; i < 8; ++i) many += ",v1=00";
  EXPECT_FALSE(Fits(many + "," + v1));
}

}  // namespace
}  // namespace handoff::security
