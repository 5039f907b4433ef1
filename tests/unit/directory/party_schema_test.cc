// config/schema/party.schema.json knows the same keys as the reader.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "gateway/base/config_node.h"
#include "tests/support/schema_keys.h"
#include "tests/unit/directory/parties.h"

namespace handoff::directory {
namespace {

using testing::ExpectSameKeys;
using testing::SchemaNamed;

ConfigNode Definitions() { return SchemaNamed("party")["$defs"]; }

// The reader of one party.
std::vector<std::string> Complaints(const std::string& yaml) { return ErrorsOf(yaml); }

TEST(PartySchemaTest, HasTheKeysOfAParty) {
  ExpectSameKeys(Complaints, Definitions()["party"]["properties"], "{", "}");
}

TEST(PartySchemaTest, HasTheKeysOfAnEndpoint) {
  ExpectSameKeys(Complaints, Definitions()["endpoint"]["properties"], "endpoints: {p: {", "}}");
}

TEST(PartySchemaTest, HasTheKeysOfWhatIsNested) {
  const ConfigNode party = Definitions()["party"]["properties"];
  ExpectSameKeys(Complaints, party["services"]["items"]["properties"], "services: [{", "}]");
  ExpectSameKeys(Complaints, party["area"]["properties"], "area: {", "}");
  ExpectSameKeys(Complaints, party["accepts"]["properties"], "accepts: {", "}");
  ExpectSameKeys(Complaints, party["clients"]["items"]["properties"], "clients: [{", "}]");
  ExpectSameKeys(Complaints, party["roster"]["items"]["properties"], "roster: [{", "}]");
  ExpectSameKeys(Complaints, Definitions()["identifier"]["properties"], "identifiers: [{", "}]");
}

}  // namespace
}  // namespace handoff::directory
