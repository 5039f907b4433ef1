// config/schema/views.schema.json knows the same keys as the reader.
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/base/config_node.h"
#include "gateway/policy/views.h"

namespace handoff::policy {
namespace {

std::vector<std::string> ErrorsOf(const std::string& text) {
  ConfigErrors errors;
  const auto node = ConfigNode::Parse(text, "views.yaml");
  EXPECT_TRUE(node.ok()) << node.status();
  if (node.ok()) Views::Load(*node, errors);
  return errors.list();
}

// JSON is YAML.
ConfigNode Schema() {
  const auto schema = ConfigNode::Load("config/schema/views.schema.json");
  EXPECT_TRUE(schema.ok()) << schema.status();
  return schema.ok() ? *schema : ConfigNode();
}

// The keys that the reader lists when it meets one that is far from any, in the place that `before`
// opens.
std::string KnownKeys(const std::string& before, const std::string& after) {
  constexpr std::string_view kList = "known here: ";
  for (const std::string& complaint : ErrorsOf(before + "qqqqqqqqqqqqqqq: x" + after)) {
    if (const std::size_t at = complaint.find(kList); at != complaint.npos) {
      return complaint.substr(at + kList.size());
    }
  }
  return "no list of keys";
}

void ExpectSameKeys(const ConfigNode& properties,
                    const std::string& before,
                    const std::string& after) {
  const std::string known = ", " + KnownKeys(before, after) + ", ";
  std::size_t length = 2;
  for (const auto& [key, value] : properties.Members()) {
    EXPECT_NE(known.find(", " + key + ", "), known.npos) << key << " is not among" << known;
    length += key.size() + 2;
  }
  EXPECT_EQ(length, known.size()) << "the reader knows more:" << known;
}

TEST(ViewsSchemaTest, HasTheKeysOfTheReader) {
  const ConfigNode schema = Schema();
  ExpectSameKeys(schema["properties"], "{", "}");
  ExpectSameKeys(
      schema["properties"]["withheld_identifiers"]["properties"], "withheld_identifiers: {", "}");
  ExpectSameKeys(schema["$defs"]["label"]["properties"], "labels: [{", "}]");
  ExpectSameKeys(schema["$defs"]["view"]["properties"], "views: [{", "}]");
  ExpectSameKeys(schema["$defs"]["access"]["properties"], "access: [{", "}]");
}

}  // namespace
}  // namespace handoff::policy
