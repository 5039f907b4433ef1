#include "gateway/store/resource_version.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/status_matchers.h"

namespace handoff::store {
namespace {

using ::handoff::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

v1::StoredResource Goal() {
  v1::StoredResource goal;
  goal.mutable_name()->set_type("Goal");
  goal.mutable_name()->set_id("lose-weight");
  goal.mutable_name()->set_version(300);
  goal.set_updated_us(1'700'000'000'000'000);
  goal.set_person_id(UINT64_MAX);
  goal.set_owner("mrmc");
  goal.set_message_id("m1");
  goal.set_deleted(true);
  goal.add_tokens("status=|active");
  goal.add_tokens("");
  goal.set_resource(std::string(70'000, 'r'));
  return goal;
}

TEST(ResourceVersionTest, SaysWhatTheRecordSays) {
  const v1::StoredResource goal = Goal();
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto read, ResourceVersion::Read(goal.SerializeAsString()));
  EXPECT_EQ(read->type(), "Goal");
  EXPECT_EQ(read->id(), "lose-weight");
  EXPECT_EQ(read->version(), 300u);
  EXPECT_EQ(read->key(), (ResourceKey{"Goal", "lose-weight"}));
  EXPECT_EQ(read->name().SerializeAsString(), goal.name().SerializeAsString());
  EXPECT_EQ(read->updated_us(), goal.updated_us());
  EXPECT_EQ(read->person_id(), goal.person_id());
  EXPECT_EQ(read->owner(), "mrmc");
  EXPECT_EQ(read->message_id(), "m1");
  EXPECT_TRUE(read->deleted());
  EXPECT_THAT(read->tokens(), ElementsAre("status=|active", ""));
  EXPECT_EQ(read->resource(), goal.resource());
  EXPECT_EQ(read->record(), goal.SerializeAsString());
}

TEST(ResourceVersionTest, WhatIsNotSaidIsEmpty) {
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto read, ResourceVersion::Read(""));
  EXPECT_EQ(read->type(), "");
  EXPECT_EQ(read->version(), 0u);
  EXPECT_FALSE(read->deleted());
  EXPECT_THAT(read->tokens(), IsEmpty());
  EXPECT_EQ(read->resource(), "");
}

TEST(ResourceVersionTest, PassesOverWhatALaterBuildAdds) {
  HANDOFF_ASSERT_OK_AND_ASSIGN(
      const auto read,
      ResourceVersion::Read("\xf8\x01\x05" + Goal().SerializeAsString() + "\xfa\x01\x03new"));
  EXPECT_EQ(read->id(), "lose-weight");
  EXPECT_EQ(read->owner(), "mrmc");
}

TEST(ResourceVersionTest, RefusesARecordThatIsCutShort) {
  v1::StoredResource goal = Goal();
  goal.set_resource("r");
  const std::string whole = goal.SerializeAsString();
  int refused = 0;
  for (std::size_t n = 0; n < whole.size(); ++n) {
    const auto read = ResourceVersion::Read(std::string_view(whole).substr(0, n));
    v1::StoredResource message;
    EXPECT_EQ(read.ok(), message.ParseFromString(whole.substr(0, n))) << n;
    if (!read.ok()) ++refused;
  }
  EXPECT_GT(refused, 40);
  EXPECT_THAT(ResourceVersion::Read("\x0b"), StatusIs(absl::StatusCode::kDataLoss, "damaged"));
}

}  // namespace
}  // namespace handoff::store
