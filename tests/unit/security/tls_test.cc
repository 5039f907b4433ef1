// The checks at loading; what a context does on the wire is in http/http_server_tls_test.cc.
#include "gateway/security/tls.h"

#include <chrono>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "gateway/base/clock.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/security/test_certificates.h"

namespace handoff::security {
namespace {

using ::handoff::testing::IsOk;
using ::handoff::testing::StatusIs;
using ::handoff::testing::TempDir;
using ::handoff::testing::TestAuthority;
using ::handoff::testing::WritePrivateFile;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using std::chrono::days;

class TlsTest : public ::testing::Test {
 protected:
  TlsTest() : authority_("Test CA") {
    authority_.Issue("server", folder_ / "server.pem", folder_ / "server.key");
    authority_.WriteCertificate(folder_ / "ca.pem");
  }

  ServerTlsOptions Options() {
    return {.certificate_file = folder_ / "server.pem", .key_file = folder_ / "server.key"};
  }

  Timestamp now_ = SystemClock().Now();
  TempDir folder_;
  TestAuthority authority_;
};

TEST_F(TlsTest, LoadsAnIdentity) {
  const auto tls = ServerTls::Load(Options(), now_);
  ASSERT_THAT(tls, IsOk());
  EXPECT_NE(tls->context(), nullptr);
  EXPECT_THAT(tls->certificate_pem(), HasSubstr("BEGIN CERTIFICATE"));
  EXPECT_THAT(tls->key_pem(), HasSubstr("PRIVATE KEY"));
  EXPECT_THAT(tls->warnings(), IsEmpty());
  EXPECT_GT(tls->not_after(), now_ + days(3600));
}

TEST_F(TlsTest, WarnsOfACertificateThatPeersRefuseOrSoonWill) {
  const auto warnings = [&](days from_now) {
    return ServerTls::Load(Options(), now_ + from_now)->warnings();
  };
  EXPECT_THAT(warnings(days(3651)),
              ElementsAre(HasSubstr("server.pem: the certificate expired on")));
  EXPECT_THAT(warnings(days(3640)), ElementsAre(HasSubstr("the certificate expires on")));
  EXPECT_THAT(warnings(-days(2)), ElementsAre(HasSubstr("is not valid before")));
}

TEST_F(TlsTest, RefusesAKeyOfAnotherCertificate) {
  authority_.Issue("other", folder_ / "other.pem", folder_ / "other.key");
  ServerTlsOptions options = Options();
  options.key_file = folder_ / "other.key";
  EXPECT_THAT(ServerTls::Load(options, now_),
              StatusIs(absl::StatusCode::kInvalidArgument, "other.key: this key does not match"));
}

TEST_F(TlsTest, NamesTheFileThatIsWrong) {
  WritePrivateFile(folder_ / "text", "hello");
  ServerTlsOptions options = Options();
  options.certificate_file = folder_ / "none.pem";
  EXPECT_THAT(ServerTls::Load(options, now_), StatusIs(absl::StatusCode::kNotFound, "none.pem"));
  options.certificate_file = folder_ / "text";
  EXPECT_THAT(ServerTls::Load(options, now_),
              StatusIs(absl::StatusCode::kInvalidArgument, "no PEM certificate"));
  options = Options();
  options.key_file = folder_ / "text";
  EXPECT_THAT(ServerTls::Load(options, now_),
              StatusIs(absl::StatusCode::kInvalidArgument, "not an unencrypted PEM private key"));
  options = Options();
  options.client_certificate = ClientCertificate::kRequired;
  EXPECT_THAT(ServerTls::Load(options, now_),
              StatusIs(absl::StatusCode::kInvalidArgument, "client CA"));
  options.client_ca_file = folder_ / "text";
  EXPECT_THAT(ServerTls::Load(options, now_),
              StatusIs(absl::StatusCode::kInvalidArgument, "text: no PEM certificate"));
}

TEST_F(TlsTest, RefusesAKeyThatOthersCanRead) {
  ::chmod((folder_ / "server.key").c_str(), 0644);
  EXPECT_THAT(ServerTls::Load(Options(), now_),
              StatusIs(absl::StatusCode::kPermissionDenied, "server.key"));
}

}  // namespace
}  // namespace handoff::security
