// config/schema/views.schema.json knows the same keys as the reader.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "gateway/base/config_node.h"
#include "gateway/policy/views.h"
#include "tests/support/schema_keys.h"

namespace handoff::policy {
namespace {

using testing::ExpectSameKeys;
using testing::SchemaNamed;

std::vector<std::string> ErrorsOf(const std::string& text) {
  ConfigErrors errors;
  const auto node = ConfigNode::Parse(text, "views.yaml");
  EXPECT_TRUE(node.ok()) << node.status();
  if (node.ok()) Views::Load(*node, errors);
  return errors.list();
}

TEST(ViewsSchemaTest, HasTheKeysOfTheReader) {
  const ConfigNode schema = SchemaNamed("views");
  const ConfigNode definitions = schema["$defs"];
  ExpectSameKeys(ErrorsOf, schema["properties"], "{", "}");
  ExpectSameKeys(ErrorsOf,
                 schema["properties"]["withheld_identifiers"]["properties"],
                 "withheld_identifiers: {",
                 "}");
  ExpectSameKeys(ErrorsOf, definitions["label"]["properties"], "labels: [{", "}]");
  ExpectSameKeys(ErrorsOf, definitions["view"]["properties"], "views: [{", "}]");
  ExpectSameKeys(ErrorsOf, definitions["access"]["properties"], "access: [{", "}]");
}

}  // namespace
}  // namespace handoff::policy
