#include "tests/contract/store_contract.h"

#include "gateway/store/memory/memory_store.h"
#include "tests/support/status_matchers.h"

namespace handoff::store::testing {
namespace {

using ::handoff::testing::IsOk;
using ::handoff::testing::StatusIs;

TEST_P(StoreContract, ReadsWhatWasCommitted) {
  Batch batch;
  v1::StoredResource resource;
  resource.mutable_name()->set_type("Goal");
  resource.mutable_name()->set_id("g1");
  resource.mutable_name()->set_version(1);
  resource.set_person_id(7);
  batch.resources.push_back(resource);
  HANDOFF_ASSERT_OK(store_->CommitAndWait(std::move(batch)));
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto read, store_->GetSnapshot()->Read({"Goal", "g1"}));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->person_id(), 7u);
}

INSTANTIATE_TEST_SUITE_P(Memory,
                         StoreContract,
                         ::testing::Values(Backend{"memory", false, [](const auto&, auto options) {
                                                     return OpenMemoryStore(options);
                                                   }}));

}  // namespace
}  // namespace handoff::store::testing
