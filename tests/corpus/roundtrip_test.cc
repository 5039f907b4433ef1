// Every document of the shared corpora that is sound R4 must come back from the wire form as it
// went in.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "fhir-mappings/runtime/resource.h"
#include "handoff/v1/exchange.pb.h"
#include "tests/corpus/json_value.h"

namespace handoff::fhir {
namespace {

const std::filesystem::path kCorpora = "../shared/corpora";

#define SKIP_WITHOUT_CORPORA()                                                        \
  if (!std::filesystem::exists(kCorpora / "STRUCTURE.tsv")) {                         \
    std::printf("NOTE: %s is absent: nothing of it was checked\n", kCorpora.c_str()); \
    GTEST_SKIP() << kCorpora << " is absent";                                         \
  }

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string((std::istreambuf_iterator<char>(in)), {});
}

// The files that STRUCTURE.tsv calls `verdict`.
std::vector<std::filesystem::path> Files(std::string_view verdict) {
  std::vector<std::filesystem::path> files;
  std::ifstream in(kCorpora / "STRUCTURE.tsv");
  for (std::string line; std::getline(in, line);) {
    std::vector<std::string> columns;
    std::istringstream row(line);
    for (std::string column; std::getline(row, column, '\t');) columns.push_back(column);
    if (columns.size() >= 3 && columns[2] == verdict) files.push_back(kCorpora / columns[0]);
  }
  return files;
}

std::string Describe(const Issues& issues) {
  std::string text;
  for (const Issue& issue : issues) {
    if (issue.severity >= Severity::kError)
      text += "\n  " + std::string(issue.code) + " " + issue.text;
  }
  return text;
}

bool IsMarkedInvalid(const std::filesystem::path& path) {
  return path.string().find("/invalid/") != std::string::npos;
}

TEST(RoundTripTest, EverySoundDocumentComesBackValueIdentical) {
  SKIP_WITHOUT_CORPORA();
  std::map<std::string, int> count;
  for (const std::filesystem::path& path : Files("structural-ok")) {
    SCOPED_TRACE(path.string());
    const std::string json = ReadFile(path);
    std::string encoded;
    Issues issues;
    if (!ReadJson(json, {}, &encoded, &issues)) {
      if (IsMarkedInvalid(path))
        continue;  // refused for a reason that STRUCTURE.tsv does not look at
      ADD_FAILURE() << "was not read:" << Describe(issues);
      continue;
    }
    std::string written;
    const absl::Status status = WriteJson(encoded, {}, &written);
    ASSERT_TRUE(status.ok()) << status.message();
    std::string_view body = json;
    if (body.starts_with("\xEF\xBB\xBF")) body.remove_prefix(3);
    JsonValue before;
    JsonValue after;
    ASSERT_TRUE(ParseValue(body, before));
    ASSERT_TRUE(ParseValue(written, after)) << written;
    EXPECT_EQ(Difference(before, after), "");
    std::string again;
    ASSERT_TRUE(ReadJson(written, {}, &again, &issues)) << Describe(issues);
    v1::Resource message;
    ASSERT_TRUE(message.ParseFromString(encoded));
    std::string reencoded;
    ASSERT_TRUE(WriteJson(message.SerializeAsString(), {}, &reencoded).ok());
    EXPECT_EQ(written, reencoded) << "the same through message objects";
    ++count[std::string(ReadHead(encoded).type)];
  }
  int total = 0;
  for (const auto& [type, n] : count) {
    std::printf("%5d %s\n", n, type.c_str());
    total += n;
  }
  std::printf("%5d documents\n", total);
  EXPECT_GT(total, 0) << "no corpus, no proof";
}

}  // namespace
}  // namespace handoff::fhir
