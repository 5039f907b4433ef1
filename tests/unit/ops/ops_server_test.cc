#include "gateway/ops/ops_server.h"

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/base/metrics.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/http/test_client.h"

namespace handoff::ops {
namespace {

using ::handoff::testing::ClientResponse;
using ::handoff::testing::TestClient;
using ::testing::HasSubstr;

class OpsServerTest : public ::testing::Test {
 protected:
  OpsServerTest() {
    auto started = OpsServer::Start({.checks = {{"store", [this] { return store_ready_.load(); }},
                                                {"accepting", [] { return true; }}}},
                                    metrics_);
    EXPECT_THAT(started, ::handoff::testing::IsOk());
    server_ = *std::move(started);
  }

  ClientResponse Ask(const std::string& line) {
    TestClient client(server_->port());
    client.Send(line + " HTTP/1.1\r\nHost: a\r\n\r\n");
    return client.Read(!line.starts_with("HEAD"));
  }

  Metrics metrics_;
  std::atomic<bool> store_ready_ = true;
  std::unique_ptr<OpsServer> server_;
};

TEST_F(OpsServerTest, SaysThatItIsAlive) {
  EXPECT_EQ(Ask("GET /healthz").status, 200);
  const ClientResponse head = Ask("HEAD /healthz");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.body, "");
}

TEST_F(OpsServerTest, SaysWhichCheckIsNotReady) {
  ClientResponse response = Ask("GET /readyz");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body,
            "{\"status\":\"ready\",\"checks\":{\"store\":\"ready\",\"accepting\":\"ready\"}}\n");
  store_ready_ = false;
  response = Ask("GET /readyz");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(
      response.body,
      "{\"status\":\"not ready\",\"checks\":{\"store\":\"not ready\",\"accepting\":\"ready\"}}\n");
  EXPECT_EQ(Ask("GET /healthz").status, 200) << "a gateway that is not ready must not be killed";
}

TEST_F(OpsServerTest, ShowsTheMetrics) {
  metrics_.commits.Increment();
  const ClientResponse response = Ask("GET /metrics");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.head, HasSubstr("Content-Type: text/plain; version=0.0.4"));
  EXPECT_THAT(response.body, HasSubstr("# TYPE handoff_"));
}

TEST_F(OpsServerTest, RefreshesTheMetricsBeforeItShowsThem) {
  const auto server =
      OpsServer::Start({.refresh = [this] { metrics_.deliveries_pending.Set(42); }}, metrics_);
  ASSERT_THAT(server, ::handoff::testing::IsOk());
  TestClient client((*server)->port());
  EXPECT_THAT(client.Ask("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n").body, HasSubstr(" 42"));
}

TEST_F(OpsServerTest, ServesNothingElse) {
  EXPECT_EQ(Ask("GET /").status, 404);
  EXPECT_EQ(Ask("GET /healthz/x").status, 404);
  const ClientResponse post = Ask("POST /metrics");
  EXPECT_EQ(post.status, 405);
  EXPECT_THAT(post.head, HasSubstr("Allow: GET, HEAD"));
}

TEST_F(OpsServerTest, StopsListening) {
  const std::uint16_t port = server_->port();
  server_->Stop();
  EXPECT_FALSE(TestClient(port).connected());
}

}  // namespace
}  // namespace handoff::ops
