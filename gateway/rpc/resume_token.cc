#include "gateway/rpc/resume_token.h"

#include <utility>

#include "absl/strings/escaping.h"

#include "gateway/base/bytes.h"
#include "gateway/base/error.h"

namespace handoff::rpc {
namespace {

void AppendNumber(std::uint64_t number, std::string* out) {
  for (int shift = 56; shift >= 0; shift -= 8) {
    out->push_back(static_cast<char>((number >> shift) & 0xff));
  }
}

std::uint64_t ReadNumber(std::string_view bytes) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    number = (number << 8) | static_cast<unsigned char>(bytes[i]);
  }
  return number;
}

}  // namespace

ResumeTokens::ResumeTokens(std::string secret) : secret_(std::move(secret)) {}

std::uint64_t ResumeTokens::Digest(char use, std::string_view stream, std::uint64_t number) const {
  std::string text;
  AppendNumber(secret_.size(), &text);
  text += secret_;
  text.push_back(use);
  text.append(stream);
  AppendNumber(number, &text);
  const Sha256Digest digest = Sha256(text);
  return ReadNumber({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

// The check over (stream, sequence) doubles as the seed of the mask over the sequence.
std::string ResumeTokens::Encode(std::string_view stream, std::uint64_t sequence) const {
  const std::uint64_t check = Digest('c', stream, sequence);
  std::string bytes;
  AppendNumber(check, &bytes);
  AppendNumber(sequence ^ Digest('m', stream, check), &bytes);
  return Base64UrlEncode(bytes);
}

absl::StatusOr<std::uint64_t> ResumeTokens::Decode(std::string_view stream,
                                                   std::string_view token) const {
  std::string bytes;
  if (absl::WebSafeBase64Unescape({token.data(), token.size()}, &bytes) && bytes.size() == 16) {
    const std::string_view view(bytes);
    const std::uint64_t check = ReadNumber(view.substr(0, 8));
    const std::uint64_t sequence = ReadNumber(view.substr(8)) ^ Digest('m', stream, check);
    if (Digest('c', stream, sequence) == check) return sequence;
  }
  return MakeError(ErrorId::kInvalidRequest, "this resume token is not of this stream");
}

}  // namespace handoff::rpc
