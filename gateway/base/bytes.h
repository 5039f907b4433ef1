// Small byte helpers that every layer needs.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace handoff {

using Sha256Digest = std::array<std::uint8_t, 32>;
Sha256Digest Sha256(std::string_view data);
std::string Sha256Hex(std::string_view data);

// zstd, fast level. Decompress refuses more than `max_bytes` (kResourceExhausted) and damage
// (kDataLoss).
std::string Compress(std::string_view data);
absl::StatusOr<std::string> Decompress(std::string_view data, std::size_t max_bytes);

std::string HexEncode(std::string_view data);
std::string Base64UrlEncode(std::string_view data);

// Equal in time that depends on the lengths only.
bool ConstantTimeEqual(std::string_view a, std::string_view b);

// From the operating system; stops the process where there is none.
std::string RandomBytes(std::size_t n);

}  // namespace handoff
