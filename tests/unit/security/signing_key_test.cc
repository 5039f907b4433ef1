#include "gateway/security/signing_key.h"

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <sys/stat.h>

#include "gateway/security/pem.h"
#include "gateway/security/token.h"
#include "tests/support/fake_clock.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/security/test_certificates.h"

namespace handoff::security {
namespace {

using ::handoff::testing::IsOk;
using ::handoff::testing::StatusIs;
using ::handoff::testing::TempDir;
using ::handoff::testing::WritePrivateFile;
using ::testing::HasSubstr;

std::string Pem(EVP_PKEY* key, const char* passphrase = nullptr) {
  const KeyPtr owned(key);
  const BioPtr bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PKCS8PrivateKey(bio.get(),
                                key,
                                passphrase == nullptr ? nullptr : EVP_aes_256_cbc(),
                                passphrase,
                                passphrase == nullptr ? 0 : 4,
                                nullptr,
                                nullptr);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

TEST(SigningKeyTest, MakesAKeyThatOnlyItsOwnerCanRead) {
  const TempDir folder;
  const auto key = SigningKey::LoadOrCreate(folder / "key.pem");
  ASSERT_THAT(key, IsOk());
  EXPECT_EQ((*key)->algorithm(), "ES256");
  struct stat info{};
  ASSERT_EQ(::stat((folder / "key.pem").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  const auto again = SigningKey::LoadOrCreate(folder / "key.pem");
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ((*again)->kid(), (*key)->kid());
}

TEST(SigningKeyTest, GivesEveryStarterTheSameKey) {
  const TempDir folder;
  std::vector<std::string> kids(8);
  std::vector<std::thread> starters;
  for (std::string& kid : kids) {
    starters.emplace_back([&] { kid = (*SigningKey::LoadOrCreate(folder / "key.pem"))->kid(); });
  }
  for (std::thread& starter : starters) starter.join();
  EXPECT_THAT(kids, ::testing::Each(kids.front()));
  const auto files = std::filesystem::directory_iterator(folder.path());
  EXPECT_EQ(std::distance(begin(files), end(files)), 1);
}

TEST(SigningKeyTest, PublishesThePublicHalfOnly) {
  const TempDir folder;
  const auto key = SigningKey::LoadOrCreate(folder / "key.pem");
  ASSERT_THAT(key, IsOk());
  EXPECT_THAT((*key)->public_jwk(), HasSubstr("\"kid\":\"" + (*key)->kid() + "\""));
  EXPECT_THAT((*key)->public_jwk(), HasSubstr(R"("crv":"P-256","kty":"EC")"));
  EXPECT_THAT((*key)->public_jwk(), ::testing::Not(HasSubstr("\"d\"")));
}

TEST(SigningKeyTest, SignsWithRsaToo) {
  const auto key = SigningKey::FromPem(Pem(EVP_RSA_gen(2048)));
  ASSERT_THAT(key, IsOk());
  EXPECT_EQ((*key)->algorithm(), "RS256");
  const testing::FakeClock clock;
  const auto token = TokenSigner(*key, "iss", "aud")
                         .Sign("c", PartyKey("p"), {}, std::chrono::minutes(1), clock.Now());
  ASSERT_THAT(token, IsOk());
  TokenVerifier verifier(
      {.issuer = "iss", .audience = "aud"}, {*key}, [](std::string_view) { return PartyKey("p"); });
  EXPECT_THAT(verifier.Verify(*token, clock.Now()), IsOk());
}

TEST(SigningKeyTest, RefusesWhatItCannotOrShouldNotUse) {
  const auto refused = StatusIs(absl::StatusCode::kInvalidArgument, "");
  EXPECT_THAT(SigningKey::FromPem(""), refused);
  EXPECT_THAT(SigningKey::FromPem("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
              refused);
  EXPECT_THAT(SigningKey::FromPem(Pem(EVP_RSA_gen(1024))), refused);
  EXPECT_THAT(SigningKey::FromPem(Pem(EVP_EC_gen("P-384"))), refused);
  EXPECT_THAT(SigningKey::FromPem(Pem(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"))), refused);
  EXPECT_THAT(SigningKey::FromPem(Pem(EVP_EC_gen("P-256"), "pass")), refused);
}

TEST(SigningKeyTest, NamesTheFileThatIsWrong) {
  const TempDir folder;
  EXPECT_THAT(SigningKey::Load(folder / "none.pem"),
              StatusIs(absl::StatusCode::kNotFound, "none.pem"));
  EXPECT_THAT(SigningKey::Load(folder.path()),
              StatusIs(absl::StatusCode::kInvalidArgument, "not a file"));
  WritePrivateFile(folder / "text.pem", "hello");
  EXPECT_THAT(SigningKey::Load(folder / "text.pem"),
              StatusIs(absl::StatusCode::kInvalidArgument, "text.pem: not an unencrypted PEM"));
  WritePrivateFile(folder / "open.pem", Pem(EVP_EC_gen("P-256")));
  ::chmod((folder / "open.pem").c_str(), 0644);
  EXPECT_THAT(SigningKey::Load(folder / "open.pem"),
              StatusIs(absl::StatusCode::kPermissionDenied, "open.pem"));
  EXPECT_THAT(SigningKey::LoadOrCreate(folder / "no/such/folder/key.pem"),
              StatusIs(absl::StatusCode::kPermissionDenied, "key.pem"));
}

}  // namespace
}  // namespace handoff::security
