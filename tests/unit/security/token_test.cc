#include "gateway/security/token.h"

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <cjose/header.h>
#include <cjose/jws.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "gateway/base/bytes.h"
#include "gateway/base/error.h"
#include "gateway/security/pem.h"
#include "gateway/security/signing_key.h"
#include "tests/support/fake_clock.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace handoff::security {
namespace {

using ::handoff::testing::FakeClock;
using ::handoff::testing::IsOk;
using ::handoff::testing::TempDir;
using ::testing::ElementsAre;

using std::chrono::minutes;
using std::chrono::seconds;

constexpr const char* kIssuer = "https://gateway.example.org";
constexpr const char* kAudience = "https://gateway.example.org/fhir";

class TokenTest : public ::testing::Test {
 protected:
  static std::shared_ptr<const SigningKey> NewKey() {
    const TempDir folder;
    return *SigningKey::LoadOrCreate(folder / "key.pem");
  }

  std::unique_ptr<TokenVerifier> NewVerifier(std::size_t max_cached = 100) {
    return std::make_unique<TokenVerifier>(
        TokenVerifierOptions{.issuer = kIssuer, .audience = kAudience, .max_cached = max_cached},
        std::vector{key_},
        [this](std::string_view client) -> std::optional<PartyKey> {
          ++lookups_;
          if (client == "mrmc-ehr" && client_known_) return PartyKey("mrmc");
          return std::nullopt;
        });
  }

  std::string Token(seconds lifetime = minutes(5)) {
    return *TokenSigner(key_, kIssuer, kAudience)
                .Sign("mrmc-ehr", PartyKey("mrmc"), {"system/*.rs"}, lifetime, clock_.Now());
  }

  // A token of the text `claims`, correctly signed.
  std::string Signed(const std::string& claims, const char* typ = "at+jwt") {
    cjose_err error{};
    cjose_header_t* const header = cjose_header_new(&error);
    cjose_header_set(header, "alg", key_->algorithm().c_str(), &error);
    cjose_header_set(header, "kid", key_->kid().c_str(), &error);
    cjose_header_set(header, "typ", typ, &error);
    cjose_jws_t* const jws = cjose_jws_sign(key_->jwk(),
                                            header,
                                            reinterpret_cast<const std::uint8_t*>(claims.data()),
                                            claims.size(),
                                            &error);
    const char* text = nullptr;
    cjose_jws_export(jws, &text, &error);
    std::string token(text);
    cjose_jws_release(jws);
    cjose_header_release(header);
    return token;
  }

  // The claims of a good token, but for one member.
  std::string Claims(const std::string& name = {}, const std::string& value = {}) {
    const std::string now = std::to_string(ToMicros(clock_.Now()) / 1'000'000);
    std::vector<std::pair<std::string, std::string>> claims = {
        {"iss", "\"" + std::string(kIssuer) + "\""},
        {"aud", "\"" + std::string(kAudience) + "\""},
        {"sub", "\"mrmc-ehr\""},
        {"client_id", "\"mrmc-ehr\""},
        {"party", "\"mrmc\""},
        {"nbf", now},
        {"exp", std::to_string(ToMicros(clock_.Now()) / 1'000'000 + 300)}};
    std::string text;
    for (const auto& [key, good] : claims) {
      const std::string& used = key == name ? value : good;
      if (used.empty()) continue;
      text.append(text.empty() ? "{\"" : ",\"").append(key).append("\":").append(used);
    }
    return text + "}";
  }

  void ExpectRefused(const absl::StatusOr<Principal>& result, std::string_view why) {
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(ErrorOf(result.status()).id, ErrorId::kUnauthenticated);
    EXPECT_EQ(result.status().message(), "a valid access token is required");
    EXPECT_EQ(InternalDetail(result.status()), "token: " + std::string(why));
  }

  FakeClock clock_;
  std::shared_ptr<const SigningKey> key_ = NewKey();
  std::atomic<int> lookups_ = 0;
  std::atomic<bool> client_known_ = true;
};

TEST_F(TokenTest, VerifiesWhatItSigned) {
  const auto verifier = NewVerifier();
  const auto principal = verifier->Verify(Token(), clock_.Now());
  ASSERT_THAT(principal, IsOk());
  EXPECT_EQ(principal->client_id, "mrmc-ehr");
  EXPECT_EQ(principal->party, PartyKey("mrmc"));
  EXPECT_THAT(principal->scopes, ElementsAre("system/*.rs"));
  EXPECT_EQ(principal->expiry, clock_.Now() + minutes(5));
}

TEST_F(TokenTest, ReadsAnAuthorizationHeader) {
  const auto verifier = NewVerifier();
  const std::string token = Token();
  EXPECT_THAT(verifier->VerifyAuthorization("Bearer " + token, clock_.Now()), IsOk());
  EXPECT_THAT(verifier->VerifyAuthorization("bearer  " + token, clock_.Now()), IsOk());
  for (const std::string bad : {"", "Bearer", "Basic YTpi", "Bearer=x"}) {
    ExpectRefused(verifier->VerifyAuthorization(bad, clock_.Now()), "no bearer token");
  }
  ExpectRefused(verifier->VerifyAuthorization("Bearer ", clock_.Now()), "none");
}

TEST_F(TokenTest, RefusesEveryTamperedByte) {
  const auto verifier = NewVerifier();
  const std::string token = Token();
  const std::size_t signature = token.rfind('.') + 1;
  // The last digit of the signature has bits that carry nothing.
  for (std::size_t i = 0; i + 1 < token.size(); ++i) {
    std::string tampered = token;
    tampered[i] = tampered[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(verifier->Verify(tampered, clock_.Now()).ok()) << i << " of " << signature;
  }
  EXPECT_EQ(verifier->cached(), 0U);
}

TEST_F(TokenTest, RefusesOtherAlgorithmsThanTheKeys) {
  const auto verifier = NewVerifier();
  const std::string claims = Base64UrlEncode(Claims());
  const auto header = [&](const std::string& alg) {
    return Base64UrlEncode("{\"alg\":\"" + alg + "\",\"typ\":\"at+jwt\",\"kid\":\"" + key_->kid() +
                           "\"}");
  };
  const auto unsigned_token = header("none") + "." + claims + ".";
  EXPECT_FALSE(verifier->Verify(unsigned_token, clock_.Now()).ok());
  // HS256 with the public key as the secret: the classic confusion.
  const std::string input = header("HS256") + "." + claims;
  unsigned char mac[32];
  unsigned size = 0;
  HMAC(EVP_sha256(),
       key_->public_jwk().data(),
       static_cast<int>(key_->public_jwk().size()),
       reinterpret_cast<const unsigned char*>(input.data()),
       input.size(),
       mac,
       &size);
  const std::string forged =
      input + "." + Base64UrlEncode({reinterpret_cast<const char*>(mac), size});
  ExpectRefused(verifier->Verify(forged, clock_.Now()), "alg");
}

TEST_F(TokenTest, RefusesAKeyItDoesNotKnow) {
  const auto verifier = NewVerifier();
  const auto own = std::exchange(key_, NewKey());
  ExpectRefused(verifier->Verify(Token(), clock_.Now()), "kid");
}

TEST_F(TokenTest, TakesTokensOfAnOlderKeyItWasGiven) {
  const std::string old_token = Token();
  const auto older = std::exchange(key_, NewKey());
  TokenVerifier verifier({.issuer = kIssuer, .audience = kAudience},
                         {key_, older},
                         [](std::string_view) { return PartyKey("mrmc"); });
  EXPECT_THAT(verifier.Verify(old_token, clock_.Now()), IsOk());
  EXPECT_THAT(verifier.Verify(Token(), clock_.Now()), IsOk());
}

TEST_F(TokenTest, ChecksEveryClaim) {
  const auto verifier = NewVerifier();
  const auto verify = [&](const std::string& name, const std::string& value) {
    return verifier->Verify(Signed(Claims(name, value)), clock_.Now());
  };
  EXPECT_THAT(verify("", ""), IsOk());
  EXPECT_THAT(verify("aud", "[\"x\",\"" + std::string(kAudience) + "\"]"), IsOk());
  ExpectRefused(verify("iss", "\"https://other\""), "iss");
  ExpectRefused(verify("iss", ""), "iss");
  ExpectRefused(verify("iss", "7"), "iss");
  ExpectRefused(verify("aud", "\"https://other\""), "aud");
  ExpectRefused(verify("aud", "[]"), "aud");
  ExpectRefused(verify("aud", "{}"), "aud");
  ExpectRefused(verify("exp", ""), "exp");
  ExpectRefused(verify("exp", "\"9999999999\""), "exp");
  ExpectRefused(verify("exp", "9223372036854775807"), "exp");
  ExpectRefused(verify("exp", "-1"), "exp");
  ExpectRefused(verify("exp", "1e10"), "exp");
  ExpectRefused(verify("nbf", ""), "nbf");
  ExpectRefused(verify("nbf", "4000000000"), "nbf");
  ExpectRefused(verify("client_id", "\"other\""), "client_id");
  ExpectRefused(verify("sub", "\"other\""), "client_id");
  ExpectRefused(verify("client_id", ""), "client_id");
  ExpectRefused(verify("party", "\"other\""), "client is not known");
  ExpectRefused(verify("party", ""), "client is not known");
}

TEST_F(TokenTest, RefusesATokenOfAnotherType) {
  const auto verifier = NewVerifier();
  ExpectRefused(verifier->Verify(Signed(Claims(), "JWT"), clock_.Now()), "typ");
}

TEST_F(TokenTest, RefusesAnUnknownCriticalHeader) {
  const auto verifier = NewVerifier();
  const std::string header = Base64UrlEncode("{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"" +
                                             key_->kid() + "\",\"crit\":[\"b64\"]}");
  const std::string signature = Token().substr(Token().rfind('.'));
  ExpectRefused(
      verifier->Verify(header + "." + Base64UrlEncode(Claims()) + signature, clock_.Now()), "crit");
}

TEST_F(TokenTest, RefusesWhatIsNoToken) {
  const auto verifier = NewVerifier();
  for (const std::string bad : {".",
                                "..",
                                "a.b.c",
                                "e30.e30.e30",
                                "!.!.!",
                                "a.b",
                                "a.b.c.d",
                                "e30.e30.",
                                "\xff..",
                                "bnVsbA.bnVsbA.bnVsbA",
                                "W10.W10.W10"}) {
    EXPECT_FALSE(verifier->Verify(bad, clock_.Now()).ok()) << bad;
  }
  for (const char* payload : {"", "null", "[]", "\"x\"", "{", "{\"exp\":1,\"exp\":2}"}) {
    ExpectRefused(verifier->Verify(Signed(payload), clock_.Now()), "payload");
  }
}

TEST_F(TokenTest, RefusesATokenAboveTheLimitUnread) {
  const auto verifier = NewVerifier();
  const std::size_t limit = TokenVerifierOptions().max_token_bytes;
  ExpectRefused(verifier->Verify(std::string(limit, 'a'), clock_.Now()), "not a JWS");
  ExpectRefused(verifier->Verify(std::string(limit + 1, 'a'), clock_.Now()), "too long");
}

TEST_F(TokenTest, AllowsForClocksThatDiffer) {
  const auto verifier = NewVerifier(0);
  const std::string token = Token(minutes(5));
  clock_.Advance(-seconds(60));
  EXPECT_THAT(verifier->Verify(token, clock_.Now()), IsOk());
  clock_.Advance(-seconds(1));
  ExpectRefused(verifier->Verify(token, clock_.Now()), "nbf");
  clock_.Advance(seconds(61) + minutes(6) - seconds(1));
  EXPECT_THAT(verifier->Verify(token, clock_.Now()), IsOk());
  clock_.Advance(seconds(1));
  ExpectRefused(verifier->Verify(token, clock_.Now()), "exp");
}

TEST_F(TokenTest, ChecksASignatureOnceUntilTheTokenExpires) {
  const auto verifier = NewVerifier();
  const std::string token = Token(minutes(5));
  for (int i = 0; i < 3; ++i) EXPECT_THAT(verifier->Verify(token, clock_.Now()), IsOk());
  EXPECT_EQ(lookups_, 1);
  clock_.Advance(minutes(6));
  ExpectRefused(verifier->Verify(token, clock_.Now()), "exp");
  EXPECT_EQ(verifier->cached(), 0U);
}

TEST_F(TokenTest, ForgetsWhatItVerifiedWhenTheDirectoryChanges) {
  const auto verifier = NewVerifier();
  const std::string token = Token();
  EXPECT_THAT(verifier->Verify(token, clock_.Now()), IsOk());
  client_known_ = false;
  verifier->Flush();
  ExpectRefused(verifier->Verify(token, clock_.Now()), "client is not known");
}

TEST_F(TokenTest, DoesNotRememberWhatWasCheckedBeforeAFlush) {
  std::unique_ptr<TokenVerifier> verifier;
  verifier = std::make_unique<TokenVerifier>(
      TokenVerifierOptions{.issuer = kIssuer, .audience = kAudience},
      std::vector{key_},
      [&](std::string_view) {
        verifier->Flush();  // the directory is replaced while the token is being checked
        return PartyKey("mrmc");
      });
  EXPECT_THAT(verifier->Verify(Token(), clock_.Now()), IsOk());
  EXPECT_EQ(verifier->cached(), 0U);
}

TEST_F(TokenTest, DropsTheLeastRecentlyUsedWhenFull) {
  const auto verifier = NewVerifier(2);
  const std::string a = Token();
  const std::string b = Token();
  const std::string c = Token();
  for (const std::string& token : {a, b, a, c}) {
    EXPECT_THAT(verifier->Verify(token, clock_.Now()), IsOk());
  }
  EXPECT_EQ(verifier->cached(), 2U);
  EXPECT_EQ(lookups_, 3);
  EXPECT_THAT(verifier->Verify(a, clock_.Now()), IsOk());
  EXPECT_EQ(lookups_, 3);
  EXPECT_THAT(verifier->Verify(b, clock_.Now()), IsOk());
  EXPECT_EQ(lookups_, 4);
}

TEST_F(TokenTest, VerifiesOnManyThreads) {
  const auto verifier = NewVerifier(4);
  std::vector<std::string> tokens;
  for (int i = 0; i < 8; ++i) tokens.push_back(Token());
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 40; ++i) {
        EXPECT_THAT(verifier->Verify(tokens[static_cast<std::size_t>(i) % 8], clock_.Now()),
                    IsOk());
        if (i == 20) verifier->Flush();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_F(TokenTest, SignsOnlyWhatItCanVouchFor) {
  const TokenSigner signer(key_, kIssuer, kAudience);
  const auto sign = [&](std::string_view client, const char* party, seconds lifetime) {
    return signer.Sign(client, PartyKey(party), {}, lifetime, clock_.Now()).status().code();
  };
  EXPECT_EQ(sign("c", "p", seconds(1)), absl::StatusCode::kOk);
  EXPECT_EQ(sign("", "p", seconds(1)), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(sign("c", "", seconds(1)), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(sign("c", "p", seconds(0)), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(sign("c", "p", std::chrono::hours(24 * 366 * 80)), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(sign("\xff", "p", seconds(1)), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace handoff::security
