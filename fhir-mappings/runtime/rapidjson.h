// RapidJSON as the mapping runtime builds it: with SIMD scanning, in a namespace of its own, so
// that a program part that includes RapidJSON with other settings cannot clash with it.
#pragma once

#ifdef RAPIDJSON_RAPIDJSON_H_
#error "include fhir-mappings/runtime/rapidjson.h instead of RapidJSON's own headers"
#endif

#define RAPIDJSON_NAMESPACE handoff::fhir::rapidjson
#define RAPIDJSON_NAMESPACE_BEGIN \
  namespace handoff {             \
  namespace fhir {                \
  namespace rapidjson {
#define RAPIDJSON_NAMESPACE_END \
  }                             \
  }                             \
  }
#if defined(__SSE4_2__)
#define RAPIDJSON_SSE42
#elif defined(__SSE2__)
#define RAPIDJSON_SSE2
#endif
#define RAPIDJSON_HAS_STDSTRING 0

#include <bit>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <rapidjson/error/en.h>
#include <rapidjson/reader.h>

namespace handoff::fhir {

// A private copy of a text to parse in place: strings need no other memory, and the SIMD scanner,
// which reads whole aligned blocks, finds room behind the end.
class InsituCopy {
 public:
  explicit InsituCopy(std::string_view text)
      : bytes_(std::make_unique_for_overwrite<char[]>(text.size() + kPadding)) {
    if (!text.empty()) std::memcpy(bytes_.get(), text.data(), text.size());
    std::memset(bytes_.get() + text.size(), 0, kPadding);
  }
  char* data() { return bytes_.get(); }

 private:
  static constexpr std::size_t kPadding = 32;
  std::unique_ptr<char[]> bytes_;
};

// The text of an InsituCopy as RapidJSON reads it, with a scanner of our own: RapidJSON's goes byte
// by byte up to an aligned address, which is most of a short string; ours reads unaligned blocks.
//
// RapidJSON refuses the first half of a surrogate pair without the second, but takes the second
// alone, which no UTF-8 can carry: where one stood is noted.
//
// RapidJSON copies its stream at every string and every number. Copied as a block, the members that
// have just been written one by one are read two at a time, for which the processor waits until the
// writes are done: a quarter of the time of reading.
struct InsituStream : rapidjson::InsituStringStream {
  using GenericInsituStringStream::GenericInsituStringStream;
  InsituStream(const InsituStream& other)
      : GenericInsituStringStream(Alone(other.src_)), half_character(Alone(other.half_character)) {
    dst_ = Alone(other.dst_);
    head_ = Alone(other.head_);
  }
  InsituStream& operator=(const InsituStream& other) {
    src_ = Alone(other.src_);
    dst_ = Alone(other.dst_);
    head_ = Alone(other.head_);
    half_character = Alone(other.half_character);
    return *this;
  }

  std::size_t half_character = 0;  // offset behind the first such escape; 0: there is none

 private:
  // `value`, by a read that the compiler does not join with others.
  template <class T>
  static T Alone(T value) {
    asm("" : "+r"(value));
    return value;
  }
};

namespace internal {

#ifdef __SSE2__
inline constexpr std::size_t kBlock = 16;

inline __m128i LoadBlock(const char* p) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
}

// Bit n: byte n of the block ends the run of plain characters of a string.
inline unsigned StringStops(__m128i block) {
  const __m128i last_control = _mm_set1_epi8(0x1f);
  const __m128i stops = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8('"')),
                                                  _mm_cmpeq_epi8(block, _mm_set1_epi8('\\'))),
                                     _mm_cmpeq_epi8(_mm_min_epu8(block, last_control), block));
  return static_cast<unsigned>(_mm_movemask_epi8(stops));
}
#endif

// Moves `text` behind the plain characters of a string, and with it what they decode to. The NUL
// behind an InsituCopy stops it.
inline void SkipPlain(InsituStream& text) {
#ifdef __SSE2__
  char* from = text.src_;
  char* to = text.dst_;
  unsigned stops = 0;
  if (from == to) {  // no escape yet: nothing to move
    while ((stops = StringStops(LoadBlock(from))) == 0) from += kBlock;
    from += std::countr_zero(stops);
    to = from;
  } else {
    __m128i block = LoadBlock(from);
    for (; (stops = StringStops(block)) == 0; block = LoadBlock(from)) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to), block);
      from += kBlock;
      to += kBlock;
    }
    // Not as a block: it would overwrite what stands behind and is still to be read.
    for (int n = std::countr_zero(stops); n != 0; --n) *to++ = *from++;
  }
  text.src_ = from;
  text.dst_ = to;
#else
  static_cast<void>(text);
#endif
}

inline void SkipSpace(InsituStream& text) {
  char* p = text.src_;
  while (static_cast<unsigned char>(*p) <= ' ' &&
         (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')) {
    ++p;
#ifdef __SSE2__
    // Indentation.
    const __m128i space = _mm_set1_epi8(' ');
    unsigned others = 0;
    while ((others = static_cast<unsigned>(
                _mm_movemask_epi8(_mm_cmpeq_epi8(LoadBlock(p), space)))) == 0xffff) {
      p += kBlock;
    }
    p += std::countr_one(others);
#endif
  }
  text.src_ = p;
}

}  // namespace internal
}  // namespace handoff::fhir

RAPIDJSON_NAMESPACE_BEGIN

template <>
struct StreamTraits<handoff::fhir::InsituStream> {
  enum { copyOptimization = 1 };
};

template <>
inline void SkipWhitespace(handoff::fhir::InsituStream& text) {
  handoff::fhir::internal::SkipSpace(text);
}

template <>
template <>
inline void UTF8<char>::Encode(handoff::fhir::InsituStream& text, unsigned codepoint) {
  if (codepoint >= 0xd800 && codepoint <= 0xdfff) {
    if (text.half_character == 0) text.half_character = text.Tell();
    codepoint = 0xfffd;
  }
  Encode(static_cast<InsituStringStream&>(text), codepoint);
}

template <>
template <>
inline void GenericReader<UTF8<>, UTF8<>, CrtAllocator>::ScanCopyUnescapedString(
    handoff::fhir::InsituStream& from, handoff::fhir::InsituStream&) {
  handoff::fhir::internal::SkipPlain(from);
}

RAPIDJSON_NAMESPACE_END
