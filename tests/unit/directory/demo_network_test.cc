// The parties that ship with Handoff are without fault, and fit each other.
#include <gmock/gmock.h>

#include "gateway/directory/directory.h"
#include "tests/unit/directory/parties.h"

namespace handoff::directory {
namespace {

using ::testing::IsEmpty;

TEST(DemoNetworkTest, LoadsWithoutFaultAndItsServicesReachThePatient) {
  ConfigErrors errors;
  const auto directory = Directory::Load("config/demo/parties", {}, errors);
  EXPECT_THAT(errors.list(), IsEmpty());
  for (const char* key : {"mrmc", "lfm", "nha", "htf", "llp", "whf", "operations"}) {
    EXPECT_NE(directory->Find(PartyKey(key)), nullptr) << key;
  }
  const Place home{"13057", "Onondaga", "NY"};
  const auto food = directory->FindByService("food-insecurity", home);
  ASSERT_EQ(food.size(), 1u);
  EXPECT_EQ(food[0]->key, PartyKey("htf"));
  const auto rides = directory->FindByService("transportation-insecurity", home);
  ASSERT_EQ(rides.size(), 1u);
  EXPECT_EQ(rides[0]->key, PartyKey("whf"));
}

TEST(DemoNetworkTest, SecretsAreThere) {
  ConfigErrors errors;
  const auto directory = Directory::Load("config/demo/parties", {}, errors);
  for (const Party& party : directory->parties()) {
    for (const Endpoint& endpoint : party.endpoints) {
      EXPECT_THAT(endpoint.bearer_token.Read(), testing::IsOk());
      EXPECT_THAT(endpoint.hmac_secret.Read(), testing::IsOk());
    }
  }
}

TEST(ShippedPartiesTest, LoadWithoutFault) {
  ConfigErrors errors;
  const auto directory = Directory::Load("config/parties", {}, errors);
  EXPECT_THAT(errors.list(), IsEmpty());
  EXPECT_TRUE(directory->Find(PartyKey("operations"))->is_operator);
}

}  // namespace
}  // namespace handoff::directory
