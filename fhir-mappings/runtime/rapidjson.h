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

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

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

}  // namespace handoff::fhir
