// The mapping runtime agrees with a reader that is slow and plainly right: on what is refused, and
// on what is read.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "tests/support/plain/plain_compare.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string difference =
      handoff::plain::Disagreement({reinterpret_cast<const char*>(data), size});
  if (!difference.empty()) {
    std::fprintf(stderr, "broken: %s\n", difference.c_str());
    std::abort();
  }
  return 0;
}
