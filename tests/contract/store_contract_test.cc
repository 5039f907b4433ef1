// Commits, snapshots, conflicts, versions, and what else is not deliveries or queries.
#include "tests/contract/store_contract.h"

#include <atomic>
#include <thread>

#include "absl/synchronization/notification.h"
#include <gmock/gmock.h>

#include "gateway/store/memory/memory_store.h"
#include "gateway/store/rocksdb/rocks_store.h"

namespace handoff::store::testing {

std::vector<Backend> Backends() {
  return {{"memory", false, [](const auto&, auto options) { return OpenMemoryStore(options); }},
          {"rocksdb", true, OpenRocksStore}};
}

namespace {

using ::handoff::testing::IsOk;
using ::handoff::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

INSTANTIATE_TEST_SUITE_P(Backends,
                         StoreContract,
                         ::testing::ValuesIn(Backends()),
                         [](const auto& backend) { return backend.param.name; });

std::vector<std::uint64_t> Versions(const std::vector<SharedResource>& resources) {
  std::vector<std::uint64_t> versions;
  for (const auto& resource : resources) versions.push_back(resource->version());
  return versions;
}

// The committer, busy with a callback until Release(): what is committed meanwhile forms one group.
class HeldCommitter {
 public:
  explicit HeldCommitter(Store& store) {
    store.Commit(Batch(), [this](const auto&) {
      entered_.Notify();
      leave_.WaitForNotification();
      left_.Notify();
    });
    entered_.WaitForNotification();
  }
  ~HeldCommitter() {
    Release();
    left_.WaitForNotification();
  }

  void Release() {
    if (!leave_.HasBeenNotified()) leave_.Notify();
  }

 private:
  absl::Notification entered_;
  absl::Notification leave_;
  absl::Notification left_;
};

TEST_P(StoreContract, ReadsEverythingThatACommitWrote) {
  Batch batch;
  batch.message.emplace().set_id("m1");
  batch.message->set_source("mrmc");
  batch.resources.push_back(MakeResource("Goal", "g1", 1, 7));
  batch.links.push_back({{LinkKind::kIdentifierToPerson, "urn:mrn|42"}, "7"});
  batch.persons.emplace_back().set_id(7);
  batch.transitions.emplace_back().set_id("t1");
  batch.referrals.emplace_back().set_id("r1");
  batch.visible.push_back({PartyKey("mrmc"), PersonId{7}});
  batch.ledger.push_back(MakeEntry("m1", "received"));
  HANDOFF_ASSERT_OK(store_->CommitAndWait(std::move(batch)));

  const auto snapshot = store_->GetSnapshot();
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto message, snapshot->ReadMessage(MessageId("m1")));
  ASSERT_NE(message, nullptr);
  EXPECT_EQ(message->source(), "mrmc");
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto goal, snapshot->Read({"Goal", "g1"}));
  ASSERT_NE(goal, nullptr);
  EXPECT_EQ(goal->resource(), "content of version 1");
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto link,
                               snapshot->Lookup(LinkKind::kIdentifierToPerson, "urn:mrn|42"));
  EXPECT_EQ(link, "7");
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto person, snapshot->ReadPerson(PersonId{7}));
  EXPECT_NE(person, nullptr);
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto transition, snapshot->ReadTransition("t1"));
  EXPECT_NE(transition, nullptr);
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto referral, snapshot->ReadReferral("r1"));
  EXPECT_NE(referral, nullptr);
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto ledger, snapshot->Ledger(MessageId("m1")));
  ASSERT_EQ(ledger.size(), 1u);
  EXPECT_EQ(ledger[0].text(), "received");
}

TEST_P(StoreContract, AnswersNothingForWhatIsNotThere) {
  const auto snapshot = store_->GetSnapshot();
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto resource, snapshot->Read({"Goal", "g1"}));
  EXPECT_EQ(resource, nullptr);
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto version, snapshot->ReadVersion({"Goal", "g1"}, 1));
  EXPECT_EQ(version, nullptr);
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto link, snapshot->Lookup(LinkKind::kSenderMessage, "a|b"));
  EXPECT_FALSE(link.has_value());
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto message, snapshot->ReadMessage(MessageId("m")));
  EXPECT_EQ(message, nullptr);
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto original, snapshot->ReadOriginal(MessageId("m")));
  EXPECT_EQ(original, std::nullopt);
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto ledger, snapshot->Ledger(MessageId("m")));
  EXPECT_THAT(ledger, IsEmpty());
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto delivery, store_->ReadDelivery("d"));
  EXPECT_FALSE(delivery.has_value());
}

TEST_P(StoreContract, KeepsLinksOfEachKindApart) {
  Batch batch;
  batch.links.push_back({{LinkKind::kResourceToReferral, "Task/1"}, "r1"});
  batch.links.push_back({{LinkKind::kResourceToTransition, "Task/1"}, "t1"});
  HANDOFF_ASSERT_OK(store_->CommitAndWait(std::move(batch)));
  const auto snapshot = store_->GetSnapshot();
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto referral,
                               snapshot->Lookup(LinkKind::kResourceToReferral, "Task/1"));
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto transition,
                               snapshot->Lookup(LinkKind::kResourceToTransition, "Task/1"));
  EXPECT_EQ(referral, "r1");
  EXPECT_EQ(transition, "t1");
}

TEST_P(StoreContract, NumbersCommitsUpwards) {
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto first, Commit({MakeResource("Goal", "a", 1, 1)}));
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto second, Commit({MakeResource("Goal", "b", 1, 1)}));
  EXPECT_GT(first.sequence, 0u);
  EXPECT_GT(second.sequence, first.sequence);
}

TEST_P(StoreContract, SnapshotDoesNotSeeLaterCommits) {
  HANDOFF_ASSERT_OK(Commit({MakeResource("Goal", "g", 1, 1)}));
  const auto before = store_->GetSnapshot();
  HANDOFF_ASSERT_OK(Commit({MakeResource("Goal", "g", 2, 1), MakeResource("Goal", "h", 1, 1)}));
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto read,
                               before->ReadMany({{"Goal", "g"}, {"Goal", "h"}, {"Goal", "g"}}));
  ASSERT_EQ(read.size(), 3u);
  EXPECT_EQ(read[0]->version(), 1u);
  EXPECT_EQ(read[1], nullptr);
  EXPECT_EQ(read[2]->version(), 1u);
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto page,
                               before->Find({.type = "Goal", .persons = {PersonId{1}}}));
  EXPECT_EQ(page.items.size(), 1u);
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto history, before->History({"Goal", "g"}, 0, 10));
  EXPECT_THAT(Versions(history), ElementsAre(1));
}

TEST_P(StoreContract, RefusesAPlanWhoseReadsChanged) {
  HANDOFF_ASSERT_OK(Commit({MakeResource("Goal", "g", 1, 1)}));
  const auto plan = store_->GetSnapshot();
  HANDOFF_ASSERT_OK(plan->Read({"Goal", "g"}));
  HANDOFF_ASSERT_OK(Commit({MakeResource("Goal", "g", 2, 1)}));

  EXPECT_THAT(Commit({MakeResource("Goal", "g", 2, 1), MakeResource("Goal", "new", 1, 1)}, plan),
              StatusIs(absl::StatusCode::kAborted, ""));
  const auto after = store_->GetSnapshot();
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto unwritten, after->Read({"Goal", "new"}));
  EXPECT_EQ(unwritten, nullptr);
  EXPECT_EQ(store_->GetStatistics().conflicts, 1u);
}

TEST_P(StoreContract, RefusesAPlanThatRestsOnAbsence) {
  const auto read_absent = [&](Snapshot& plan) {
    HANDOFF_ASSERT_OK(plan.Read({"Goal", "g"}));
    HANDOFF_ASSERT_OK(plan.Lookup(LinkKind::kConditionalKey, "mrmc|Goal?x"));
    HANDOFF_ASSERT_OK(plan.ReadPerson(PersonId{1}));
    HANDOFF_ASSERT_OK(plan.ReadTransition("t"));
    HANDOFF_ASSERT_OK(plan.ReadReferral("r"));
  };
  std::vector<Batch> appear(5);
  appear[0].resources.push_back(MakeResource("Goal", "g", 1, 1));
  appear[1].links.push_back({{LinkKind::kConditionalKey, "mrmc|Goal?x"}, "Goal/g"});
  appear[2].persons.emplace_back().set_id(1);
  appear[3].transitions.emplace_back().set_id("t");
  appear[4].referrals.emplace_back().set_id("r");
  for (Batch& batch : appear) {
    const auto plan = store_->GetSnapshot();
    read_absent(*plan);
    HANDOFF_ASSERT_OK(store_->CommitAndWait(std::move(batch)));
    EXPECT_THAT(Commit({MakeResource("Task", "t", 1, 1)}, plan),
                StatusIs(absl::StatusCode::kAborted, ""));
  }
}

TEST_P(StoreContract, AcceptsAPlanWhoseReadsStand) {
  HANDOFF_ASSERT_OK(Commit({MakeResource("Goal", "g", 1, 1)}));
  const auto plan = store_->GetSnapshot();
  HANDOFF_ASSERT_OK(plan->Read({"Goal", "g"}));
  HANDOFF_ASSERT_OK(Commit({MakeResource("Goal", "other", 1, 1)}));
  HANDOFF_EXPECT_OK(Commit({MakeResource("Goal", "g", 2, 1)}, plan));
}

// Many plans on one counter, in flight together: each commit adds one, so none may be lost.
TEST_P(StoreContract, LosesNoUpdateUnderContention) {
  constexpr int kThreads = 4;
  constexpr int kUpdates = 25;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([this] {
      for (int done = 0; done < kUpdates;) {
        const auto plan = store_->GetSnapshot();
        const auto read = plan->Read({"Goal", "counter"});
        ASSERT_THAT(read, IsOk());
        const std::uint64_t version = *read ? (*read)->version() : 0;
        const auto outcome = Commit({MakeResource("Goal", "counter", version + 1, 1)}, plan);
        if (outcome.ok())
          ++done;
        else
          ASSERT_THAT(outcome, StatusIs(absl::StatusCode::kAborted, ""));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto snapshot = store_->GetSnapshot();
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto counter, snapshot->Read({"Goal", "counter"}));
  EXPECT_EQ(counter->version(), kThreads * kUpdates);
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto history, snapshot->History({"Goal", "counter"}, 0, 1000));
  ASSERT_EQ(history.size(), kThreads * kUpdates);
  for (std::size_t i = 0; i < history.size(); ++i) {
    EXPECT_EQ(history[i]->version(), history.size() - i);
  }
}

// Two resources and a person are written together again and again: no snapshot shows one without
// the others, however it asks, or anything older than a snapshot before it did.
TEST_P(StoreContract, ShowsWholeCommitsWhileMoreAreMade) {
  constexpr std::uint64_t kCommits = 300;
  std::atomic<bool> done = false;
  const auto watch = [&] {
    for (std::uint64_t seen = 0; !done.load();) {
      const auto snapshot = store_->GetSnapshot();
      const auto a = snapshot->Read({"Goal", "a"});
      const auto person = snapshot->ReadPerson(PersonId{1});
      const auto both = snapshot->ReadMany({{"Goal", "b"}, {"Goal", "a"}});
      ASSERT_TRUE(a.ok() && person.ok() && both.ok());
      ASSERT_EQ(*a == nullptr, *person == nullptr);
      if (*a == nullptr) continue;
      const std::uint64_t version = (*a)->version();
      EXPECT_GE(version, seen);
      EXPECT_EQ((*both)[0]->version(), version);
      EXPECT_EQ((*both)[1]->version(), version);
      EXPECT_EQ((*person)->referrals_size(), static_cast<int>(version));
      seen = version;
    }
  };
  std::vector<std::thread> watchers;
  for (int i = 0; i < 3; ++i) watchers.emplace_back(watch);
  v1::Person person;
  person.set_id(1);
  for (std::uint64_t version = 1; version <= kCommits; ++version) {
    person.add_referrals("r");
    Batch batch;
    batch.resources.push_back(MakeResource("Goal", "a", version, 1));
    batch.resources.push_back(MakeResource("Goal", "b", version, 1));
    batch.persons.push_back(person);
    batch.durability = version % 2 == 0 ? Durability::kOnDisk : Durability::kWritten;
    EXPECT_THAT(store_->CommitAndWait(std::move(batch)), IsOk());
  }
  done = true;
  for (std::thread& watcher : watchers) watcher.join();
}

TEST_P(StoreContract, DetectsAConflictWithinOneGroup) {
  HeldCommitter committer(*store_);
  std::vector<absl::Status> outcomes;
  for (int i = 0; i < 2; ++i) {
    Batch batch;
    batch.planned_on = store_->GetSnapshot();
    HANDOFF_ASSERT_OK(batch.planned_on->Read({"Goal", "g"}));
    batch.resources.push_back(MakeResource("Goal", "g", 1, 1));
    store_->Commit(std::move(batch),
                   [&](const auto& result) { outcomes.push_back(result.status()); });
  }
  committer.Release();
  HANDOFF_ASSERT_OK(store_->CommitAndWait(Batch()));
  ASSERT_EQ(outcomes.size(), 2u);
  EXPECT_THAT(outcomes[0], IsOk());
  EXPECT_THAT(outcomes[1], StatusIs(absl::StatusCode::kAborted, ""));
}

TEST_P(StoreContract, CallsBackInTheOrderOfCommits) {
  std::vector<std::uint64_t> order;
  for (int i = 0; i < 200; ++i) {
    Batch batch;
    batch.resources.push_back(MakeResource("Goal", std::to_string(i), 1, 1));
    store_->Commit(std::move(batch), [&](const auto& result) {
      ASSERT_THAT(result, IsOk());
      order.push_back(result->sequence);
    });
  }
  HANDOFF_ASSERT_OK(store_->CommitAndWait(Batch()));
  EXPECT_EQ(order.size(), 200u);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST_P(StoreContract, CommitsWhatIsQueuedBeforeItCloses) {
  int done = 0;
  for (int i = 0; i < 50; ++i) {
    Batch batch;
    batch.resources.push_back(MakeResource("Goal", std::to_string(i), 1, 1));
    store_->Commit(std::move(batch), [&](const auto& result) { done += result.ok() ? 1 : 0; });
  }
  store_.reset();
  EXPECT_EQ(done, 50);
}

TEST_P(StoreContract, RefusesACommitThatFindsTheQueueFull) {
  Open({.max_queued_commits = 2});
  HeldCommitter committer(*store_);
  int accepted = 0;
  for (int i = 0; i < 2; ++i) {
    store_->Commit(Batch(), [&](const auto& result) { accepted += result.ok() ? 1 : 0; });
  }
  EXPECT_THAT(store_->CommitAndWait(Batch()), StatusIs(absl::StatusCode::kResourceExhausted, ""));
  committer.Release();
  store_.reset();
  EXPECT_EQ(accepted, 2);
}

TEST_P(StoreContract, KeepsEveryVersionReadable) {
  for (std::uint64_t version = 1; version <= 4; ++version) {
    const auto plan = store_->GetSnapshot();
    HANDOFF_ASSERT_OK(plan->Read({"Goal", "g"}));
    auto resource = MakeResource("Goal", "g", version, 1);
    resource.set_deleted(version == 4);
    HANDOFF_ASSERT_OK(Commit({resource}, plan));
  }
  const auto snapshot = store_->GetSnapshot();
  for (std::uint64_t version = 1; version <= 4; ++version) {
    HANDOFF_ASSERT_OK_AND_ASSIGN(const auto read, snapshot->ReadVersion({"Goal", "g"}, version));
    ASSERT_NE(read, nullptr);
    EXPECT_EQ(read->resource(), "content of version " + std::to_string(version));
  }
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto fifth, snapshot->ReadVersion({"Goal", "g"}, 5));
  EXPECT_EQ(fifth, nullptr);
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto current, snapshot->Read({"Goal", "g"}));
  EXPECT_TRUE(current->deleted());
}

TEST_P(StoreContract, ListsHistoryNewestFirstInPages) {
  for (std::uint64_t version = 1; version <= 5; ++version) {
    HANDOFF_ASSERT_OK(Commit({MakeResource("Goal", "g", version, 1)}));
  }
  // An id that begins like the other's must not show up.
  HANDOFF_ASSERT_OK(Commit({MakeResource("Goal", "gg", 1, 1)}));
  HANDOFF_ASSERT_OK(Commit({MakeResource("Goal", "gg", 2, 1)}));
  const auto snapshot = store_->GetSnapshot();
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto first, snapshot->History({"Goal", "g"}, 0, 2));
  EXPECT_THAT(Versions(first), ElementsAre(5, 4));
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto second, snapshot->History({"Goal", "g"}, 4, 2));
  EXPECT_THAT(Versions(second), ElementsAre(3, 2));
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto third, snapshot->History({"Goal", "g"}, 2, 2));
  EXPECT_THAT(Versions(third), ElementsAre(1));
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto end, snapshot->History({"Goal", "g"}, 1, 2));
  EXPECT_THAT(end, IsEmpty());
}

TEST_P(StoreContract, KeepsTheVersionThatABatchOfTheSameGroupReplaces) {
  HeldCommitter committer(*store_);
  for (std::uint64_t version = 1; version <= 3; ++version) {
    Batch batch;
    batch.resources.push_back(MakeResource("Goal", "g", version, version));
    store_->Commit(std::move(batch), [](const auto& result) { EXPECT_THAT(result, IsOk()); });
  }
  committer.Release();
  HANDOFF_ASSERT_OK(store_->CommitAndWait(Batch()));
  const auto snapshot = store_->GetSnapshot();
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto history, snapshot->History({"Goal", "g"}, 0, 9));
  EXPECT_THAT(Versions(history), ElementsAre(3, 2, 1));
  HANDOFF_ASSERT_OK_AND_ASSIGN(
      const auto page,
      snapshot->Find({.type = "Goal", .persons = {PersonId{1}, PersonId{2}, PersonId{3}}}));
  ASSERT_EQ(page.items.size(), 1u);
  EXPECT_EQ(page.items[0]->person_id(), 3u);
}

TEST_P(StoreContract, TellsAPartyOfItsPersonsInPages) {
  Batch batch;
  for (const std::uint64_t person : {300u, 2u, 1u, 70000u}) {
    batch.visible.push_back({PartyKey("mrmc"), PersonId{person}});
  }
  batch.visible.push_back({PartyKey("mrm"), PersonId{5}});
  batch.visible.push_back({PartyKey("mrmc2"), PersonId{6}});
  HANDOFF_ASSERT_OK(store_->CommitAndWait(std::move(batch)));
  const auto snapshot = store_->GetSnapshot();
  const PartyKey party("mrmc");
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto first, snapshot->PersonsOf(party, PersonId::kNone, 3));
  EXPECT_THAT(first, ElementsAre(PersonId{1}, PersonId{2}, PersonId{300}));
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto rest, snapshot->PersonsOf(party, PersonId{300}, 3));
  EXPECT_THAT(rest, ElementsAre(PersonId{70000}));
}

TEST_P(StoreContract, KeepsTheLedgerInTheOrderOfCommits) {
  for (int i = 0; i < 3; ++i) {
    Batch batch;
    batch.ledger.push_back(MakeEntry("m1", "first of " + std::to_string(i)));
    batch.ledger.push_back(MakeEntry("m2", "other"));
    batch.ledger.push_back(MakeEntry("m1", "second of " + std::to_string(i)));
    HANDOFF_ASSERT_OK(store_->CommitAndWait(std::move(batch)));
  }
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto entries, store_->GetSnapshot()->Ledger(MessageId("m1")));
  std::vector<std::string> texts;
  for (const auto& entry : entries) texts.push_back(entry.text());
  EXPECT_THAT(
      texts,
      ElementsAre(
          "first of 0", "second of 0", "first of 1", "second of 1", "first of 2", "second of 2"));
  HANDOFF_EXPECT_OK(store_->VerifyLedger());
}

TEST_P(StoreContract, RefusesAPlanMadeOnSomethingElse) {
  class OtherSnapshot : public Snapshot {
   public:
    absl::StatusOr<SharedResource> Read(const ResourceKey&) override { return nullptr; }
    absl::StatusOr<std::vector<SharedResource>> ReadMany(const std::vector<ResourceKey>&) override {
      return std::vector<SharedResource>();
    }
    absl::StatusOr<SharedResource> ReadVersion(const ResourceKey&, std::uint64_t) override {
      return nullptr;
    }
    absl::StatusOr<std::vector<SharedResource>> History(const ResourceKey&,
                                                        std::uint64_t,
                                                        std::size_t) override {
      return std::vector<SharedResource>();
    }
    absl::StatusOr<Page> Find(const Query&) override { return Page(); }
    absl::StatusOr<std::vector<ResourceKey>> ResourcesOf(PersonId) override {
      return std::vector<ResourceKey>();
    }
    absl::StatusOr<std::optional<std::string>> Lookup(LinkKind, std::string_view) override {
      return std::nullopt;
    }
    absl::StatusOr<SharedPerson> ReadPerson(PersonId) override { return nullptr; }
    absl::StatusOr<SharedTransition> ReadTransition(std::string_view) override { return nullptr; }
    absl::StatusOr<SharedReferral> ReadReferral(std::string_view) override { return nullptr; }
    absl::StatusOr<std::vector<PersonId>> PersonsOf(const PartyKey&,
                                                    PersonId,
                                                    std::size_t) override {
      return std::vector<PersonId>();
    }
    absl::StatusOr<SharedMessage> ReadMessage(const MessageId&) override { return nullptr; }
    absl::StatusOr<std::optional<std::string>> ReadOriginal(const MessageId&) override {
      return std::nullopt;
    }
    absl::StatusOr<std::vector<v1::LedgerEntry>> Ledger(const MessageId&) override {
      return std::vector<v1::LedgerEntry>();
    }
  };
  EXPECT_THAT(Commit({MakeResource("Goal", "g", 1, 1)}, std::make_shared<OtherSnapshot>()),
              StatusIs(absl::StatusCode::kInvalidArgument, ""));
}

TEST_P(StoreContract, CountsCommitsAndDiskSyncs) {
  HANDOFF_ASSERT_OK(Commit({MakeResource("Goal", "a", 1, 1)}));
  HANDOFF_ASSERT_OK(Commit({MakeResource("Goal", "b", 1, 1)}));
  const Statistics statistics = store_->GetStatistics();
  EXPECT_EQ(statistics.commits, 2u);
  EXPECT_EQ(statistics.disk_syncs, 2u);
  HANDOFF_EXPECT_OK(store_->Health());
}

// What happens again without harm takes no disk sync of its own.
TEST_P(StoreContract, SyncsNoDiskForWhatNeedNotBeOnDisk) {
  Batch batch;
  batch.durability = Durability::kWritten;
  batch.resources = {MakeResource("Goal", "a", 1, 1)};
  HANDOFF_ASSERT_OK(store_->CommitAndWait(std::move(batch)));
  EXPECT_EQ(store_->GetStatistics().disk_syncs, 0u);
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto written, store_->GetSnapshot()->Read({"Goal", "a"}));
  EXPECT_NE(written, nullptr);
  HANDOFF_ASSERT_OK(Commit({MakeResource("Goal", "b", 1, 1)}));
  const Statistics statistics = store_->GetStatistics();
  EXPECT_EQ(statistics.commits, 2u);
  EXPECT_EQ(statistics.disk_syncs, 1u);
}

v1::StoredResource Large(int number, std::uint64_t version) {
  auto resource = MakeResource("Goal", std::to_string(number), version, 1);
  resource.set_resource(std::string(40'000, static_cast<char>('a' + number)) +
                        std::to_string(version));
  return resource;
}

// However many and however large, and whether or not a plan has read what it replaces.
TEST_P(StoreContract, LargeResourcesAndTheirVersionsComeBackWhole) {
  constexpr int kResources = 12;
  const std::string text(300'000, 'o');
  Batch batch;
  batch.message.emplace().set_id("m1");
  batch.original = text;
  for (int i = 0; i < kResources; ++i) batch.resources.push_back(Large(i, 1));
  HANDOFF_ASSERT_OK(store_->CommitAndWait(std::move(batch)));
  HANDOFF_ASSERT_OK(Commit({Large(0, 2)}));
  Batch planned;
  planned.planned_on = store_->GetSnapshot();
  HANDOFF_ASSERT_OK(planned.planned_on->Read({"Goal", "1"}));
  planned.resources = {Large(1, 2)};
  HANDOFF_ASSERT_OK(store_->CommitAndWait(std::move(planned)));

  const auto snapshot = store_->GetSnapshot();
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto message, snapshot->ReadMessage(MessageId("m1")));
  EXPECT_EQ(message->original(), "");
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto original, snapshot->ReadOriginal(MessageId("m1")));
  EXPECT_EQ(original, text);
  for (int i = 0; i < kResources; ++i) {
    const ResourceKey key{"Goal", std::to_string(i)};
    HANDOFF_ASSERT_OK_AND_ASSIGN(const auto now, snapshot->Read(key));
    EXPECT_EQ(now->resource(), Large(i, i < 2 ? 2 : 1).resource());
    HANDOFF_ASSERT_OK_AND_ASSIGN(const auto first, snapshot->ReadVersion(key, 1));
    EXPECT_EQ(first->resource(), Large(i, 1).resource());
    HANDOFF_ASSERT_OK_AND_ASSIGN(const auto history, snapshot->History(key, 0, 10));
    EXPECT_EQ(history.size(), i < 2 ? 2u : 1u);
  }
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto page,
                               snapshot->Find({.type = "Goal", .persons = {PersonId{1}}}));
  EXPECT_EQ(page.items.size(), static_cast<std::size_t>(kResources));
}

}  // namespace
}  // namespace handoff::store::testing
