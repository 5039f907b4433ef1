// The server and its TLS identity together, over real sockets.
#include <memory>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include "gateway/base/clock.h"
#include "gateway/http/http_server.h"
#include "gateway/security/tls.h"
#include "tests/support/fake_clock.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/http/test_client.h"
#include "tests/unit/security/test_certificates.h"

namespace handoff::http {
namespace {

using ::handoff::security::ClientCertificate;
using ::handoff::security::ServerTls;
using ::handoff::testing::ClientResponse;
using ::handoff::testing::ClientTls;
using ::handoff::testing::FakeClock;
using ::handoff::testing::TempDir;
using ::handoff::testing::TestAuthority;
using ::handoff::testing::TestClient;
using ::testing::HasSubstr;

constexpr const char* kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

class HttpServerTlsTest : public ::testing::Test {
 protected:
  HttpServerTlsTest() : authority_("Test CA") {
    authority_.Issue("server", folder_ / "server.pem", folder_ / "server.key");
    authority_.Issue("st-mary", folder_ / "client.pem", folder_ / "client.key");
    authority_.WriteCertificate(folder_ / "ca.pem");
  }

  ServerTls Identity(ClientCertificate mode, const std::string& name = "server") {
    auto tls = ServerTls::Load({.certificate_file = folder_ / (name + ".pem"),
                                .key_file = folder_ / (name + ".key"),
                                .client_ca_file = folder_ / "ca.pem",
                                .client_certificate = mode},
                               clock_.Now());
    EXPECT_THAT(tls, ::handoff::testing::IsOk());
    return *std::move(tls);
  }

  std::unique_ptr<HttpServer> StartServer(ClientCertificate mode) {
    HttpServerOptions options;
    options.tls = Identity(mode).context();
    auto server = HttpServer::Start(std::move(options), [](Request request, Respond respond) {
      respond({.headers = {{"X-Subject", request.client_certificate_subject}},
               .body = std::move(request.body)});
    });
    EXPECT_THAT(server, ::handoff::testing::IsOk());
    return *std::move(server);
  }

  ClientTls WithCertificate(const std::string& name = "client") {
    return {.certificate_file = folder_ / (name + ".pem"), .key_file = folder_ / (name + ".key")};
  }

  FakeClock clock_;
  TempDir folder_;
  TestAuthority authority_;
};

TEST_F(HttpServerTlsTest, CarriesLargeBodiesBothWaysOnOneConnection) {
  const auto server = StartServer(ClientCertificate::kNone);
  TestClient client(server->port(), ClientTls());
  ASSERT_TRUE(client.connected());
  std::string body(3 << 20, 'x');
  for (std::size_t i = 0; i < body.size(); i += 1000)
    body[i] = static_cast<char>('a' + i / 1000 % 26);
  for (int i = 0; i < 2; ++i) {
    const ClientResponse response =
        client.Ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) +
                   "\r\n\r\n" + body);
    EXPECT_EQ(response.status, 200);
    EXPECT_TRUE(response.body == body);
  }
}

TEST_F(HttpServerTlsTest, AnswersPipelinedRequests) {
  const auto server = StartServer(ClientCertificate::kNone);
  TestClient client(server->port(), ClientTls());
  client.Send(std::string(kGet) + kGet + "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.Read().status, 200);
  EXPECT_TRUE(client.Ended());
}

TEST_F(HttpServerTlsTest, SpeaksTls12And13ButNothingOlder) {
  const auto server = StartServer(ClientCertificate::kNone);
  EXPECT_TRUE(TestClient(server->port(), {.max_version = TLS1_3_VERSION}).connected());
  EXPECT_TRUE(TestClient(server->port(), {.max_version = TLS1_2_VERSION}).connected());
  EXPECT_FALSE(TestClient(server->port(), {.max_version = TLS1_1_VERSION}).connected());
}

TEST_F(HttpServerTlsTest, ClosesOnAPeerThatDoesNotSpeakTls) {
  const auto server = StartServer(ClientCertificate::kNone);
  TestClient client(server->port());
  EXPECT_EQ(client.Ask(kGet).status, 0);
}

TEST_F(HttpServerTlsTest, TellsTheHandlerWhichCertificateThePeerProved) {
  const auto server = StartServer(ClientCertificate::kOptional);
  TestClient known(server->port(), WithCertificate());
  EXPECT_THAT(known.Ask(kGet).head, HasSubstr("X-Subject: CN=st-mary,O=Test\r\n"));
  TestClient anonymous(server->port(), ClientTls());
  EXPECT_THAT(anonymous.Ask(kGet).head, HasSubstr("X-Subject: \r\n"));
}

TEST_F(HttpServerTlsTest, RefusesPeersWithoutACertificateItTrusts) {
  const TestAuthority other("Other CA");
  other.Issue("st-mary", folder_ / "forged.pem", folder_ / "forged.key");
  const auto server = StartServer(ClientCertificate::kRequired);
  EXPECT_EQ(TestClient(server->port(), WithCertificate()).Ask(kGet).status, 200);
  EXPECT_EQ(TestClient(server->port(), ClientTls()).Ask(kGet).status, 0);
  EXPECT_EQ(TestClient(server->port(), WithCertificate("forged")).Ask(kGet).status, 0);
}

TEST_F(HttpServerTlsTest, RefusesAForgedCertificateEvenWhereNoneIsNeeded) {
  const TestAuthority other("Other CA");
  other.Issue("st-mary", folder_ / "forged.pem", folder_ / "forged.key");
  const auto server = StartServer(ClientCertificate::kOptional);
  EXPECT_EQ(TestClient(server->port(), WithCertificate("forged")).Ask(kGet).status, 0);
}

TEST_F(HttpServerTlsTest, UsesAReplacedIdentityForNewConnections) {
  authority_.Issue("renewed", folder_ / "renewed.pem", folder_ / "renewed.key");
  const auto server = StartServer(ClientCertificate::kNone);
  TestClient before(server->port(), ClientTls());
  EXPECT_THAT(before.ServerSubject(), HasSubstr("CN=server"));
  server->ReplaceTls(Identity(ClientCertificate::kNone, "renewed").context());
  // An answer on the old connection means that the thread has seen the new identity.
  EXPECT_EQ(before.Ask(kGet).status, 200);
  TestClient after(server->port(), ClientTls());
  EXPECT_THAT(after.ServerSubject(), HasSubstr("CN=renewed"));
}

TEST_F(HttpServerTlsTest, StopsWithAHandshakeUnderWay) {
  auto server = StartServer(ClientCertificate::kNone);
  TestClient client(server->port());
  server->Stop(std::chrono::seconds(20));
  EXPECT_TRUE(client.Ended());
}

}  // namespace
}  // namespace handoff::http
