// Queries: filters, order, pages.
#include <map>

#include <gmock/gmock.h>

#include "tests/contract/store_contract.h"

namespace handoff::store::testing {
namespace {

using ::handoff::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> Ids(const Page& page) {
  std::vector<std::string> ids;
  for (const auto& item : page.items) ids.emplace_back(item->id());
  return ids;
}

class StoreFind : public StoreContract {
 protected:
  std::vector<std::string> FindIds(const Query& query) {
    const auto page = store_->GetSnapshot()->Find(query);
    EXPECT_THAT(page, handoff::testing::IsOk());
    return page.ok() ? Ids(*page) : std::vector<std::string>();
  }
};

INSTANTIATE_TEST_SUITE_P(Backends,
                         StoreFind,
                         ::testing::ValuesIn(Backends()),
                         [](const auto& backend) { return backend.param.name; });

TEST_P(StoreFind, FindsByPersonAndTypeInOrder) {
  HANDOFF_ASSERT_OK(Commit({MakeResource("Goal", "z", 1, 2),
                            MakeResource("Goal", "b", 1, 1),
                            MakeResource("Task", "a", 1, 1)}));
  HANDOFF_ASSERT_OK(Commit({MakeResource("Goal", "a", 1, 1), MakeResource("Goal", "y", 1, 3)}));
  EXPECT_THAT(FindIds({.type = "Goal", .persons = {PersonId{1}, PersonId{2}}}),
              ElementsAre("a", "b", "z"));
  EXPECT_THAT(FindIds({.type = "Goal", .persons = {PersonId{4}}}), IsEmpty());
  EXPECT_THAT(FindIds({.type = "Goal", .persons = {}}), IsEmpty());
}

TEST_P(StoreFind, FindsWhatIsAboutNoOne) {
  HANDOFF_ASSERT_OK(Commit({MakeResource("Organization", "o", 1, 0)}));
  EXPECT_THAT(FindIds({.type = "Organization", .persons = {PersonId::kNone}}), ElementsAre("o"));
}

TEST_P(StoreFind, FiltersByTokensIdAndTime) {
  HANDOFF_ASSERT_OK(Commit({MakeResource("Goal", "a", 1, 1, {"status=|active", "kind=|x"}),
                            MakeResource("Goal", "b", 2, 1, {"status=|active", "kind=|y"}),
                            MakeResource("Goal", "c", 3, 1, {"status=|done", "kind=|x"})}));
  const std::vector<PersonId> persons = {PersonId{1}};
  EXPECT_THAT(FindIds({.type = "Goal", .persons = persons, .tokens = {{"status=|active"}}}),
              ElementsAre("a", "b"));
  EXPECT_THAT(FindIds({.type = "Goal",
                       .persons = persons,
                       .tokens = {{"status=|active", "status=|done"}, {"kind=|x"}}}),
              ElementsAre("a", "c"));
  EXPECT_THAT(FindIds({.type = "Goal", .persons = persons, .tokens = {{}}}), IsEmpty());
  EXPECT_THAT(FindIds({.type = "Goal", .persons = persons, .id = "b"}), ElementsAre("b"));
  EXPECT_THAT(FindIds({.type = "Goal", .persons = persons, .updated_from = FromMicros(2000)}),
              ElementsAre("b", "c"));
  EXPECT_THAT(FindIds({.type = "Goal", .persons = persons, .updated_until = FromMicros(2000)}),
              ElementsAre("a"));
}

TEST_P(StoreFind, LeavesOutDeletedAndOldVersions) {
  HANDOFF_ASSERT_OK(
      Commit({MakeResource("Goal", "a", 1, 1, {"old"}), MakeResource("Goal", "b", 1, 1)}));
  auto deleted = MakeResource("Goal", "b", 2, 1);
  deleted.set_deleted(true);
  HANDOFF_ASSERT_OK(Commit({MakeResource("Goal", "a", 2, 1, {"new"}), deleted}));
  EXPECT_THAT(FindIds({.type = "Goal", .persons = {PersonId{1}}}), ElementsAre("a"));
  EXPECT_THAT(FindIds({.type = "Goal", .persons = {PersonId{1}}, .tokens = {{"old"}}}), IsEmpty());
  HANDOFF_ASSERT_OK(Commit({MakeResource("Goal", "b", 3, 1)}));
  EXPECT_THAT(FindIds({.type = "Goal", .persons = {PersonId{1}}}), ElementsAre("a", "b"));
}

TEST_P(StoreFind, FollowsAResourceToAnotherPersonAndBack) {
  std::uint64_t version = 0;
  for (const std::uint64_t person : {1u, 2u, 1u}) {
    const auto plan = store_->GetSnapshot();
    HANDOFF_ASSERT_OK(plan->Read({"Goal", "g"}));
    HANDOFF_ASSERT_OK(Commit({MakeResource("Goal", "g", ++version, person)}, plan));
    for (const std::uint64_t other : {1u, 2u}) {
      EXPECT_EQ(FindIds({.type = "Goal", .persons = {PersonId{other}}}).size(),
                other == person ? 1u : 0u);
    }
  }
  EXPECT_THAT(FindIds({.type = "Goal", .persons = {PersonId{1}, PersonId{2}}}), ElementsAre("g"));
}

TEST_P(StoreFind, PagesOverPersonsWithoutGapOrRepeat) {
  Batch batch;
  std::vector<std::string> expected;
  for (std::uint64_t person = 1; person <= 5; ++person) {
    for (int i = 0; i < 7; ++i) {
      expected.push_back("p" + std::to_string(person) + "-" + std::to_string(i));
      batch.resources.push_back(MakeResource("Goal", expected.back(), 1, person));
    }
  }
  HANDOFF_ASSERT_OK(store_->CommitAndWait(std::move(batch)));
  for (const std::size_t limit : {1u, 3u, 7u, 34u, 35u, 36u}) {
    Query query{.type = "Goal", .limit = limit};
    for (std::uint64_t person = 1; person <= 5; ++person) query.persons.push_back(PersonId{person});
    std::vector<std::string> found;
    do {
      HANDOFF_ASSERT_OK_AND_ASSIGN(const Page page, store_->GetSnapshot()->Find(query));
      EXPECT_LE(page.items.size(), limit);
      for (std::string& id : Ids(page)) found.push_back(std::move(id));
      query.resume = page.resume;
    } while (!query.resume.empty());
    EXPECT_EQ(found, expected) << "limit " << limit;
  }
}

TEST_P(StoreFind, PagesStayStableWhileOthersWrite) {
  for (const char* id : {"b", "d", "f", "h"}) {
    HANDOFF_ASSERT_OK(Commit({MakeResource("Goal", id, 1, 1)}));
  }
  Query query{.type = "Goal", .persons = {PersonId{1}}, .limit = 2};
  HANDOFF_ASSERT_OK_AND_ASSIGN(const Page first, store_->GetSnapshot()->Find(query));
  EXPECT_THAT(Ids(first), ElementsAre("b", "d"));
  auto gone = MakeResource("Goal", "d", 2, 1);
  gone.set_deleted(true);
  HANDOFF_ASSERT_OK(
      Commit({MakeResource("Goal", "a", 1, 1), gone, MakeResource("Goal", "e", 1, 1)}));
  query.resume = first.resume;
  HANDOFF_ASSERT_OK_AND_ASSIGN(const Page second, store_->GetSnapshot()->Find(query));
  EXPECT_THAT(Ids(second), ElementsAre("e", "f"));
}

TEST_P(StoreFind, LooksAtABoundedNumberPerCallAndStillFindsAll) {
  Batch batch;
  for (int i = 0; i < 12'000; ++i) {
    const bool wanted = i % 4000 == 3999;
    batch.resources.push_back(MakeResource(
        "Goal", std::to_string(100'000 + i), 1, 1, {wanted ? "status=|rare" : "status=|common"}));
  }
  HANDOFF_ASSERT_OK(store_->CommitAndWait(std::move(batch)));
  Query query{.type = "Goal", .persons = {PersonId{1}}, .tokens = {{"status=|rare"}}};
  std::vector<std::string> found;
  int calls = 0;
  do {
    HANDOFF_ASSERT_OK_AND_ASSIGN(const Page page, store_->GetSnapshot()->Find(query));
    for (std::string& id : Ids(page)) found.push_back(std::move(id));
    query.resume = page.resume;
    ASSERT_LT(++calls, 100);
  } while (!query.resume.empty());
  EXPECT_THAT(found, ElementsAre("103999", "107999", "111999"));
}

TEST_P(StoreFind, RefusesATokenThatIsNotOurs) {
  for (const char* resume : {"!", "AAAA", "not base64 at all"}) {
    EXPECT_THAT(
        store_->GetSnapshot()->Find({.type = "Goal", .persons = {PersonId{1}}, .resume = resume}),
        StatusIs(absl::StatusCode::kInvalidArgument, ""))
        << resume;
  }
}

}  // namespace
}  // namespace handoff::store::testing
