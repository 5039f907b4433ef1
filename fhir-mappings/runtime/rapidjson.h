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

#include <rapidjson/error/en.h>
#include <rapidjson/reader.h>

namespace handoff::fhir {

// A text that RapidJSON parses in place byte by byte: its SIMD scanner lets control characters from
// U+001A on stand in strings.
struct ExactStream : rapidjson::InsituStringStream {
  using GenericInsituStringStream::GenericInsituStringStream;
};

}  // namespace handoff::fhir

RAPIDJSON_NAMESPACE_BEGIN

template <>
struct StreamTraits<handoff::fhir::ExactStream> {
  enum { copyOptimization = 1 };  // as of the stream that it is: numbers are told by it
};

RAPIDJSON_NAMESPACE_END
