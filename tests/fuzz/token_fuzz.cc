// The first byte says what the rest is: a token, claims that are then signed, an Authorization
// header, or a webhook signature.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include <cjose/header.h>
#include <cjose/jws.h>

#include "gateway/base/clock.h"
#include "gateway/base/status_macros.h"
#include "gateway/security/signing_key.h"
#include "gateway/security/token.h"
#include "gateway/security/webhook_signature.h"

namespace {

using namespace handoff::security;

// Made for this test alone.
constexpr std::string_view kKey = R"(-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQghtphoaCK9CLpWEDY
3d9AwdRSBp4CHvlofs93FV6ixCmhRANCAATiKd1c998B0zqFLye0/FNMB63MMFOA
m00P6ItZD9804TniyiNIwBy/eSjFLKRNufT7tWnMK4P2Q3mHxNGz30c8
-----END PRIVATE KEY-----
)";

constexpr handoff::Timestamp kNow{std::chrono::seconds(1'783'005'600)};

const std::shared_ptr<const SigningKey>& Key() {
  static const auto& key = *new std::shared_ptr<const SigningKey>(*SigningKey::FromPem(kKey));
  return key;
}

TokenVerifier& Verifier() {
  static auto& verifier =
      *new TokenVerifier({.issuer = "iss", .audience = "aud", .max_cached = 16},
                         {Key()},
                         [](std::string_view client) -> std::optional<handoff::PartyKey> {
                           if (client == "c") return handoff::PartyKey("p");
                           return std::nullopt;
                         });
  return verifier;
}

void VerifyClaims(std::string_view claims) {
  cjose_err error{};
  cjose_header_t* const header = cjose_header_new(&error);
  cjose_header_set(header, "alg", "ES256", &error);
  cjose_header_set(header, "kid", Key()->kid().c_str(), &error);
  cjose_header_set(header, "typ", "at+jwt", &error);
  cjose_jws_t* const jws = cjose_jws_sign(Key()->jwk(),
                                          header,
                                          reinterpret_cast<const std::uint8_t*>(claims.data()),
                                          claims.size(),
                                          &error);
  const char* token = nullptr;
  if (jws != nullptr && cjose_jws_export(jws, &token, &error)) {
    const auto principal = Verifier().Verify(token, kNow);
    if (principal.ok()) HANDOFF_CHECK(principal->client_id == "c");
  }
  if (jws != nullptr) cjose_jws_release(jws);
  cjose_header_release(header);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 4) {
    case 0:
      (void)Verifier().Verify(text, kNow);
      break;
    case 1:
      VerifyClaims(text);
      break;
    case 2:
      (void)Verifier().VerifyAuthorization(text, kNow);
      break;
    case 3:
      HANDOFF_CHECK(!VerifyWebhook(text, "secret", "body", kNow).ok());
      break;
  }
  return 0;
}
