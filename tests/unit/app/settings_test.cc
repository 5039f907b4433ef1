#include "gateway/app/settings.h"

#include <chrono>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "tests/support/status_matchers.h"

namespace handoff::app {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

ConfigNode Document(const std::string& yaml) {
  auto document = ConfigNode::Parse(yaml, "handoff.yaml");
  EXPECT_THAT(document, testing::IsOk());
  return document.ok() ? *document : ConfigNode();
}

Settings Read(const std::string& yaml) {
  ConfigErrors errors;
  Settings settings = LoadSettings(Document(yaml), errors);
  EXPECT_THAT(errors.list(), IsEmpty());
  return settings;
}

std::vector<std::string> ErrorsOf(const std::string& yaml) {
  ConfigErrors errors;
  LoadSettings(Document(yaml), errors);
  return errors.list();
}

ConfigNode Shipped(const char* path) {
  auto document = ConfigNode::Load(path);
  EXPECT_THAT(document, testing::IsOk());
  return document.ok() ? *document : ConfigNode();
}

TEST(SettingsTest, NothingSaidMeansTheDefaults) {
  EXPECT_TRUE(Read("") == Settings());
  EXPECT_TRUE(Read("listen: {fhir: {}}\nstore:\n") == Settings());
}

TEST(SettingsTest, TheAnnotatedFileSaysTheDefaults) {
  ConfigErrors errors;
  const Settings shipped = LoadSettings(Shipped("config/handoff.yaml"), errors);
  EXPECT_THAT(errors.list(), IsEmpty());
  EXPECT_TRUE(shipped == Settings());
}

TEST(SettingsTest, TheDemoFileIsWithoutFault) {
  ConfigErrors errors;
  const Settings demo = LoadSettings(Shipped("config/demo/handoff.yaml"), errors);
  EXPECT_THAT(errors.list(), IsEmpty());
  EXPECT_EQ(demo.store.kind, StoreSettings::Kind::kMemory);
  EXPECT_EQ(demo.parties_folder, "config/demo/parties");
}

TEST(SettingsTest, ReadsWhatIsSaid) {
  const Settings s = Read(R"(
listen:
  fhir: {host: 0.0.0.0, port: 443, threads: 2,
         tls: {certificate_file: c.pem, key_file: k.pem, client_ca_file: ca.pem, require_client: true}}
  ops: {port: 0}
store: {kind: memory, max_queued_commits: 1}
limits: {max_message_bytes: 1MiB, idle_timeout: 1min}
tokens: {lifetime: 1h, issuer: "https://x"}
delivery: {first_backoff: 10ms, give_up_after: 1d}
attribution: {treating_after_stay: 0h}
rules: {parties: p}
log: {level: debug}
)");
  EXPECT_EQ(s.fhir.host, "0.0.0.0");
  EXPECT_EQ(s.fhir.port, 443);
  EXPECT_EQ(s.fhir.threads, 2u);
  EXPECT_TRUE(s.fhir.tls.enabled());
  EXPECT_TRUE(s.fhir.tls.require_client);
  EXPECT_EQ(s.ops.port, 0);
  EXPECT_EQ(s.store.kind, StoreSettings::Kind::kMemory);
  EXPECT_EQ(s.store.max_queued_commits, 1u);
  EXPECT_EQ(s.limits.max_message_bytes, 1u << 20);
  EXPECT_EQ(s.limits.idle_timeout, 1min);
  EXPECT_EQ(s.tokens.lifetime, 1h);
  EXPECT_EQ(s.tokens.issuer, "https://x");
  EXPECT_EQ(s.delivery.first_backoff, 10ms);
  EXPECT_EQ(s.delivery.give_up_after, 24h);
  EXPECT_EQ(s.treating_after_stay, 0h);
  EXPECT_EQ(s.parties_folder, "p");
  EXPECT_EQ(s.routes_file, "config/routes.yaml");
  EXPECT_EQ(s.log_level, log::Level::kDebug);
}

struct Fault {
  std::string yaml;
  std::string complaint;
};

class SettingsFaultTest : public ::testing::TestWithParam<Fault> {};

TEST_P(SettingsFaultTest, IsToldWithItsPlace) {
  EXPECT_THAT(ErrorsOf(GetParam().yaml), ElementsAre(HasSubstr(GetParam().complaint)));
}

INSTANTIATE_TEST_SUITE_P(
    All,
    SettingsFaultTest,
    ::testing::Values(
        Fault{"stor: {}", "handoff.yaml:1:1: unknown key `stor`; did you mean `store`?"},
        Fault{"store: {kind: postgres}", "handoff.yaml:1:15: expected one of: rocksdb, memory"},
        Fault{"store: {path: ''}", "handoff.yaml:1:15: must not be empty"},
        Fault{"listen: {fhir: {port: 65536}}", "from 0 to 65535"},
        Fault{"listen: {fhir: {threads: 0}}", "from 1 to 64"},
        Fault{"listen: {fhir: {host: 0.0.0.0}}", "patient data leaves this machine only with TLS"},
        Fault{"listen: {grpc: {host: '::'}}", "patient data leaves this machine only with TLS"},
        Fault{"listen: {fhir: {tls: {certificate_file: c}}}", "go together"},
        Fault{"listen: {fhir: {tls: {client_ca_file: c}}}", "client certificates need TLS"},
        Fault{"listen: {fhir: {tls: {require_client: true}}}", "only with a `client_ca_file`"},
        Fault{"listen: {ops: {tls: {}}}", "unknown key `tls`"},
        Fault{"limits: {max_message_bytes: 2GiB}", "expected a size from 1024 to 1073741824 bytes"},
        Fault{"limits: {header_timeout: 1ms}", "expected a duration from 100 to 600000 ms"},
        Fault{"tokens: {lifetime: 59s}", "expected a duration from 60000"},
        Fault{"delivery: {first_backoff: 1h}", "`max_backoff` is below `first_backoff`"},
        Fault{"delivery: {breaker_max_open: 1s}", "`breaker_max_open` is below `breaker_open`"},
        Fault{"log: {level: loud}", "expected one of: debug, info, warning, error"},
        Fault{"store: [memory]", "handoff.yaml:1:8: expected a map with: kind, path"}));

TEST(SettingsTest, OverrideThatIsWrongNamesItself) {
  ConfigNode document = Document("");
  ASSERT_THAT(document.Set("listen.fhir.port", "many"), testing::IsOk());
  ConfigErrors errors;
  LoadSettings(document, errors);
  EXPECT_THAT(errors.list(),
              ElementsAre("--set listen.fhir.port: expected a whole number from 0 to 65535"));
}

// Every key of `document` stands in the schema, and the other way round.
void ExpectSameKeys(const ConfigNode& document,
                    const ConfigNode& schema,
                    const ConfigNode& definitions) {
  ConfigErrors errors;
  const std::string reference = schema["$ref"].String(errors);
  const ConfigNode resolved =
      reference.empty() ? schema
                        : definitions[std::string_view(reference).substr(sizeof("#/$defs/") - 1)];
  for (const auto& [key, value] : document.Members()) {
    EXPECT_TRUE(resolved["properties"][key].present()) << value.Where();
    if (value.IsMap()) ExpectSameKeys(value, resolved["properties"][key], definitions);
  }
  for (const auto& [key, value] : resolved["properties"].Members()) {
    EXPECT_TRUE(document[key].present()) << document.Where() << " lacks " << key;
  }
}

TEST(SettingsSchemaTest, HasTheKeysOfTheAnnotatedFile) {
  const ConfigNode schema = Shipped("config/schema/handoff.schema.json");
  ASSERT_FALSE(schema["properties"].Members().empty());
  ExpectSameKeys(Shipped("config/handoff.yaml"), schema, schema["$defs"]);
}

TEST(SettingsTest, TellsWhatAReloadDoesNotTake) {
  const Settings started;
  Settings now;
  EXPECT_THAT(NeedRestart(started, now), ::testing::IsEmpty());
  now.log_level = log::Level::kDebug;
  now.routes_file = "other.yaml";
  EXPECT_THAT(NeedRestart(started, now), ::testing::IsEmpty());
  now.grpc.port = 1;
  now.delivery.max_in_flight = 7;
  EXPECT_THAT(NeedRestart(started, now), ::testing::ElementsAre("listen.grpc", "delivery"));
}

}  // namespace
}  // namespace handoff::app
