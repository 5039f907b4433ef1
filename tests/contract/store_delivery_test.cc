// Lanes, leases, dead letters and streams.
#include <map>
#include <set>

#include <gmock/gmock.h>

#include "tests/contract/store_contract.h"

namespace handoff::store::testing {
namespace {

using ::handoff::testing::StatusIs;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class StoreDelivery : public StoreContract {
 protected:
  Timestamp now() const { return clock_.Now(); }

  v1::Delivery Read(const std::string& id) {
    const auto delivery = store_->ReadDelivery(id);
    EXPECT_THAT(delivery, handoff::testing::IsOk());
    EXPECT_TRUE(delivery.ok() && delivery->has_value()) << id;
    return delivery.ok() ? delivery->value_or(v1::Delivery()) : v1::Delivery();
  }
  void Append(const std::string& stream, const std::string& id) {
    Batch batch;
    batch.append.push_back({stream, MakeDelivery(id, "nha", 1)});
    HANDOFF_ASSERT_OK(store_->CommitAndWait(std::move(batch)));
  }
  void Acknowledge(const std::string& stream, std::uint64_t sequence) {
    Batch batch;
    batch.acknowledge.push_back({stream, sequence});
    HANDOFF_ASSERT_OK(store_->CommitAndWait(std::move(batch)));
  }
  std::vector<std::string> ReadStream(const std::string& stream,
                                      std::uint64_t after,
                                      std::size_t limit = 100) {
    std::vector<std::string> items;
    const auto read = store_->ReadStream(stream, after, limit);
    EXPECT_THAT(read, handoff::testing::IsOk());
    if (!read.ok()) return items;
    for (const auto& item : *read)
      items.push_back(item.id() + "@" + std::to_string(item.sequence()));
    return items;
  }
};

INSTANTIATE_TEST_SUITE_P(Backends,
                         StoreDelivery,
                         ::testing::ValuesIn(Backends()),
                         [](const auto& backend) { return backend.param.name; });

TEST_P(StoreDelivery, ClaimsOneHeadOfEachLaneInOrder) {
  Enqueue({MakeDelivery("d1", "a", 1), MakeDelivery("d2", "a", 1), MakeDelivery("d3", "a", 2)});
  Enqueue({MakeDelivery("d0", "b", 1)});
  EXPECT_THAT(Claim(now()), ElementsAre("d1", "d3", "d0"));
  EXPECT_THAT(Claim(now()), IsEmpty());
  Settle(Read("d1"), v1::DELIVERY_STATE_DELIVERED);
  EXPECT_THAT(Claim(now()), ElementsAre("d2"));
}

TEST_P(StoreDelivery, ClaimsWhatIsDueLongestFirst) {
  Enqueue({MakeDelivery("later", "a", 1, now() - seconds(1)),
           MakeDelivery("future", "a", 2, now() + seconds(1)),
           MakeDelivery("first", "b", 3, now() - minutes(1))});
  EXPECT_THAT(Claim(now(), 1), ElementsAre("first"));
  EXPECT_THAT(Claim(now()), ElementsAre("later"));
  EXPECT_THAT(Claim(now()), IsEmpty());
  EXPECT_THAT(Claim(now() + seconds(1)), ElementsAre("future"));
}

TEST_P(StoreDelivery, HeadThatIsNotDueHoldsItsLane) {
  Enqueue({MakeDelivery("head", "a", 1, now() + minutes(5)), MakeDelivery("next", "a", 1, now())});
  EXPECT_THAT(Claim(now()), IsEmpty());
  EXPECT_EQ(store_->NextDue(AnyRecipient), now() + minutes(5));
}

TEST_P(StoreDelivery, ClaimCarriesTheDelivery) {
  auto delivery = MakeDelivery("d", "a", 9);
  delivery.set_view("payer-status");
  Enqueue({delivery});
  const auto claims = store_->ClaimDue(now(), kLease, 10, AnyRecipient);
  ASSERT_EQ(claims.size(), 1u);
  EXPECT_EQ(claims[0].delivery.view(), "payer-status");
  EXPECT_EQ(claims[0].delivery.person_id(), 9u);
  EXPECT_GT(claims[0].delivery.sequence(), 0u);
}

TEST_P(StoreDelivery, LeaseEndsByTimeReleaseOrReschedule) {
  Enqueue({MakeDelivery("d", "a", 1)});
  EXPECT_THAT(Claim(now()), ElementsAre("d"));
  EXPECT_EQ(store_->NextDue(AnyRecipient), now() + kLease);
  EXPECT_THAT(Claim(now() + kLease - seconds(1)), IsEmpty());
  EXPECT_THAT(Claim(now() + kLease), ElementsAre("d"));

  store_->Release("d");
  store_->Release("unknown");
  EXPECT_THAT(Claim(now()), ElementsAre("d"));

  auto delivery = Read("d");
  delivery.set_attempts(1);
  delivery.set_due_us(ToMicros(now() + seconds(10)));
  Batch batch;
  batch.reschedule.push_back(delivery);
  HANDOFF_ASSERT_OK(store_->CommitAndWait(std::move(batch)));
  EXPECT_THAT(Claim(now()), IsEmpty());
  EXPECT_EQ(store_->NextDue(AnyRecipient), now() + seconds(10));
  EXPECT_THAT(Claim(now() + seconds(10)), ElementsAre("d"));
  EXPECT_EQ(Read("d").attempts(), 1u);
}

TEST_P(StoreDelivery, ReleaseOfAnotherThanTheHeadKeepsTheLease) {
  Enqueue({MakeDelivery("d1", "a", 1), MakeDelivery("d2", "a", 1)});
  EXPECT_THAT(Claim(now()), ElementsAre("d1"));
  store_->Release("d2");
  Settle(Read("d2"), v1::DELIVERY_STATE_DELIVERED);
  EXPECT_THAT(Claim(now()), IsEmpty());
}

TEST_P(StoreDelivery, PassesOverRecipientsThatAreNotWanted) {
  for (std::uint64_t person = 1; person <= 50; ++person) {
    Enqueue({MakeDelivery("p" + std::to_string(person), "parked", person, now() - minutes(1))});
  }
  Enqueue({MakeDelivery("d", "wanted", 1, now())});
  int asked = 0;
  const auto not_parked = [&](const std::string& recipient) {
    ++asked;
    return recipient != "parked";
  };
  EXPECT_EQ(store_->NextDue(not_parked), now());
  asked = 0;
  EXPECT_THAT(Claim(now(), 10, not_parked), ElementsAre("d"));
  EXPECT_EQ(asked, 2);
  EXPECT_EQ(store_->NextDue([](const std::string&) { return false; }), std::nullopt);
}

TEST_P(StoreDelivery, AsksBeforeEachClaim) {
  for (std::uint64_t person = 1; person <= 5; ++person) {
    Enqueue({MakeDelivery("p" + std::to_string(person), "a", person, now())});
  }
  int room = 2;
  EXPECT_THAT(Claim(now(), 10, [&](const std::string&) { return room-- > 0; }),
              ElementsAre("p1", "p2"));
  EXPECT_THAT(Claim(now()), ElementsAre("p3", "p4", "p5"));
}

TEST_P(StoreDelivery, SettlesOnceHoweverOftenItIsSaid) {
  Enqueue({MakeDelivery("d1", "a", 1), MakeDelivery("d2", "a", 2)});
  const auto d1 = Read("d1");
  const auto d2 = Read("d2");
  for (int i = 0; i < 2; ++i) {
    Settle(d1, v1::DELIVERY_STATE_DELIVERED);
    Settle(d2, v1::DELIVERY_STATE_WITHHELD);
    Settle(d1, v1::DELIVERY_STATE_DEAD);
  }
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto gone, store_->ReadDelivery("d1"));
  EXPECT_FALSE(gone.has_value());
  const Statistics statistics = store_->GetStatistics();
  EXPECT_EQ(statistics.deliveries_pending, 0u);
  EXPECT_EQ(statistics.deliveries_dead, 0u);
  Batch batch;
  batch.reschedule.push_back(d1);
  batch.replay.push_back(d1);
  batch.discard.push_back("d1");
  HANDOFF_ASSERT_OK(store_->CommitAndWait(std::move(batch)));
  EXPECT_EQ(store_->NextDue(AnyRecipient), std::nullopt);
}

TEST_P(StoreDelivery, RefusesASettlementWithoutAnOutcome) {
  Enqueue({MakeDelivery("d", "a", 1)});
  Batch batch;
  batch.settle.push_back(Read("d"));
  batch.resources.push_back(MakeResource("Goal", "g", 1, 1));
  EXPECT_THAT(store_->CommitAndWait(std::move(batch)),
              StatusIs(absl::StatusCode::kInvalidArgument, ""));
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto unwritten, store_->GetSnapshot()->Read({"Goal", "g"}));
  EXPECT_EQ(unwritten, nullptr);
}

TEST_P(StoreDelivery, KeepsDeadLettersUntilReplayedOrDiscarded) {
  Enqueue({MakeDelivery("d1", "a", 1), MakeDelivery("d2", "a", 1), MakeDelivery("d3", "b", 1)});
  auto d1 = Read("d1");
  d1.set_attempts(4);
  d1.set_last_error("410");
  Settle(d1, v1::DELIVERY_STATE_DEAD);
  Settle(Read("d3"), v1::DELIVERY_STATE_DEAD);
  EXPECT_THAT(List(v1::DELIVERY_STATE_DEAD), ElementsAre("d1", "d3"));
  EXPECT_THAT(List(v1::DELIVERY_STATE_PENDING), ElementsAre("d2"));
  EXPECT_EQ(Read("d1").last_error(), "410");
  EXPECT_EQ(Read("d1").state(), v1::DELIVERY_STATE_DEAD);
  EXPECT_EQ(store_->GetStatistics().deliveries_dead, 2u);
  EXPECT_THAT(Claim(now()), ElementsAre("d2"));  // dead letters do not hold the lane

  Batch batch;
  batch.replay.push_back(Read("d1"));
  batch.discard.push_back("d3");
  HANDOFF_ASSERT_OK(store_->CommitAndWait(std::move(batch)));
  EXPECT_EQ(Read("d1").attempts(), 0u);
  EXPECT_EQ(Read("d1").state(), v1::DELIVERY_STATE_PENDING);
  EXPECT_GT(Read("d1").sequence(), Read("d2").sequence());
  EXPECT_THAT(Claim(now()), IsEmpty());
  Settle(Read("d2"), v1::DELIVERY_STATE_DELIVERED);
  EXPECT_THAT(Claim(now()), ElementsAre("d1"));
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto discarded, store_->ReadDelivery("d3"));
  EXPECT_FALSE(discarded.has_value());
}

TEST_P(StoreDelivery, KeepsWhatIsHeldAndItsPlaceInTheLane) {
  Enqueue({MakeDelivery("d1", "a", 1), MakeDelivery("d2", "a", 1)});
  Enqueue({WithState(MakeDelivery("h1", "", 1), v1::DELIVERY_STATE_HELD)});
  Settle(Read("d1"), v1::DELIVERY_STATE_HELD);
  EXPECT_THAT(List(v1::DELIVERY_STATE_HELD), ElementsAre("d1", "h1"));
  EXPECT_THAT(List(v1::DELIVERY_STATE_PENDING), ElementsAre("d2"));
  EXPECT_EQ(store_->GetStatistics().deliveries_held, 2u);
  EXPECT_EQ(store_->GetStatistics().deliveries_pending, 1u);
  std::vector<std::string> backlogs;
  for (const Backlog& one : store_->GetStatistics().backlogs) {
    backlogs.push_back(v1::DeliveryState_Name(one.state) + " " + one.recipient + " " +
                       std::to_string(one.count) + " " + one.oldest);
  }
  EXPECT_THAT(backlogs,
              ElementsAre("DELIVERY_STATE_PENDING a 1 d2",
                          "DELIVERY_STATE_HELD  1 h1",
                          "DELIVERY_STATE_HELD a 1 d1"));
  EXPECT_THAT(Claim(now()), ElementsAre("d2"));
  store_->Release("d2");

  Batch batch;
  batch.release.push_back(Read("d1"));
  batch.release.push_back(Read("d2"));  // not held: no effect
  batch.settle.push_back(WithState(Read("h1"), v1::DELIVERY_STATE_WITHHELD));
  HANDOFF_ASSERT_OK(store_->CommitAndWait(std::move(batch)));
  EXPECT_THAT(List(v1::DELIVERY_STATE_HELD), IsEmpty());
  EXPECT_THAT(Claim(now()), ElementsAre("d1"));  // before what it stood before
}

// The lease is of the one that is under way, not of what came back in front of it.
TEST_P(StoreDelivery, EndsALeaseThoughAnotherCameBackInFront) {
  Enqueue({MakeDelivery("d1", "a", 1), MakeDelivery("d2", "a", 1)});
  Settle(Read("d1"), v1::DELIVERY_STATE_HELD);
  EXPECT_THAT(Claim(now()), ElementsAre("d2"));
  Batch batch;
  batch.release.push_back(Read("d1"));
  HANDOFF_ASSERT_OK(store_->CommitAndWait(std::move(batch)));
  EXPECT_THAT(Claim(now()), IsEmpty());  // one at a time
  store_->Release("d2");
  EXPECT_THAT(Claim(now()), ElementsAre("d1"));
}

TEST_P(StoreDelivery, PassesOverAStreamItemThoughItIsFull) {
  Open({.max_pending_deliveries = 1});
  Enqueue({MakeDelivery("d1", "a", 1)});
  Enqueue({WithState(MakeDelivery("of-a-stream", "a", 2), v1::DELIVERY_STATE_HELD)});
  EXPECT_THAT(List(v1::DELIVERY_STATE_HELD), ElementsAre("of-a-stream"));
}

TEST_P(StoreDelivery, CountsWhatIsHeldAgainstTheBoundOfPendingDeliveries) {
  Open({.max_pending_deliveries = 1});
  Enqueue({WithState(MakeDelivery("h1", "", 1), v1::DELIVERY_STATE_HELD)});
  Batch one_more;
  one_more.enqueue.push_back(MakeDelivery("d1", "a", 1));
  EXPECT_THAT(store_->CommitAndWait(std::move(one_more)),
              StatusIs(absl::StatusCode::kResourceExhausted, ""));
}

TEST_P(StoreDelivery, MovesADeliveryThroughAllStatesInOneGroup) {
  // None waits for the one before, so that they share a group as the committer sees fit.
  const auto d = MakeDelivery("d", "a", 1);
  std::vector<Batch> batches(4);
  batches[0].enqueue.push_back(d);
  batches[1].settle.push_back(WithState(d, v1::DELIVERY_STATE_DEAD));
  batches[2].replay.push_back(d);
  batches[3].settle.push_back(WithState(d, v1::DELIVERY_STATE_DEAD));
  for (Batch& batch : batches) {
    store_->Commit(std::move(batch),
                   [](const auto& result) { EXPECT_THAT(result, handoff::testing::IsOk()); });
  }
  HANDOFF_ASSERT_OK(store_->CommitAndWait(Batch()));
  EXPECT_EQ(Read("d").state(), v1::DELIVERY_STATE_DEAD);
  EXPECT_THAT(List(v1::DELIVERY_STATE_PENDING), IsEmpty());
  EXPECT_THAT(List(v1::DELIVERY_STATE_DEAD), ElementsAre("d"));
}

TEST_P(StoreDelivery, ListsByRecipientInPages) {
  Enqueue({MakeDelivery("d3", "a", 1),
           MakeDelivery("d1", "a", 2),
           MakeDelivery("d2", "b", 1),
           MakeDelivery("d4", "a", 3)});
  EXPECT_THAT(List(v1::DELIVERY_STATE_PENDING, "a", "", 2), ElementsAre("d1", "d3"));
  EXPECT_THAT(List(v1::DELIVERY_STATE_PENDING, "a", "d3", 2), ElementsAre("d4"));
  EXPECT_THAT(List(v1::DELIVERY_STATE_PENDING, "", "d1", 2), ElementsAre("d2", "d3"));
  EXPECT_THAT(List(v1::DELIVERY_STATE_PENDING, "c"), IsEmpty());
  EXPECT_THAT(List(v1::DELIVERY_STATE_DELIVERED), IsEmpty());
}

TEST_P(StoreDelivery, RefusesMorePendingDeliveriesThanItsBound) {
  Open({.max_pending_deliveries = 2});
  Enqueue({MakeDelivery("d1", "a", 1), MakeDelivery("d2", "a", 1)});
  Batch one_more;
  one_more.enqueue.push_back(MakeDelivery("d3", "a", 1));
  one_more.resources.push_back(MakeResource("Goal", "g", 1, 1));
  EXPECT_THAT(store_->CommitAndWait(std::move(one_more)),
              StatusIs(absl::StatusCode::kResourceExhausted, ""));
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto unwritten, store_->GetSnapshot()->Read({"Goal", "g"}));
  EXPECT_EQ(unwritten, nullptr);

  Batch exchange;
  exchange.settle.push_back(WithState(Read("d1"), v1::DELIVERY_STATE_DELIVERED));
  exchange.enqueue.push_back(MakeDelivery("d3", "a", 1));
  HANDOFF_EXPECT_OK(store_->CommitAndWait(std::move(exchange)));
  HANDOFF_EXPECT_OK(store_->CommitAndWait(Batch()));
  EXPECT_EQ(store_->GetStatistics().deliveries_pending, 2u);
}

TEST_P(StoreDelivery, AddsNoDeliveryWhereTooManyAreDead) {
  Open({.max_dead_letters = 2});
  Enqueue({MakeDelivery("d1", "a", 1), MakeDelivery("d2", "a", 2), MakeDelivery("d3", "a", 3)});
  for (const char* id : {"d1", "d2", "d3"}) Settle(Read(id), v1::DELIVERY_STATE_DEAD);
  EXPECT_EQ(store_->GetStatistics().deliveries_dead, 3u);
  const auto add = [&] {
    Batch batch;
    batch.enqueue.push_back(MakeDelivery("d4", "a", 4));
    return store_->CommitAndWait(std::move(batch));
  };
  EXPECT_THAT(add(), StatusIs(absl::StatusCode::kResourceExhausted, "dead letters"));
  HANDOFF_EXPECT_OK(Commit({MakeResource("Goal", "g", 1, 1)}));

  Batch replay;
  replay.replay.push_back(Read("d1"));
  HANDOFF_EXPECT_OK(store_->CommitAndWait(std::move(replay)));
  EXPECT_THAT(add(), StatusIs(absl::StatusCode::kResourceExhausted, "dead letters"));
  Batch discard;
  discard.discard.push_back("d2");
  HANDOFF_EXPECT_OK(store_->CommitAndWait(std::move(discard)));
  HANDOFF_EXPECT_OK(add());
}

TEST_P(StoreDelivery, StreamKeepsOneOrderAndItsPosition) {
  EXPECT_THAT(ReadStream("nha/t", 0), IsEmpty());
  EXPECT_EQ(store_->StreamEnd("nha/t").value(), 0u);
  Append("nha/t", "a");
  Append("nha/t", "b");
  Append("nha", "other");
  Append("nha/t", "c");
  EXPECT_THAT(ReadStream("nha/t", 0), ElementsAre("a@1", "b@2", "c@3"));
  EXPECT_THAT(ReadStream("nha/t", 1, 1), ElementsAre("b@2"));
  EXPECT_THAT(ReadStream("nha/t", 3), IsEmpty());
  EXPECT_THAT(ReadStream("nha", 0), ElementsAre("other@1"));
  EXPECT_EQ(store_->StreamEnd("nha/t").value(), 3u);

  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto start, store_->StreamPosition("nha/t"));
  EXPECT_EQ(start, 0u);
  Acknowledge("nha/t", 2);
  Acknowledge("nha/t", 1);  // a repeat of an earlier one does not go back
  Acknowledge("unknown", 7);
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto position, store_->StreamPosition("nha/t"));
  EXPECT_EQ(position, 2u);
  EXPECT_THAT(ReadStream("nha/t", 0), ElementsAre("a@1", "b@2", "c@3"));
  Acknowledge("nha/t", 1000);  // never past what there is
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto end, store_->StreamPosition("nha/t"));
  EXPECT_EQ(end, 3u);
}

TEST_P(StoreDelivery, StreamIsReadFromAnywhereInAnyNumber) {
  std::vector<std::string> all;
  for (int i = 1; i <= 40; ++i) {
    all.push_back("d" + std::to_string(i) + "@" + std::to_string(i));
    Append("s", "d" + std::to_string(i));
  }
  for (const std::size_t after : {0, 1, 23, 24, 25, 39, 40}) {
    for (const std::size_t limit : {0, 1, 15, 16, 17, 40, 100}) {
      const auto begin = all.begin() + static_cast<std::ptrdiff_t>(after);
      const auto n = static_cast<std::ptrdiff_t>(std::min(limit, all.size() - after));
      EXPECT_EQ(ReadStream("s", after, limit), std::vector<std::string>(begin, begin + n))
          << after << ", " << limit;
    }
  }
}

TEST_P(StoreDelivery, StreamKeepsItsNewestItems) {
  Open({.max_stream_items = 3});
  for (const char* id : {"a", "b", "c"}) Append("s", id);
  Acknowledge("s", 2);
  for (const char* id : {"d", "e"}) Append("s", id);
  EXPECT_THAT(ReadStream("s", 0), ElementsAre("c@3", "d@4", "e@5"));
  EXPECT_EQ(store_->StreamEnd("s").value(), 5u);
}

TEST_P(StoreDelivery, StreamRefusesMoreThanItMayHoldUnacknowledged) {
  Open({.max_stream_items = 3});
  for (const char* id : {"a", "b"}) Append("s", id);
  Batch batch;
  batch.resources = {MakeResource("Goal", "g", 1, 1)};
  for (const char* id : {"c", "d"}) batch.append.push_back({"s", MakeDelivery(id, "nha", 1)});
  batch.append.push_back({"t", MakeDelivery("x", "lfm", 1)});
  EXPECT_THAT(store_->CommitAndWait(std::move(batch)),
              StatusIs(absl::StatusCode::kResourceExhausted, "not acknowledged"));
  EXPECT_THAT(ReadStream("s", 0), ElementsAre("a@1", "b@2"));
  EXPECT_THAT(ReadStream("t", 0), ElementsAre());
  EXPECT_EQ(store_->GetSnapshot()->Read({"Goal", "g"}).value(), nullptr);
  Append("s", "c");
  Append("t", "y");
  Acknowledge("s", 1);
  Append("s", "d");
  EXPECT_THAT(ReadStream("s", 0), ElementsAre("b@2", "c@3", "d@4"));
}

TEST_P(StoreDelivery, TellsTheListenerWhatCameIn) {
  std::set<std::string> streams;
  int deliveries = 0;
  store_->SetListener([&](const Store::Notice& notice) {
    deliveries += notice.deliveries ? 1 : 0;
    streams.insert(notice.streams.begin(), notice.streams.end());
  });
  HANDOFF_ASSERT_OK(Commit({MakeResource("Goal", "g", 1, 1)}));
  Enqueue({MakeDelivery("d", "a", 1)});
  Append("s", "x");
  // The listener hears of a group after its callbacks, and before the next group is begun.
  HANDOFF_ASSERT_OK(store_->CommitAndWait(Batch()));
  store_->SetListener(nullptr);
  Append("t", "y");
  store_.reset();
  EXPECT_EQ(deliveries, 1);
  EXPECT_THAT(streams, UnorderedElementsAre("s"));
}

}  // namespace
}  // namespace handoff::store::testing
