#include "gateway/access/page_token.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "absl/strings/escaping.h"

#include "gateway/base/bytes.h"
#include "gateway/base/error.h"

namespace handoff::access {
namespace {

constexpr char kFormat = 1;
constexpr std::size_t kBindingBytes = 8;
constexpr std::size_t kDefaultPageSize = 50;
constexpr std::size_t kMaxPageSize = 200;
constexpr std::size_t kMaxTokenBytes = 1024;

// What ties a token to its list.
std::string Binding(const PartyKey& caller, std::string_view asked) {
  std::string text = caller.value();
  text += '\n';
  text += asked;
  const Sha256Digest digest = Sha256(text);
  return {digest.begin(), digest.begin() + kBindingBytes};
}

void PutNumber(std::uint64_t value, std::string* out) {
  for (int shift = 56; shift >= 0; shift -= 8) *out += static_cast<char>(value >> shift);
}

void PutText(std::string_view text, std::string* out) {
  *out += static_cast<char>(text.size() >> 8);
  *out += static_cast<char>(text.size() & 0xff);
  *out += text;
}

class TokenReader {
 public:
  explicit TokenReader(std::string_view bytes) : rest_(bytes) {}

  std::optional<std::string_view> Take(std::size_t n) {
    if (rest_.size() < n) return std::nullopt;
    const std::string_view taken = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return taken;
  }
  std::optional<std::uint64_t> Number(std::size_t width) {
    const auto bytes = Take(width);
    if (!bytes) return std::nullopt;
    std::uint64_t value = 0;
    for (const char c : *bytes) value = value << 8 | static_cast<unsigned char>(c);
    return value;
  }
  std::optional<std::string> Text() {
    const auto size = Number(2);
    const auto text = size ? Take(*size) : std::nullopt;
    if (!text) return std::nullopt;
    return std::string(*text);
  }
  bool AtEnd() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

}  // namespace

std::size_t PageSize(std::size_t asked) {
  return asked == 0 ? kDefaultPageSize : std::min(asked, kMaxPageSize);
}

std::string EncodePage(const PartyKey& caller,
                       std::string_view asked,
                       const PagePosition& position) {
  std::string bytes(1, kFormat);
  bytes += Binding(caller, asked);
  bytes += position.started ? '\1' : '\0';
  PutNumber(static_cast<std::uint64_t>(position.after), &bytes);
  PutNumber(static_cast<std::uint64_t>(position.last_person), &bytes);
  PutText(position.resume, &bytes);
  PutText(position.last_id, &bytes);
  return Base64UrlEncode(bytes);
}

absl::StatusOr<PagePosition> DecodePage(const PartyKey& caller,
                                        std::string_view asked,
                                        std::string_view token) {
  PagePosition position;
  if (token.empty()) return position;
  const absl::Status refused =
      MakeError(ErrorId::kInvalidRequest, "the page token is not one of this list");
  std::string bytes;
  if (token.size() > kMaxTokenBytes ||
      !absl::WebSafeBase64Unescape({token.data(), token.size()}, &bytes)) {
    return refused;
  }
  TokenReader reader(bytes);
  const auto format = reader.Take(1);
  const auto binding = reader.Take(kBindingBytes);
  if (!format || format->front() != kFormat || !binding || *binding != Binding(caller, asked)) {
    return refused;
  }
  const auto started = reader.Number(1);
  const auto after = reader.Number(8);
  const auto last_person = reader.Number(8);
  auto resume = reader.Text();
  auto last_id = reader.Text();
  if (!started || *started > 1 || !after || !last_person || !resume || !last_id ||
      !reader.AtEnd()) {
    return refused;
  }
  position.started = *started == 1;
  position.after = PersonId{*after};
  position.last_person = PersonId{*last_person};
  position.resume = *std::move(resume);
  position.last_id = *std::move(last_id);
  return position;
}

}  // namespace handoff::access
