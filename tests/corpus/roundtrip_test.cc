// Every document of the shared corpora that is sound R4 must come back from the wire form as it
// went in.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <google/protobuf/message.h>
#include <gtest/gtest.h>

#include "fhir-mappings/runtime/resource.h"
#include "handoff/v1/exchange.pb.h"
#include "tests/corpus/json_value.h"
#include "tests/corpus/skip_without.h"
#include "tests/support/read_file.h"

namespace handoff::fhir {
namespace {

const std::filesystem::path kCorpora = "../shared/corpora";

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
  HANDOFF_SKIP_WITHOUT(kCorpora / "STRUCTURE.tsv");
  std::map<std::string, int> count;
  for (const std::filesystem::path& path : Files("structural-ok")) {
    SCOPED_TRACE(path.string());
    const std::string json = testing::ReadFile(path);
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
    v1::Resource expected;
    ASSERT_TRUE(expected.ParseFromString(encoded));
    v1::Resource message;
    ASSERT_TRUE(ParseResource(encoded, &message));
    EXPECT_EQ(message.SerializeAsString(), expected.SerializeAsString());
    std::string reencoded;
    ASSERT_TRUE(WriteJson(message.SerializeAsString(), {}, &reencoded).ok());
    EXPECT_EQ(written, reencoded) << "the same through message objects";
    std::string direct;
    ASSERT_TRUE(WriteJson(message, {}, &direct).ok());
    EXPECT_EQ(written, direct) << "the same of message objects";
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

// Adds what `message` and those below it keep in `extra`; names that R4 gives a field are failures.
void CheckExtras(const google::protobuf::Message& message, std::size_t& bytes) {
  static const std::set<std::string> kUnmapped = {"extension", "modifierExtension", "id"};
  const auto* reflection = message.GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  for (const auto* field : fields) {
    if (field->name() == "extra") {
      const std::string extra = reflection->GetString(message, field);
      bytes += extra.size();
      JsonValue value;
      ASSERT_TRUE(ParseValue(extra, value));
      for (const auto& [name, member] : value.members) {
        const bool known = kUnmapped.count(name) != 0 || name.starts_with('_');
        EXPECT_TRUE(known || message.GetDescriptor()->FindFieldByCamelcaseName(name) == nullptr)
            << message.GetDescriptor()->full_name() << " keeps " << name;
      }
    } else if (field->message_type() != nullptr) {
      const int n = field->is_repeated() ? reflection->FieldSize(message, field) : 1;
      for (int i = 0; i < n; ++i) {
        CheckExtras(field->is_repeated() ? reflection->GetRepeatedMessage(message, field, i)
                                         : reflection->GetMessage(message, field),
                    bytes);
      }
    }
  }
}

TEST(RoundTripTest, ExtraHoldsOnlyWhatTheModelHasNoFieldFor) {
  HANDOFF_SKIP_WITHOUT(kCorpora / "STRUCTURE.tsv");
  const std::set<std::string> types = {"CarePlan", "Goal", "Condition", "ServiceRequest"};
  int documents = 0;
  std::size_t json_bytes = 0;
  std::size_t extra_bytes = 0;
  for (const std::filesystem::path& path : Files("structural-ok")) {
    const std::string name = path.string();
    if (name.find("/r4-examples/") == name.npos && name.find("/us-core/") == name.npos) continue;
    std::string encoded;
    Issues issues;
    if (!ReadJson(testing::ReadFile(path), {}, &encoded, &issues)) continue;
    if (types.count(std::string(ReadHead(encoded).type)) == 0) continue;
    SCOPED_TRACE(name);
    for (const Issue& issue : issues)
      EXPECT_EQ(issue.severity, Severity::kInformation) << issue.text;
    v1::Resource resource;
    ASSERT_TRUE(resource.ParseFromString(encoded));
    std::string json;
    ASSERT_TRUE(WriteJson(encoded, {}, &json).ok());
    CheckExtras(resource, extra_bytes);
    json_bytes += json.size();
    ++documents;
  }
  std::printf("%d documents, %zu bytes as compact JSON, %.1f %% of them in extra\n",
              documents,
              json_bytes,
              json_bytes == 0
                  ? 0.0
                  : 100.0 * static_cast<double>(extra_bytes) / static_cast<double>(json_bytes));
  EXPECT_GT(documents, 0) << "no corpus, no proof";
}

}  // namespace
}  // namespace handoff::fhir
