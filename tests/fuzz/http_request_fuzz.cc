// The first byte says where to cut the rest in two: a stream yields the same requests however it
// arrives. (Beast may see later that one is malformed, when it waits for the end of the header.)
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/base/status_macros.h"
#include "gateway/http/query.h"
#include "gateway/http/request_parser.h"

namespace {

using handoff::http::PathSegments;
using handoff::http::QueryParams;
using handoff::http::RequestParser;

constexpr std::size_t kHeaderLimit = 64 << 10;
constexpr std::size_t kBodyLimit = 4 << 10;

std::string Accepted(std::string_view stream, std::size_t first_part) {
  RequestParser parser(kHeaderLimit, kBodyLimit);
  std::string out;
  std::string pending;
  for (const std::string_view part : {stream.substr(0, first_part), stream.substr(first_part)}) {
    pending += part;
    for (;;) {
      pending.erase(0, parser.Put(pending));
      if (parser.failed()) return out;
      if (!parser.done()) break;
      const RequestParser::Parsed parsed = parser.Take();
      HANDOFF_CHECK(parsed.request.body.size() <= kBodyLimit);
      (void)PathSegments(parsed.request.path());
      (void)QueryParams::Parse(parsed.request.query());
      out.append(parsed.request.target).append(" ").append(parsed.request.body);
      out.append(parsed.keep_alive ? " keep\n" : " close\n");
    }
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view stream(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t cut = data[0] * stream.size() / 255;
  HANDOFF_CHECK(Accepted(stream, cut) == Accepted(stream, stream.size()));
  return 0;
}
