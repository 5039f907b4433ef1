#include "fhir-mappings/runtime/json_parser.h"

#include <cstdint>

#include "fhir-mappings/runtime/rapidjson.h"
#include "fhir-mappings/runtime/sink.h"

namespace handoff::fhir::internal {
namespace {

constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }

struct Nothing : rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Nothing> {};

// The value of four hexadecimal digits, or -1.
int Hex4(const char* p) {
  int value = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = p[i];
    const int digit = IsDigit(c)             ? c - '0'
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                             : -1;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

// What `\c` stands for; 0 if that is no escape of one character.
constexpr char Unescaped(char c) {
  switch (c) {
    case '"':
    case '\\':
    case '/':
      return c;
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return 0;
  }
}

char* PutUtf8(char* to, unsigned code) {
  if (code < 0x80) {
    *to++ = static_cast<char>(code);
    return to;
  }
  if (code < 0x800) {
    *to++ = static_cast<char>(0xc0 | (code >> 6));
  } else {
    if (code < 0x10000) {
      *to++ = static_cast<char>(0xe0 | (code >> 12));
    } else {
      *to++ = static_cast<char>(0xf0 | (code >> 18));
      *to++ = static_cast<char>(0x80 | ((code >> 12) & 0x3f));
    }
    *to++ = static_cast<char>(0x80 | ((code >> 6) & 0x3f));
  }
  *to++ = static_cast<char>(0x80 | (code & 0x3f));
  return to;
}

// How long the number is that RapidJSON reads here: it refuses those beyond the range of a double.
std::size_t LengthOfNumber(char* p) {
  rapidjson::InsituStringStream stream(p);
  rapidjson::Reader reader;
  Nothing nothing;
  const bool failed = reader.Parse < rapidjson::kParseInsituFlag |
                      rapidjson::kParseNumbersAsStringsFlag |
                      rapidjson::kParseStopWhenDoneFlag > (stream, nothing).IsError();
  return failed ? 0 : stream.Tell();
}

}  // namespace

JsonError FindJsonError(std::string_view text) {
  InsituCopy copy(text);
  ExactStream stream(copy.data());
  rapidjson::Reader reader;
  Nothing nothing;
  const rapidjson::ParseResult result = reader.Parse < rapidjson::kParseInsituFlag |
                                        rapidjson::kParseNumbersAsStringsFlag > (stream, nothing);
  return {result.Offset(), rapidjson::GetParseError_En(result.Code())};
}

char* JsonScanner::SkipMoreSpace(char* p) {
  while (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t') {
    ++p;
#ifdef __SSE2__
    // Indentation.
    const __m128i space = _mm_set1_epi8(' ');
    unsigned others = 0;
    while ((others = static_cast<unsigned>(
                _mm_movemask_epi8(_mm_cmpeq_epi8(LoadJsonBlock(p), space)))) == 0xffff) {
      p += kJsonBlock;
    }
    p += std::countr_one(others);
#endif
  }
  return p;
}

// Moves the plain characters from `from` on to `to`, which is before it. `stop` is set behind them.
char* JsonScanner::MovePlain(char* from, char* to, char*& stop) {
#ifdef __SSE2__
  while (true) {
    const __m128i block = LoadJsonBlock(from);
    const unsigned stops = JsonStringStops(block);
    if (stops != 0) {
      // Not as a block: it would overwrite what stands behind and is still to be read.
      const auto n = static_cast<std::size_t>(std::countr_zero(stops));
      stop = from + n;
      return CopyBytes(to, {from, n});
    }
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), block);
    from += kJsonBlock;
    to += kJsonBlock;
  }
#else
  stop = FindStop(from);
  std::memmove(to, from, static_cast<std::size_t>(stop - from));
  return to + (stop - from);
#endif
}

char* JsonScanner::Number(char* const begin) {
  constexpr std::ptrdiff_t kSurelyInRange = 300;
  char* p = begin;
  if (*p == '-') ++p;
  bool plain = IsDigit(*p);
  if (*p == '0') {
    ++p;
  } else {
    while (IsDigit(*p)) ++p;
  }
  if (*p == '.') {
    plain = plain && IsDigit(*++p);
    while (IsDigit(*p)) ++p;
  }
  if (plain && *p != 'e' && *p != 'E' && p - begin < kSurelyInRange) return p;
  const std::size_t length = LengthOfNumber(begin);
  return length == 0 ? nullptr : begin + length;
}

// A string whose first escape is at `stop`, or what must not stand in it.
JsonScanner::Decoded JsonScanner::Decode(char* stop) {
  char* to = stop;
  while (*stop == '\\') {
    char* from = stop + 2;
    if (const char c = Unescaped(stop[1])) {
      *to++ = c;
    } else {
      from = stop[1] == 'u' ? UnicodeEscape(from, to) : nullptr;
      if (from == nullptr) return {};
    }
    to = MovePlain(from, to, stop);
  }
  if (*stop != '"') return {};
  return {stop + 1, to};
}

// `p`: behind `\u`.
char* JsonScanner::UnicodeEscape(char* p, char*& to) {
  const int first = Hex4(p);
  if (first < 0) return nullptr;
  p += 4;
  auto code = static_cast<unsigned>(first);
  if (first >= 0xd800 && first <= 0xdbff) {
    const int second = p[0] == '\\' && p[1] == 'u' ? Hex4(p + 2) : -1;
    if (second < 0xdc00 || second > 0xdfff) return nullptr;
    p += 6;
    code = ((code - 0xd800) << 10) + (static_cast<unsigned>(second) - 0xdc00) + 0x10000;
  } else if (first >= 0xdc00 && first <= 0xdfff) {
    if (half_character_ == 0) half_character_ = static_cast<std::size_t>(p - begin_);
    code = 0xfffd;
  }
  to = PutUtf8(to, code);
  return p;
}

}  // namespace handoff::fhir::internal
