// JSON text as events. Strings are decoded in place, numbers stay as they are written.
//
// Takes what RapidJSON takes, event by event, in half the time: a string is found by unaligned
// blocks, and where the parser stands is in a register. What is not JSON RapidJSON names
// (FindJsonError).
#pragma once

#include <bit>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace handoff::fhir::internal {

// A private copy of a text to parse in place: strings need no other memory, and what reads whole
// blocks finds room behind the end.
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

// Where `text` ceases to be JSON, and why.
struct JsonError {
  std::size_t offset = 0;
  const char* why = "";
};
JsonError FindJsonError(std::string_view text);

#ifdef __SSE2__
inline constexpr std::size_t kJsonBlock = 16;

inline __m128i LoadJsonBlock(const char* p) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
}

// Bit n: byte n of the block cannot stand in a JSON string as it is.
inline unsigned JsonStringStops(__m128i block) {
  const __m128i last_control = _mm_set1_epi8(0x1f);
  const __m128i stops = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8('"')),
                                                  _mm_cmpeq_epi8(block, _mm_set1_epi8('\\'))),
                                     _mm_cmpeq_epi8(_mm_min_epu8(block, last_control), block));
  return static_cast<unsigned>(_mm_movemask_epi8(stops));
}
#endif

// What does not depend on the handler. Everything takes the place in the text and gives the one
// behind what it read, or null where the text is not JSON.
class JsonScanner {
 public:
  // Offset behind the first escape of half a surrogate pair that stands alone, which no UTF-8 can
  // carry; 0: there is none. (The first half without the second is no JSON to RapidJSON.)
  std::size_t half_character() const { return half_character_; }

 protected:
  explicit JsonScanner(char* text) : begin_(text) {}

  [[gnu::always_inline]] static char* SkipSpace(char* p) {
    return static_cast<unsigned char>(*p) > ' ' ? p : SkipMoreSpace(p);
  }

  struct Scanned {
    char* next;  // behind the last quote, or null
    char* end;   // of the decoded text
    bool plain;  // as it is written: no escapes
  };
  // The string at `p`, behind its first quote.
  [[gnu::always_inline]] Scanned String(char* p) {
    char* const stop = FindStop(p);
    if (*stop == '"') [[likely]]
      return {stop + 1, stop, true};
    const Decoded decoded = Decode(stop);
    return {decoded.next, decoded.end, false};
  }

  static char* Number(char* p);
  static char* Word(char* p, std::string_view word) {
    return std::memcmp(p, word.data(), word.size()) == 0 ? p + word.size() : nullptr;
  }

 private:
  // The NUL behind an InsituCopy stops it.
  [[gnu::always_inline]] static char* FindStop(char* p) {
#ifdef __SSE2__
    unsigned stops = 0;
    while ((stops = JsonStringStops(LoadJsonBlock(p))) == 0) p += kJsonBlock;
    return p + std::countr_zero(stops);
#else
    while (*p != '"' && *p != '\\' && static_cast<unsigned char>(*p) >= ' ') ++p;
    return p;
#endif
  }

  struct Decoded {
    char* next;
    char* end;
  };

  static char* SkipMoreSpace(char* p);
  Decoded Decode(char* stop);
  static char* MovePlain(char* from, char* to, char*& stop);
  char* UnicodeEscape(char* p, char*& to);

  char* const begin_;
  std::size_t half_character_ = 0;
};

// A handler has
//   bool Null(); bool Bool(bool); bool Number(std::string_view);
//   bool String(std::string_view, bool plain);
//   bool StartObject(); bool Key(std::string_view); bool EndObject(std::size_t members);
//   bool StartArray(); bool EndArray(std::size_t items);
// and stops the parser by false. `plain`: the string stands as it is written, without escapes and
// so without control characters. What a handler is given holds as long as the text does. It bounds
// the depth: the parser recurses.
template <class Handler>
class JsonParser : public JsonScanner {
 public:
  enum class Result { kParsed, kStopped, kNotJson };

  // `text`: of an InsituCopy.
  JsonParser(char* text, Handler& handler)
      : JsonScanner(text), text_(text), at_(text), handler_(handler) {}

  // Up to the first NUL, which may stand in the text: compare offset().
  Result Parse() {
    char* p = SkipSpace(text_);
    p = *p == '\0' ? nullptr : Value(p);
    if (p != nullptr) {
      p = SkipSpace(p);
      at_ = p;
      if (*p == '\0') return Result::kParsed;
    }
    return stopped_ ? Result::kStopped : Result::kNotJson;
  }

  // Behind the bracket of the last StartObject, StartArray or EndArray; behind everything once it
  // is read.
  const char* at() const { return at_; }
  std::size_t offset() const { return static_cast<std::size_t>(at_ - text_); }

 private:
  static std::string_view View(const char* begin, const char* end) {
    return {begin, static_cast<std::size_t>(end - begin)};
  }

  // `p`, unless the handler has had enough.
  [[gnu::always_inline]] char* After(bool go_on, char* p) {
    if (go_on) [[likely]]
      return p;
    stopped_ = true;
    return nullptr;
  }

  [[gnu::always_inline]] char* Value(char* p) {
    switch (*p) {
      case '"': {
        const Scanned string = this->String(p + 1);
        if (string.next == nullptr) return nullptr;
        return After(handler_.String(View(p + 1, string.end), string.plain), string.next);
      }
      case '{':
        return Object(p + 1);
      case '[':
        return Array(p + 1);
      default:
        return Scalar(p);
    }
  }

  [[gnu::noinline]] char* Scalar(char* begin) {
    char* p = nullptr;
    switch (*begin) {
      case 'n':
        p = Word(begin, "null");
        return p == nullptr ? nullptr : After(handler_.Null(), p);
      case 't':
        p = Word(begin, "true");
        return p == nullptr ? nullptr : After(handler_.Bool(true), p);
      case 'f':
        p = Word(begin, "false");
        return p == nullptr ? nullptr : After(handler_.Bool(false), p);
      default:
        p = JsonScanner::Number(begin);
        if (p == nullptr) return nullptr;
        return After(handler_.Number(View(begin, p)), p);
    }
  }

  char* Object(char* p) {
    at_ = p;
    if (!handler_.StartObject()) return After(false, p);
    p = SkipSpace(p);
    if (*p == '}') return After(handler_.EndObject(0), p + 1);
    for (std::size_t members = 1;; ++members) {
      if (*p != '"') return nullptr;
      const Scanned name = this->String(p + 1);
      if (name.next == nullptr) return nullptr;
      if (!handler_.Key(View(p + 1, name.end))) return After(false, p);
      p = SkipSpace(name.next);
      if (*p != ':') return nullptr;
      p = Value(SkipSpace(p + 1));
      if (p == nullptr) return nullptr;
      p = SkipSpace(p);
      if (*p == '}') return After(handler_.EndObject(members), p + 1);
      if (*p != ',') return nullptr;
      p = SkipSpace(p + 1);
    }
  }

  char* Array(char* p) {
    at_ = p;
    if (!handler_.StartArray()) return After(false, p);
    p = SkipSpace(p);
    if (*p == ']') {
      at_ = p + 1;
      return After(handler_.EndArray(0), p + 1);
    }
    for (std::size_t items = 1;; ++items) {
      p = Value(p);
      if (p == nullptr) return nullptr;
      p = SkipSpace(p);
      if (*p == ']') {
        at_ = p + 1;
        return After(handler_.EndArray(items), p + 1);
      }
      if (*p != ',') return nullptr;
      p = SkipSpace(p + 1);
    }
  }

  char* const text_;
  const char* at_;
  Handler& handler_;
  bool stopped_ = false;
};

}  // namespace handoff::fhir::internal
