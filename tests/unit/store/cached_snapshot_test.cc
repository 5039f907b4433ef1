#include "gateway/store/cached_snapshot.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/store/memory/memory_store.h"
#include "gateway/store/tracked_snapshot.h"
#include "tests/support/status_matchers.h"

namespace handoff::store {
namespace {

class CachedSnapshotTest : public ::testing::Test {
 protected:
  CachedSnapshotTest() {
    Batch batch;
    for (const char* id : {"a", "b"}) batch.resources.push_back(Resource(id, 1));
    batch.message.emplace().set_id("m1");
    batch.original = "{}";
    batch.persons.emplace_back().set_id(7);
    batch.transitions.emplace_back().set_id("t1");
    batch.referrals.emplace_back().set_id("r1");
    EXPECT_THAT(store_->CommitAndWait(std::move(batch)), ::handoff::testing::IsOk());
    under_ = store_->GetSnapshot();
    snapshot_ = std::make_unique<CachedSnapshot>(under_);
  }

  static v1::StoredResource Resource(const std::string& id, std::uint64_t version) {
    v1::StoredResource resource;
    resource.mutable_name()->set_type("Goal");
    resource.mutable_name()->set_id(id);
    resource.mutable_name()->set_version(version);
    resource.set_resource(id);
    resource.add_tokens("status=|active");
    return resource;
  }

  // Reads of what may change that were passed on.
  std::size_t Passed() const {
    return dynamic_cast<const TrackedSnapshot&>(*under_).reads().keys.size();
  }

  const std::unique_ptr<Store> store_ = OpenMemoryStore();
  std::shared_ptr<Snapshot> under_;
  std::unique_ptr<CachedSnapshot> snapshot_;
};

TEST_F(CachedSnapshotTest, AsksForEachResourceOnce) {
  const std::vector<ResourceKey> keys = {{"Goal", "b"}, {"Goal", "none"}, {"Goal", "a"}};
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto first, snapshot_->ReadMany({keys[0]}));
  EXPECT_EQ(first[0]->resource(), "b");
  for (int round = 0; round < 2; ++round) {
    HANDOFF_ASSERT_OK_AND_ASSIGN(const auto read, snapshot_->ReadMany(keys));
    ASSERT_EQ(read.size(), 3u);
    EXPECT_EQ(read[0]->resource(), "b");
    EXPECT_FALSE(read[1]);
    EXPECT_EQ(read[2]->resource(), "a");
    EXPECT_EQ(Passed(), 3u);
    EXPECT_EQ(snapshot_->bytes(), read[0]->record().size() + read[2]->record().size());
  }
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto one, snapshot_->Read(keys[2]));
  EXPECT_EQ(one->resource(), "a");
  EXPECT_EQ(Passed(), 3u);
}

TEST_F(CachedSnapshotTest, AsksForEachPersonStayReferralAndMessageOnce) {
  for (int round = 0; round < 2; ++round) {
    HANDOFF_ASSERT_OK_AND_ASSIGN(const auto person, snapshot_->ReadPerson(PersonId{7}));
    EXPECT_EQ(person->id(), 7u);
    HANDOFF_ASSERT_OK_AND_ASSIGN(const auto stay, snapshot_->ReadTransition("t1"));
    EXPECT_EQ(stay->id(), "t1");
    HANDOFF_ASSERT_OK_AND_ASSIGN(const auto referral, snapshot_->ReadReferral("r1"));
    EXPECT_EQ(referral->id(), "r1");
    HANDOFF_ASSERT_OK_AND_ASSIGN(const auto message, snapshot_->ReadMessage(MessageId("m1")));
    EXPECT_EQ(message->id(), "m1");
    EXPECT_EQ(Passed(), 3u);
  }
}

TEST_F(CachedSnapshotTest, StaysAsItWas) {
  Batch batch;
  batch.resources.push_back(Resource("a", 2));
  HANDOFF_ASSERT_OK(store_->CommitAndWait(std::move(batch)));
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto read, snapshot_->Read({"Goal", "a"}));
  EXPECT_EQ(read->version(), 1u);
}

}  // namespace
}  // namespace handoff::store
