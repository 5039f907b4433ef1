// Leaves a test, and says so, where data that it reads lie beside the source and are not there.
#pragma once

#include <cstdio>
#include <filesystem>

#include <gtest/gtest.h>

#define HANDOFF_SKIP_WITHOUT(data)                                                      \
  if (const std::filesystem::path& needed = (data); !std::filesystem::exists(needed)) { \
    std::printf("NOTE: %s is absent: nothing of it was checked\n", needed.c_str());     \
    GTEST_SKIP() << needed << " is absent";                                             \
  }
