// The runtime beside the plain model, over the documents of this project and every small mistake
// that can be made in one.
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/plain/plain_compare.h"
#include "tests/support/plain/plain_json.h"
#include "tests/support/plain/plain_model.h"
#include "tests/support/read_file.h"

namespace handoff::plain {
namespace {

std::vector<std::filesystem::path> FilesIn(const std::string& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) files.push_back(entry);
  return files;
}

TEST(PlainModelTest, RefusesForTheReasonThatItNames) {
  const Model& model = Model::OfTheMaps();
  EXPECT_EQ(model.Refusal(R"({"resourceType":"Patient","birthDate":"1970-02-28"})"), "");
  EXPECT_EQ(model.Refusal(R"({"resourceType":"Patient","birthDate":"1970-02-29"})"),
            "birthDate: form");
  EXPECT_EQ(model.Refusal(R"({"resourceType":"Encounter","status":"planned"})"),
            "class is missing");
  EXPECT_EQ(model.Refusal(R"({"resourceType":"Patient","name":[null]})"),
            "name: must be an object");
  EXPECT_EQ(model.Refusal(R"({"resourceType":"Patient","gender":"x"})"), "gender: unknown code");
  EXPECT_EQ(model.Refusal(
                R"({"resourceType":"Patient","deceasedBoolean":true,"deceasedDateTime":"2020"})"),
            "two types of a choice");
  EXPECT_EQ(model.Refusal(R"({"resourceType":"Nothing"})"), "unknown resourceType");
  EXPECT_EQ(model.Refusal("{"), "not JSON, or too deep");
}

TEST(PlainModelTest, AgreesOnTheDocumentsOfThisProject) {
  int documents = 0;
  for (const char* folder : {"config/demo/messages", "tests/fuzz/corpus/mapping_read"}) {
    for (const std::filesystem::path& file : FilesIn(folder)) {
      EXPECT_EQ(Disagreement(testing::ReadFile(file)), "") << file;
      ++documents;
    }
  }
  EXPECT_GT(documents, 70);
}

// Calls `check` with the document with each value in turn replaced by each of these, left out, and
// stated twice.
class Mistakes {
 public:
  explicit Mistakes(Value& document) : document_(document) {}

  int Run() {
    In(document_);
    return made_;
  }

 private:
  void Check() {
    const std::string json = Text(document_);
    EXPECT_EQ(Disagreement(json), "") << json;
    ++made_;
  }

  void Replace(Value& value) {
    static constexpr std::string_view kOthers[] = {"null",
                                                   "true",
                                                   "0",
                                                   "-1",
                                                   "1.0",
                                                   "\"\"",
                                                   "\"x y\"",
                                                   "\" \"",
                                                   "\"2024-13-01\"",
                                                   "\"Patient/1\"",
                                                   "{}",
                                                   "[]",
                                                   "[null]",
                                                   "{\"id\":\"a\"}",
                                                   "[\"a\",null]",
                                                   "[[1]]"};
    const Value was = value;
    for (const std::string_view other : kOthers) {
      value = *Parse(other, 9);
      Check();
    }
    value = Value();
    value.kind = Value::Kind::kList;
    value.items = {was, was};
    Check();
    value = was;
  }

  void In(Value& value) {
    for (Value& item : value.items) {
      Replace(item);
      In(item);
    }
    for (std::size_t i = 0; i < value.members.size(); ++i) {
      Replace(value.members[i].value);
      const std::vector<Member> were = value.members;
      value.members.erase(value.members.begin() + static_cast<std::ptrdiff_t>(i));
      Check();
      value.members = were;
      value.members.push_back(were[i]);
      Check();
      value.members = were;
      value.members[i].name.text.insert(0, "_");
      Check();
      value.members = were;
      In(value.members[i].value);
    }
  }

  Value& document_;
  int made_ = 0;
};

TEST(PlainModelTest, AgreesOnEveryMistakeInASmallDocument) {
  const std::string documents[] = {
      R"({"resourceType":"Patient","id":"1","meta":{"lastUpdated":"2024-03-01T08:15:30.120+01:00","tag":[{"code":"a"}]},)"
      R"("_birthDate":{"extension":[{"url":"urn:x","valueDecimal":1.00}]},"name":[{"given":["Ada",null],"_given":[null,{"id":"a"}]}],)"
      R"("deceasedBoolean":false,"telecom":[{"rank":1,"system":"phone"}],"photo":[{"data":"QUJD","size":3}],"odd":{"a":[1,null]},)"
      R"("contained":[{"resourceType":"Account","id":"g","meta":{"versionId":"1"},"member":[{"a":"b"}]}]})",
      R"({"resourceType":"Observation","status":"final","code":{"coding":[{"system":"urn:a","code":"b"}]},)"
      R"("effectiveDateTime":"2024","valueSampledData":{"origin":{"value":1},"period":2.50,"dimensions":1},)"
      R"("subject":{"reference":"Patient/1/_history/2"}})",
      R"({"resourceType":"Bundle","type":"collection","total":1,"entry":[{"fullUrl":"urn:a","resource":)"
      R"({"resourceType":"Provenance","target":[{"reference":"#a"}],"recorded":"2024-01-01T00:00:00Z",)"
      R"("agent":[{"who":{"display":"a"}}]},"search":{"mode":"match","score":0.5}}]})",
      R"({"resourceType":"CarePlan","status":"active","intent":"plan","subject":{"type":"Patient"},"activity":[{"detail":)"
      R"({"status":"scheduled","scheduledTiming":{"repeat":{"dayOfWeek":["mon",null],"_dayOfWeek":[null,{"id":"a"}],)"
      R"("timeOfDay":["08:00:00.5"]}}}}]})",
  };
  int made = 0;
  for (const std::string& text : documents) {
    ASSERT_EQ(Disagreement(text), "");
    ASSERT_EQ(Model::OfTheMaps().Refusal(text), "") << text;
    Value document = *Parse(text, 64);
    made += Mistakes(document).Run();
  }
  EXPECT_GT(made, 1'500);
}

}  // namespace
}  // namespace handoff::plain
