// Every document of the shared corpora, sound or not: the runtime agrees with the plain model.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/corpus/skip_without.h"
#include "tests/support/plain/plain_compare.h"
#include "tests/support/plain/plain_model.h"
#include "tests/support/read_file.h"

namespace handoff::plain {
namespace {

const std::filesystem::path kCorpora = "../shared/corpora";

TEST(PlainModelTest, AgreesOnEveryPublishedDocument) {
  HANDOFF_SKIP_WITHOUT(kCorpora);
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kCorpora)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  int accepted = 0;
  for (const std::filesystem::path& file : files) {
    const std::string json = testing::ReadFile(file);
    EXPECT_EQ(Disagreement(json), "") << file;
    accepted += Model::OfTheMaps().Refusal(json).empty() ? 1 : 0;
  }
  std::printf("%zu documents, %d of them accepted by both\n", files.size(), accepted);
  EXPECT_GT(accepted, 0) << "no corpus, no proof";
}

}  // namespace
}  // namespace handoff::plain
