// The version of this build, set by CMake.
#pragma once

namespace handoff::app {
inline constexpr const char* kVersion = HANDOFF_VERSION;
}  // namespace handoff::app
