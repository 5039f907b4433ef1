#include "connectors/fhir_rest/fhir_rest.h"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <future>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/connectors/fixture.h"
#include "tests/unit/connectors/peer.h"

namespace handoff::connectors {
namespace {

using handoff::testing::StatusIs;
using handoff::testing::TempDir;
using testing::Answer;
using testing::MakeCertificate;
using testing::Peer;
using testing::PeerTls;
using testing::Request;
using testing::Response;
using testing::SendAndWait;
using testing::Start;

Peer::Handler Always(Response response) {
  return [response](const Request&) { return response; };
}

std::optional<Response> Never(const Request&) { return std::nullopt; }

class FhirRestTest : public ::testing::Test {
 protected:
  FhirRestTest() : FhirRestTest(HttpSenderOptions{}) {}
  explicit FhirRestTest(const HttpSenderOptions& options) : connector_(*CreateFhirRest(options)) {}

  static Target At(const Peer& peer) {
    Target target;
    target.party = "nha";
    target.url = peer.url() + "/fhir";
    return target;
  }

  TempDir dir_;
  std::unique_ptr<Connector> connector_;
};

TEST_F(FhirRestTest, PostsTheMessageToProcessMessage) {
  Peer peer(Always(Answer(200)));
  Target target = At(peer);
  target.bearer_token = "secret-token";
  target.headers = {"X-Site: 7"};
  const Outcome outcome = SendAndWait(*connector_, target);
  EXPECT_EQ(outcome.kind, Outcome::Kind::kDelivered);
  EXPECT_EQ(outcome.text, "HTTP 200");
  const Request request = peer.requests().at(0);
  EXPECT_EQ(request.method_string(), "POST");
  EXPECT_EQ(request.target(), "/fhir/$process-message");
  EXPECT_EQ(request["Content-Type"], "application/fhir+json");
  EXPECT_EQ(request["Idempotency-Key"], "d0000000000001");
  EXPECT_EQ(request["Authorization"], "Bearer secret-token");
  EXPECT_EQ(request["X-Site"], "7");
  EXPECT_TRUE(request["User-Agent"].starts_with("handoff/"));
  EXPECT_EQ(request["Expect"], "");
  EXPECT_EQ(request.body(), R"({"resourceType":"Bundle"})");
}

TEST_F(FhirRestTest, PostsToTheBaseWithoutAnOperation) {
  Peer peer(Always(Answer(200)));
  Outbound message = testing::AMessage();
  message.operation.clear();
  std::promise<Outcome> done;
  connector_->Send(At(peer), message, [&](Outcome o) { done.set_value(std::move(o)); });
  done.get_future().wait();
  EXPECT_EQ(peer.requests().at(0).target(), "/fhir");
}

TEST_F(FhirRestTest, HonoursRetryAfterInSeconds) {
  Response response = Answer(429);
  response.set("Retry-After", "120");
  Peer peer(Always(response));
  const Outcome outcome = SendAndWait(*connector_, At(peer));
  EXPECT_EQ(outcome.kind, Outcome::Kind::kRetry);
  EXPECT_EQ(outcome.text, "HTTP 429");
  EXPECT_EQ(outcome.retry_after, std::chrono::seconds(120));
}

TEST_F(FhirRestTest, HonoursRetryAfterAsADateUpToTheBound) {
  Response response = Answer(503);
  response.set("Retry-After", "Thu, 31 Dec 2099 23:59:59 GMT");
  Peer peer(Always(response));
  EXPECT_EQ(SendAndWait(*connector_, At(peer)).retry_after, std::chrono::hours(1));
}

TEST_F(FhirRestTest, DoesNotFollowARedirect) {
  Peer elsewhere(Always(Answer(200)));
  Response response = Answer(307);
  response.set("Location", elsewhere.url());
  Peer peer(Always(response));
  EXPECT_EQ(SendAndWait(*connector_, At(peer)).kind, Outcome::Kind::kRefused);
  EXPECT_EQ(elsewhere.connections(), 0u);
}

TEST_F(FhirRestTest, TakesNoProxyFromTheEnvironment) {
  Peer proxy(Always(Answer(200)));
  Peer peer(Always(Answer(201)));
  ::setenv("http_proxy", proxy.url().c_str(), 1);
  const Outcome outcome = SendAndWait(*connector_, At(peer));
  ::unsetenv("http_proxy");
  EXPECT_EQ(outcome.text, "HTTP 201");
  EXPECT_EQ(proxy.connections(), 0u);
}

TEST_F(FhirRestTest, ARefusedConnectionIsRetried) {
  Target target;
  target.url = testing::RefusedUrl();
  const Outcome outcome = SendAndWait(*connector_, target);
  EXPECT_EQ(outcome.kind, Outcome::Kind::kRetry);
  EXPECT_EQ(outcome.text, "cannot connect");
}

TEST_F(FhirRestTest, APeerThatNeverAnswersTimesOut) {
  Peer peer(Never);
  Target target = At(peer);
  target.timeout = std::chrono::milliseconds(50);
  const Outcome outcome = SendAndWait(*connector_, target);
  EXPECT_EQ(outcome.kind, Outcome::Kind::kRetry);
  EXPECT_EQ(outcome.text, "timeout");
}

TEST_F(FhirRestTest, OnlyHttpIsSpoken) {
  Target target;
  target.url = "file:///etc";
  EXPECT_EQ(SendAndWait(*connector_, target).text, "URL of the endpoint cannot be used");
}

TEST_F(FhirRestTest, AHeaderCannotBeSplit) {
  Peer peer(Always(Answer(200)));
  Target target = At(peer);
  target.bearer_token = "x\r\nX-Injected: 1";
  const Outcome outcome = SendAndWait(*connector_, target);
  EXPECT_EQ(outcome.kind, Outcome::Kind::kRetry);
  EXPECT_EQ(peer.connections(), 0u);
}

TEST_F(FhirRestTest, ConnectionsAreUsedAgain) {
  Peer peer(Always(Answer(200, std::string(1000, 'x'))));
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(SendAndWait(*connector_, At(peer)).kind, Outcome::Kind::kDelivered);
  }
  EXPECT_EQ(peer.connections(), 1u);
}

TEST_F(FhirRestTest, AnAnswerUpToTheLimitKeepsTheConnection) {
  Peer peer(Always(Answer(200, std::string(64 * 1024, 'x'))));
  SendAndWait(*connector_, At(peer));
  SendAndWait(*connector_, At(peer));
  EXPECT_EQ(peer.connections(), 1u);
}

TEST_F(FhirRestTest, AnAnswerBeyondTheLimitStillCounts) {
  Peer peer(Always(Answer(200, std::string(64 * 1024 + 1, 'x'))));
  EXPECT_EQ(SendAndWait(*connector_, At(peer)).kind, Outcome::Kind::kDelivered);
  EXPECT_EQ(SendAndWait(*connector_, At(peer)).kind, Outcome::Kind::kDelivered);
  EXPECT_EQ(peer.connections(), 2u);
}

TEST_F(FhirRestTest, AnUnknownCaIsNotTrusted) {
  Peer peer(Always(Answer(200)), MakeCertificate(dir_.path(), "peer"));
  const Outcome outcome = SendAndWait(*connector_, At(peer));
  EXPECT_EQ(outcome.kind, Outcome::Kind::kRetry);
  EXPECT_EQ(outcome.text, "TLS verification failed");
  EXPECT_TRUE(peer.requests().empty());
}

TEST_F(FhirRestTest, TheGivenCaIsTrustedAndNoOther) {
  const PeerTls ours = MakeCertificate(dir_.path(), "ours");
  const PeerTls other = MakeCertificate(dir_.path(), "other");
  Peer peer(Always(Answer(200)), ours);
  Target target = At(peer);
  target.ca_file = ours.cert_file;
  EXPECT_EQ(SendAndWait(*connector_, target).kind, Outcome::Kind::kDelivered);
  target.ca_file = other.cert_file;
  EXPECT_EQ(SendAndWait(*connector_, target).text, "TLS verification failed");
}

TEST_F(FhirRestTest, ShowsItsClientCertificate) {
  PeerTls files = MakeCertificate(dir_.path(), "peer");
  const PeerTls client = MakeCertificate(dir_.path(), "client");
  files.ca_file = client.cert_file;
  Peer peer(Always(Answer(200)), files);
  Target target = At(peer);
  target.ca_file = files.cert_file;
  EXPECT_EQ(SendAndWait(*connector_, target).kind, Outcome::Kind::kRetry);
  target.client_cert_file = client.cert_file;
  target.client_key_file = client.key_file;
  EXPECT_EQ(SendAndWait(*connector_, target).kind, Outcome::Kind::kDelivered);
}

TEST_F(FhirRestTest, StopEndsWhatIsInFlight) {
  Peer peer(Never);
  std::future<Outcome> outcome = Start(*connector_, At(peer));
  peer.AwaitRequests(1);
  connector_->Stop();
  ASSERT_EQ(outcome.wait_for(std::chrono::seconds(0)), std::future_status::ready);
  EXPECT_EQ(outcome.get().kind, Outcome::Kind::kRetry);
}

TEST_F(FhirRestTest, AfterStopAttemptsEndAtOnce) {
  Peer peer(Always(Answer(200)));
  connector_->Stop();
  const Outcome outcome = SendAndWait(*connector_, At(peer));
  EXPECT_EQ(outcome.kind, Outcome::Kind::kRetry);
  EXPECT_EQ(outcome.text, "stopped");
}

class SmallFhirRestTest : public FhirRestTest {
 protected:
  SmallFhirRestTest() : FhirRestTest({.max_in_flight = 1, .max_queued = 1}) {}
};

TEST_F(SmallFhirRestTest, BeyondTheQueueAttemptsFailAtOnce) {
  Peer peer(Never);
  std::future<Outcome> first = Start(*connector_, At(peer));
  std::future<Outcome> second = Start(*connector_, At(peer));
  EXPECT_EQ(SendAndWait(*connector_, At(peer)).text, "too many attempts under way");
  peer.AwaitRequests(1);
  EXPECT_EQ(peer.connections(), 1u);
  connector_->Stop();
  EXPECT_EQ(first.get().text, "stopped");
  EXPECT_EQ(second.get().text, "stopped");
}

TEST_F(SmallFhirRestTest, TheQueueMovesOn) {
  Peer peer(Always(Answer(200)));
  std::future<Outcome> first = Start(*connector_, At(peer));
  std::future<Outcome> second = Start(*connector_, At(peer));
  EXPECT_EQ(first.get().kind, Outcome::Kind::kDelivered);
  EXPECT_EQ(second.get().kind, Outcome::Kind::kDelivered);
}

TEST(HttpSenderTest, RefusesOptionsOutOfRange) {
  EXPECT_THAT(CreateFhirRest({.max_in_flight = 0}),
              StatusIs(absl::StatusCode::kInvalidArgument, "max_in_flight"));
  EXPECT_THAT(CreateFhirRest({.max_in_flight = 10'001}),
              StatusIs(absl::StatusCode::kInvalidArgument, "max_in_flight"));
  EXPECT_THAT(CreateFhirRest({.max_queued = 1'000'001}),
              StatusIs(absl::StatusCode::kInvalidArgument, "max_queued"));
}

}  // namespace
}  // namespace handoff::connectors
