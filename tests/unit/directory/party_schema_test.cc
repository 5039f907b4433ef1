// config/schema/party.schema.json knows the same keys as the reader.
#include <string>

#include <gmock/gmock.h>

#include "gateway/base/config_node.h"
#include "tests/unit/directory/parties.h"

namespace handoff::directory {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

// JSON is YAML.
ConfigNode Definitions() {
  auto schema = ConfigNode::Load("config/schema/party.schema.json");
  EXPECT_THAT(schema, testing::IsOk());
  return schema.ok() ? (*schema)["$defs"] : ConfigNode();
}

// A document with `key` in the place that `before` opens; what is wrong with its value does not
// matter.
void ExpectKnown(const ConfigNode& properties,
                 const std::string& before,
                 const std::string& after) {
  ASSERT_FALSE(properties.Members().empty());
  for (const auto& [key, value] : properties.Members()) {
    EXPECT_THAT(ErrorsOf(before + key + ": x" + after), Not(Contains(HasSubstr("unknown key"))))
        << key;
  }
  // And the reader knows no more: it lists all its keys when it meets one that is far from any.
  for (const std::string& complaint : ErrorsOf(before + "qqqqqqqqqq: x" + after)) {
    const std::size_t list = complaint.find("known here: ");
    if (list == std::string::npos) continue;
    std::string keys = complaint.substr(list + 12) + ", ";
    for (std::size_t end; (end = keys.find(", ")) != std::string::npos; keys.erase(0, end + 2)) {
      EXPECT_TRUE(properties[keys.substr(0, end)].present()) << keys.substr(0, end);
    }
    return;
  }
  ADD_FAILURE() << "no list of keys";
}

TEST(PartySchemaTest, HasTheKeysOfAParty) {
  ExpectKnown(Definitions()["party"]["properties"], "{", "}");
}

TEST(PartySchemaTest, HasTheKeysOfAnEndpoint) {
  ExpectKnown(Definitions()["endpoint"]["properties"], "endpoints: {p: {", "}}");
}

TEST(PartySchemaTest, HasTheKeysOfWhatIsNested) {
  const ConfigNode party = Definitions()["party"]["properties"];
  ExpectKnown(party["services"]["items"]["properties"], "services: [{", "}]");
  ExpectKnown(party["area"]["properties"], "area: {", "}");
  ExpectKnown(party["clients"]["items"]["properties"], "clients: [{", "}]");
  ExpectKnown(party["roster"]["items"]["properties"], "roster: [{", "}]");
  ExpectKnown(Definitions()["identifier"]["properties"], "identifiers: [{", "}]");
}

}  // namespace
}  // namespace handoff::directory
