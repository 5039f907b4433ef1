// config/schema/routes.schema.json knows the same keys as the reader.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "gateway/base/config_node.h"
#include "gateway/care/routes.h"
#include "tests/support/schema_keys.h"

namespace handoff::care {
namespace {

using testing::ExpectSameKeys;
using testing::SchemaNamed;

std::vector<std::string> ErrorsOf(const std::string& text) {
  ConfigErrors errors;
  const auto node = ConfigNode::Parse(text, "routes.yaml");
  EXPECT_TRUE(node.ok()) << node.status();
  if (node.ok()) Routes::Load(*node, errors);
  return errors.list();
}

TEST(RoutesSchemaTest, HasTheKeysOfTheReader) {
  const ConfigNode schema = SchemaNamed("routes");
  ExpectSameKeys(ErrorsOf, schema["properties"], "{", "}");
  ExpectSameKeys(ErrorsOf, schema["$defs"]["route"]["properties"], "routes: [{", "}]");
}

}  // namespace
}  // namespace handoff::care
