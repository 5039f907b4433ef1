#include "fhir-mappings/runtime/json_text.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace handoff::fhir::internal {
namespace {

using ::testing::ElementsAre;

std::string Edited(std::string_view json, const JsonEdit& edit) {
  std::string out = "#";
  JsonResult result = JsonResult::kDamaged;
  {
    Sink sink(&out);
    result = AppendEditedJson(json, edit, sink);
  }
  if (result == JsonResult::kNothingLeft) out += "nothing";
  if (result == JsonResult::kDamaged) out += "damaged";
  return out.substr(1);
}

JsonEdit Drop(std::string_view dropped) {
  JsonEdit edit;
  edit.reference = [dropped](std::string_view reference, std::string*) {
    return reference == dropped ? JsonEdit::Action::kDrop : JsonEdit::Action::kKeep;
  };
  return edit;
}

TEST(JsonTextTest, AcceptsOneObjectOnOneLine) {
  EXPECT_TRUE(IsJsonObject(R"({"a":[1,{"b":null}]})"));
  for (const char* bad : {"", "[]", "1", "{", "{}{}", "{} x", "{\"a\":1\n}", "null"})
    EXPECT_FALSE(IsJsonObject(bad)) << bad;
  EXPECT_FALSE(IsJsonObject(std::string_view("{}\0", 3)));
  const std::string deep =
      "{\"a\":" + std::string(kMaxTextDepth - 1, '[') + std::string(kMaxTextDepth - 1, ']') + "}";
  EXPECT_TRUE(IsJsonObject(deep));
  EXPECT_FALSE(IsJsonObject("{\"a\":" + std::string(kMaxTextDepth, '[') +
                            std::string(kMaxTextDepth, ']') + "}"));
}

TEST(JsonTextTest, FindsReferencesWithTheirWay) {
  std::vector<std::string> found;
  VisitJsonReferences(
      R"({"reference":"top","subject":{"reference":"A/1"},"x":[{"y":{"reference":"A/2"}},{"z":[{"reference":5}]}],"p":{"reference":"A/3"}})",
      [&](std::string_view members, std::string_view text) {
        found.push_back(std::string(members) + "=" + std::string(text));
      });
  EXPECT_THAT(found, ElementsAre(".subject=A/1", ".x.y=A/2", ".p=A/3"));
}

TEST(JsonTextTest, ReplacesReferences) {
  JsonEdit edit;
  edit.reference = [](std::string_view, std::string* replacement) {
    *replacement = "B/\"2\"";
    return JsonEdit::Action::kReplace;
  };
  EXPECT_EQ(Edited(R"({"a":{"reference":"A/1","display":"x"},"n":[1.00,true,null]})", edit),
            R"({"a":{"reference":"B/\"2\"","display":"x"},"n":[1.00,true,null]})");
}

TEST(JsonTextTest, DropsTheObjectOfAReferenceAndWhatBecomesEmpty) {
  EXPECT_EQ(Edited(R"({"a":{"reference":"A/1"},"b":1})", Drop("A/1")), R"({"b":1})");
  EXPECT_EQ(Edited(R"({"b":1,"a":[{"reference":"A/1"},{"reference":"A/2"}]})", Drop("A/1")),
            R"({"b":1,"a":[{"reference":"A/2"}]})");
  EXPECT_EQ(Edited(R"({"b":1,"a":[{"c":{"reference":"A/1"}}],"d":2})", Drop("A/1")),
            R"({"b":1,"d":2})");
  EXPECT_EQ(Edited(R"({"a":{"reference":"A/1"}})", Drop("A/1")), "nothing");
  EXPECT_EQ(Edited(R"({"a":{"reference":"A/1"})", Drop("A/1")), "damaged");
}

TEST(JsonTextTest, SetsIdAndMeta) {
  JsonEdit edit;
  edit.id = "new";
  edit.meta = R"({"versionId":"2"})";
  EXPECT_EQ(
      Edited(R"({"resourceType":"X","id":"old","meta":{"a":[1]},"contained":[{"id":"c"}]})", edit),
      R"({"resourceType":"X","id":"new","meta":{"versionId":"2"},"contained":[{"id":"c"}]})");
  EXPECT_EQ(Edited(R"({"meta":{"a":{"b":1}},"resourceType":"X"})", edit),
            R"({"resourceType":"X","id":"new","meta":{"versionId":"2"}})");
}

}  // namespace
}  // namespace handoff::fhir::internal
