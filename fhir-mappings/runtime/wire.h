// The protobuf wire form, read with every bound checked and written without message objects.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "fhir-mappings/runtime/sink.h"

namespace handoff::fhir {

enum class WireType : std::uint8_t { kVarint = 0, kBytes = 2 };

struct WireField {
  std::uint32_t number = 0;
  WireType type = WireType::kVarint;
  std::uint64_t value = 0;  // kVarint
  std::string_view bytes;   // kBytes
  std::string_view whole;   // tag and all
};

// Steps through the fields of one message. The model uses varints and bytes only: anything else is
// damage.
class WireReader {
 public:
  explicit WireReader(std::string_view message)
      : p_(message.data()), end_(message.data() + message.size()) {}

  // False at the end and at damage; ok() tells which.
  //
  // Inlined, so that the field stays in registers: read back from memory two members at a time,
  // just after they were written one by one, it would have to wait for the writes.
  [[gnu::always_inline]] bool Next(WireField& field) {
    if (p_ == end_ || !ok_) return false;
    const char* begin = p_;
    std::uint64_t tag = 0;
    if (!Varint<kMaxShort>(tag) || tag > 0xffff'ffff || tag >> 3 == 0) return Fail();
    field.number = static_cast<std::uint32_t>(tag >> 3);
    if ((tag & 7) == 0) {
      field.type = WireType::kVarint;
      if (!Varint(field.value)) return Fail();
    } else if ((tag & 7) == 2) {
      field.type = WireType::kBytes;
      std::uint64_t length = 0;
      if (!Varint<kMaxShort>(length) || length > static_cast<std::uint64_t>(end_ - p_))
        return Fail();
      field.bytes = {p_, static_cast<std::size_t>(length)};
      p_ += length;
    } else {
      return Fail();
    }
    field.whole = {begin, static_cast<std::size_t>(p_ - begin)};
    return true;
  }

  // One varint of a packed list.
  bool NextPacked(std::uint64_t& value) {
    if (p_ == end_ || !ok_) return false;
    return Varint(value) || Fail();
  }

  bool ok() const { return ok_; }

 private:
  bool Fail() {
    ok_ = false;
    return false;
  }

  // As protobuf's parser takes them: a tag and a length in up to five bytes.
  static constexpr unsigned kMaxShort = 5;
  static constexpr unsigned kMaxLong = 10;

  template <unsigned kMaxBytes = kMaxLong>
  [[gnu::always_inline]] bool Varint(std::uint64_t& value) {
    if (p_ != end_ && static_cast<signed char>(*p_) >= 0) [[likely]] {
      value = static_cast<unsigned char>(*p_++);
      return true;
    }
    // Tags of fields from 16 on, and lengths from 128 on.
    if (end_ - p_ >= 2 && static_cast<signed char>(p_[1]) >= 0) [[likely]] {
      value = (static_cast<unsigned char>(p_[0]) & 0x7fu) |
              (std::uint64_t{static_cast<unsigned char>(p_[1])} << 7);
      p_ += 2;
      return true;
    }
    const Long number = LongVarint(p_, end_, kMaxBytes);
    if (number.behind == nullptr) return false;
    p_ = number.behind;
    value = number.value;
    return true;
  }

  // Not of the object, and by value: a reader whose address is taken lives in memory.
  struct Long {
    const char* behind;  // null at damage
    std::uint64_t value;
  };
  [[gnu::noinline]] static Long LongVarint(const char* p, const char* end, unsigned max_bytes) {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 7 * max_bytes && p != end; shift += 7) {
      const auto byte = static_cast<unsigned char>(*p++);
      value |= std::uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return {shift < 63 || byte < 2 ? p : nullptr, value};
    }
    return {nullptr, 0};
  }

  const char* p_;
  const char* end_;
  bool ok_ = true;
};

namespace internal {

// Signed numbers as sint32 and sint64 stand.
constexpr std::uint64_t ZigZag(std::int64_t v) {
  return (static_cast<std::uint64_t>(v) << 1) ^ static_cast<std::uint64_t>(v >> 63);
}
constexpr std::int64_t UnZigZag(std::uint64_t v) {
  return static_cast<std::int64_t>(v >> 1) ^ -static_cast<std::int64_t>(v & 1);
}

constexpr std::size_t VarintSize(std::uint64_t v) {
  return (static_cast<std::size_t>(std::bit_width(v | 1)) + 6) / 7;
}

inline char* WriteVarint(char* p, std::uint64_t v) {
  while (v >= 0x80) {
    *p++ = static_cast<char>(v | 0x80);
    v >>= 7;
  }
  *p++ = static_cast<char>(v);
  return p;
}

inline constexpr std::size_t kMaxVarint = 10;

inline void PutVarint(Sink& out, std::uint64_t v) { out.End(WriteVarint(out.Room(kMaxVarint), v)); }

inline void PutTag(Sink& out, std::uint32_t number, WireType type) {
  PutVarint(out, (std::uint64_t{number} << 3) | static_cast<std::uint64_t>(type));
}

inline void PutBytes(Sink& out, std::uint32_t number, std::string_view bytes) {
  char* p =
      WriteVarint(out.Room(2 * kMaxVarint + bytes.size()),
                  (std::uint64_t{number} << 3) | static_cast<std::uint64_t>(WireType::kBytes));
  p = WriteVarint(p, bytes.size());
  out.End(CopyBytes(p, bytes));
}

inline void PutNumber(Sink& out, std::uint32_t number, std::uint64_t value) {
  PutTag(out, number, WireType::kVarint);
  PutVarint(out, value);
}

// A length that is known only when its message is written: room for `guess` bytes now, the rest
// moves if that was wrong.
inline std::size_t OpenLength(Sink& out, std::size_t guess) {
  const std::size_t at = out.size();
  out.Room(guess);
  out.Advance(guess);
  return at;
}

// Puts the length in. Returns how many bytes it took.
inline std::size_t CloseLength(Sink& out, std::size_t at, std::size_t guess) {
  const std::size_t length = out.size() - at - guess;
  const std::size_t need = VarintSize(length);
  if (need > guess) out.Room(need - guess);
  char* const begin = out.data() + at;
  if (need != guess) {
    std::memmove(begin + need, begin + guess, length);
    out.Truncate(at + need + length);
  }
  WriteVarint(begin, length);
  return need;
}

}  // namespace internal

}  // namespace handoff::fhir
