#include "gateway/app/configuration.h"

#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace handoff::app {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr char kDemo[] = "config/demo/handoff.yaml";

TEST(ConfigurationTest, TakesTheDemo) {
  ConfigErrors errors;
  const Configuration configuration = LoadConfiguration({kDemo, {}}, errors);
  EXPECT_THAT(errors.list(), IsEmpty());
  EXPECT_NE(configuration.rules->directory->Find(PartyKey("lfm")), nullptr);
}

TEST(ConfigurationTest, SaysOnceWhereAFileIsBroken) {
  const testing::TempDir folder;
  const std::string routes = folder / "routes.yaml";
  std::ofstream(routes) << "routes: [{name: x";
  ConfigErrors errors;
  LoadConfiguration({kDemo, {"rules.routes=" + routes}}, errors);
  EXPECT_THAT(errors.list(), ElementsAre(StartsWith(routes + ":1:")));
}

TEST(ConfigurationTest, SaysOnceThatAFileIsMissing) {
  ConfigErrors errors;
  LoadConfiguration({kDemo, {"rules.views=no/such/views.yaml"}}, errors);
  ASSERT_FALSE(errors.list().empty());
  EXPECT_THAT(errors.list().front(), StartsWith("no/such/views.yaml: cannot be read"));
}

TEST(ConfigurationTest, FindsTheSecretsAndCertificatesThatAreNotThere) {
  ConfigErrors errors;
  EXPECT_THAT(FindMissing(LoadConfiguration({kDemo, {}}, errors)), IsEmpty());
  const Configuration configuration =
      LoadConfiguration({kDemo,
                         {"listen.grpc.tls.certificate_file=no/such.pem",
                          "listen.grpc.tls.key_file=" + std::string(kDemo),
                          "parties.whf.endpoints.hook.hmac_secret.file=no/such/secret"}},
                        errors);
  EXPECT_THAT(errors.list(), IsEmpty());
  EXPECT_THAT(FindMissing(configuration),
              ElementsAre("listen.grpc.tls.certificate_file: cannot read no/such.pem",
                          "parties.whf.endpoints.hook.hmac_secret: cannot read the secret file "
                          "no/such/secret"));
}

TEST(ConfigurationTest, RefusesAssignmentsToWhatIsNotThere) {
  ConfigErrors errors;
  LoadConfiguration({kDemo, {"store.kindd=memory", "parties.nobody.name=x", "nonsense"}}, errors);
  EXPECT_THAT(errors.list(),
              ::testing::UnorderedElementsAre(
                  "--set nonsense: expected KEY=VALUE",
                  "--set store.kindd: unknown key `kindd`; did you mean `kind`?",
                  "--set parties.nobody.name: there is no party `nobody`"));
}

}  // namespace
}  // namespace handoff::app
