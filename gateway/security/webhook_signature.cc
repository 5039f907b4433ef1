#include "gateway/security/webhook_signature.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "gateway/base/bytes.h"
#include "gateway/base/error.h"
#include "gateway/base/status_macros.h"

namespace handoff::security {

namespace {

// More than a receiver can have secrets; bounds the work that a header can ask for.
constexpr std::size_t kMaxSignatures = 8;

std::string Signature(std::string_view secret, std::string_view seconds, std::string_view body) {
  std::string text;
  text.reserve(seconds.size() + 1 + body.size());
  text.append(seconds).append(".").append(body);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  HANDOFF_CHECK(HMAC(EVP_sha256(),
                     secret.data(),
                     static_cast<int>(secret.size()),
                     reinterpret_cast<const unsigned char*>(text.data()),
                     text.size(),
                     digest,
                     &size) != nullptr);
  return HexEncode(std::string_view(reinterpret_cast<const char*>(digest), size));
}

absl::Status Refused(std::string_view why) {
  return MakeError(ErrorId::kUnauthenticated,
                   "the webhook signature is not valid",
                   std::string("webhook signature: ").append(why));
}

struct Parsed {
  std::string_view seconds_text;
  std::int64_t seconds = 0;
  std::vector<std::string_view> signatures;
};

std::optional<Parsed> Parse(std::string_view header) {
  Parsed parsed;
  while (!header.empty()) {
    const std::size_t comma = std::min(header.find(','), header.size());
    std::string_view member = header.substr(0, comma);
    header.remove_prefix(std::min(comma + 1, header.size()));
    while (member.starts_with(' ')) member.remove_prefix(1);
    if (member.starts_with("v1=")) {
      if (parsed.signatures.size() == kMaxSignatures) return std::nullopt;
      parsed.signatures.push_back(member.substr(3));
    } else if (member.starts_with("t=")) {
      if (!parsed.seconds_text.empty()) return std::nullopt;
      parsed.seconds_text = member.substr(2);
    }
  }
  const std::string_view text = parsed.seconds_text;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), parsed.seconds);
  if (text.empty() || end.ec != std::errc() || end.ptr != text.data() + text.size()) {
    return std::nullopt;
  }
  return parsed;
}

}  // namespace

std::string SignWebhook(std::string_view secret, std::string_view body, Timestamp now) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  const std::string text = std::to_string(seconds);
  return "t=" + text + ",v1=" + Signature(secret, text, body);
}

absl::Status VerifyWebhook(std::string_view header,
                           std::string_view secret,
                           std::string_view body,
                           Timestamp now,
                           std::chrono::seconds tolerance) {
  const std::optional<Parsed> parsed = Parse(header);
  if (!parsed.has_value()) return Refused("malformed");
  const std::int64_t here =
      std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  if (parsed->seconds < here - tolerance.count() || parsed->seconds > here + tolerance.count()) {
    return Refused("not fresh");
  }
  const std::string expected = Signature(secret, parsed->seconds_text, body);
  bool fits = false;
  for (const std::string_view one : parsed->signatures) fits |= ConstantTimeEqual(one, expected);
  return fits ? absl::OkStatus() : Refused("no signature fits");
}

}  // namespace handoff::security
