// Where a client stands in a stream, as a text that means nothing to it.
//
// A token names the stream and the sequence of one item. It does not show the sequence: gaps in
// the numbers would tell a recipient that something was withheld from it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace handoff::rpc {

// Thread safety: all methods may be called concurrently.
class ResumeTokens {
 public:
  // `secret` hides sequences from recipients; all gateways on one store must share it. After it
  // changes, older tokens are refused and clients resume after what they acknowledged.
  explicit ResumeTokens(std::string secret);

  std::string Encode(std::string_view stream, std::uint64_t sequence) const;

  // Errors: kInvalidArgument if `token` is damaged, or was given for another stream or party.
  absl::StatusOr<std::uint64_t> Decode(std::string_view stream, std::string_view token) const;

 private:
  std::uint64_t Digest(char use, std::string_view stream, std::uint64_t number) const;

  const std::string secret_;
};

}  // namespace handoff::rpc
