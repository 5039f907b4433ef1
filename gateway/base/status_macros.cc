#include "gateway/base/status_macros.h"

#include <cstdio>
#include <cstdlib>

namespace handoff {

// Straight to stderr: nothing else of the process can be trusted any more, the log included.
void CheckFailed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "handoff: broken invariant: %s (%s:%d)\n", condition, file, line);
  std::abort();
}

}  // namespace handoff
