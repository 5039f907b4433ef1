// Small byte helpers that every layer needs.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace handoff {

using Sha256Digest = std::array<std::uint8_t, 32>;
Sha256Digest Sha256(std::string_view data);
std::string Sha256Hex(std::string_view data);

// 128 bits that tell contents apart: XXH3 over parts, each with its length. No defence against one
// who looks for two contents with the same fingerprint; Sha256 is.
//
// Thread safety: one thread at a time.
class Fingerprint {
 public:
  Fingerprint();
  ~Fingerprint();
  Fingerprint(const Fingerprint&) = delete;
  Fingerprint& operator=(const Fingerprint&) = delete;

  void Add(std::string_view part);
  std::string Finish() const;  // 16 bytes

 private:
  struct State;
  const std::unique_ptr<State> state_;
};

// zstd, fast level. Decompress refuses more than `max_bytes` (kResourceExhausted) and damage
// (kDataLoss).
std::string Compress(std::string_view data);
absl::StatusOr<std::string> Decompress(std::string_view data, std::size_t max_bytes);

// Appends a field to an encoded protobuf message: an integer that is not negative, or a string,
// bytes or an encoded message.
void AppendField(int number, std::uint64_t value, std::string* encoded);
void AppendField(int number, std::string_view value, std::string* encoded);
// What stands before a value of `size` bytes, which is to follow.
void AppendFieldHead(int number, std::size_t size, std::string* encoded);

std::string HexEncode(std::string_view data);
std::string Base64UrlEncode(std::string_view data);

// Equal in time that depends on the lengths only.
bool ConstantTimeEqual(std::string_view a, std::string_view b);

// From the operating system; stops the process where there is none.
std::string RandomBytes(std::size_t n);

}  // namespace handoff
