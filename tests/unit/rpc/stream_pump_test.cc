#include "gateway/rpc/stream_pump.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/base/metrics.h"
#include "gateway/rpc/acknowledger.h"
#include "gateway/store/memory/memory_store.h"
#include "tests/support/fake_clock.h"
#include "tests/support/status_matchers.h"

namespace handoff::rpc {
namespace {

using ::handoff::testing::StatusIs;
using ::testing::ElementsAre;

constexpr char kStream[] = "nha/transitions";
constexpr char kDoubt[] = "in doubt";
constexpr std::uint64_t kPerson = 7;

// A client that takes items when the test lets it.
class FakeSink final : public StreamSink {
 public:
  absl::StatusOr<Rendered> Render(const v1::Delivery& delivery,
                                  std::string token,
                                  const std::shared_ptr<store::Snapshot>& snapshot) override {
    EXPECT_THAT(snapshot->Read({"Goal", delivery.id()}), ::handoff::testing::IsOk());
    absl::MutexLock lock(&mutex_);
    rendered_.push_back(delivery.id());
    const bool again = std::count(rendered_.begin(), rendered_.end(), delivery.id()) > 1;
    if (again && forget_once == delivery.id()) withheld.erase(delivery.id());
    if (const auto found = withheld.find(delivery.id()); found != withheld.end()) {
      return delivery::Withheld{found->second, found->second == kDoubt};
    }
    if (refused == delivery.id()) return absl::UnavailableError("refused");
    return delivery.id() + " " + token + std::string(padding, ' ');
  }
  void Write(std::string item, bool more) override {
    absl::MutexLock lock(&mutex_);
    const std::size_t space = item.find(' ');
    const std::string rest = item.substr(space + 1);
    written_.emplace_back(item.substr(0, space), rest.substr(0, rest.find(' ')));
    more_.push_back(more);
  }
  void End(const absl::Status& status) override {
    absl::MutexLock lock(&mutex_);
    ended_ = status;
  }

  std::vector<std::string> AwaitWritten(std::size_t count) {
    absl::MutexLock lock(&mutex_);
    const auto there = [&]()
                           ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return written_.size() >= count; };
    EXPECT_TRUE(mutex_.AwaitWithTimeout(absl::Condition(&there), absl::Seconds(30)));
    std::vector<std::string> ids;
    for (const auto& [id, token] : written_) ids.push_back(id);
    return ids;
  }
  absl::Status AwaitEnd() {
    absl::MutexLock lock(&mutex_);
    const auto there = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return ended_.has_value(); };
    EXPECT_TRUE(mutex_.AwaitWithTimeout(absl::Condition(&there), absl::Seconds(30)));
    return ended_.value_or(absl::OkStatus());
  }
  std::string token(std::size_t i) {
    absl::MutexLock lock(&mutex_);
    return written_.at(i).second;
  }
  // Of each that was written: whether more was to follow at once.
  std::vector<bool> more() {
    absl::MutexLock lock(&mutex_);
    return more_;
  }
  std::vector<std::string> rendered() {
    absl::MutexLock lock(&mutex_);
    return rendered_;
  }

  // Set before the start.
  std::map<std::string, std::string> withheld;  // reason by delivery id
  std::string forget_once;                      // delivery id: withheld the first time only
  std::string refused;                          // the delivery that cannot be rendered
  std::size_t padding = 0;                      // of each item

 private:
  absl::Mutex mutex_;
  std::vector<std::string> rendered_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::pair<std::string, std::string>> written_ ABSL_GUARDED_BY(mutex_);
  std::vector<bool> more_ ABSL_GUARDED_BY(mutex_);
  std::optional<absl::Status> ended_ ABSL_GUARDED_BY(mutex_);
};

class StreamPumpTest : public ::testing::Test {
 protected:
  StreamPumpTest() {
    store_->SetListener([this](const store::Store::Notice& n) { hub_.Notify(n.streams); });
  }
  ~StreamPumpTest() override {
    acknowledger_.WaitUntilIdle();
    store_->SetListener({});
    pool_.Stop();
  }

  // Appends deliveries d<from>..d<to>, one message each.
  void Append(int from, int to) {
    store::Batch batch;
    for (int i = from; i <= to; ++i) {
      v1::Delivery delivery;
      delivery.set_id("d" + std::to_string(i));
      delivery.set_recipient("nha");
      delivery.set_person_id(kPerson);
      delivery.set_state(v1::DELIVERY_STATE_PENDING);
      delivery.set_created_us(ToMicros(clock_.Now()));
      delivery.mutable_event()->set_message_id("m" + std::to_string(i));
      batch.append.push_back({kStream, delivery});
    }
    HANDOFF_ASSERT_OK(store_->CommitAndWait(std::move(batch)));
  }

  std::shared_ptr<StreamPump> Open(FakeSink& sink) {
    auto pump = StreamPump::Open(
        {*store_, hub_, rounds_, tokens_, withheld_}, options_, PartyKey("nha"), kStream, sink);
    EXPECT_THAT(pump, ::handoff::testing::IsOk());
    return *std::move(pump);
  }

  // The last item is out, and the client goes in order.
  static void Finish(StreamPump& pump, FakeSink& sink) {
    pump.OnWritten(true);
    pump.Close(absl::OkStatus());
    HANDOFF_EXPECT_OK(sink.AwaitEnd());
  }

  // Takes `count` items as fast as they come.
  std::vector<std::string> Take(StreamPump& pump, FakeSink& sink, std::size_t count) {
    for (std::size_t i = 1; i <= count; ++i) {
      sink.AwaitWritten(i);
      if (i < count) pump.OnWritten(true);
    }
    return sink.AwaitWritten(count);
  }

  absl::Status Acknowledge(std::uint64_t sequence) {
    absl::Mutex mutex;
    std::optional<absl::Status> done;
    acknowledger_.Acknowledge(kStream, sequence, [&](absl::Status status) {
      absl::MutexLock lock(&mutex);
      done = std::move(status);
    });
    absl::MutexLock lock(&mutex);
    const auto there = [&] { return done.has_value(); };
    mutex.Await(absl::Condition(&there));
    return *done;
  }

  int Entries(const std::string& message, v1::LedgerEntry::Kind kind) {
    const auto ledger = store_->GetSnapshot()->Ledger(MessageId(message));
    EXPECT_THAT(ledger, ::handoff::testing::IsOk());
    int count = 0;
    for (const v1::LedgerEntry& entry : *ledger) count += entry.kind() == kind ? 1 : 0;
    return count;
  }

  std::uint64_t Sequence(const std::string& token) {
    const auto sequence = tokens_.Decode(kStream, token);
    EXPECT_THAT(sequence, ::handoff::testing::IsOk());
    return sequence.value_or(0);
  }

  StreamPumpOptions options_{.window = 4};
  ::handoff::testing::FakeClock clock_;
  Metrics metrics_;
  const std::unique_ptr<store::Store> store_ = store::OpenMemoryStore();
  const ResumeTokens tokens_{"secret"};
  StreamHub hub_{{}, metrics_.streams_open};
  WithheldRecorder withheld_{*store_, clock_, metrics_};
  WorkerPool pool_{{.name = "test", .threads = 2, .max_queued = 100}};
  StreamRounds rounds_{*store_, pool_};
  Acknowledger acknowledger_{*store_, clock_, metrics_, withheld_, pool_};
};

TEST_F(StreamPumpTest, SendsWhatIsThereThenWhatComes) {
  Append(1, 6);
  FakeSink sink;
  const auto pump = Open(sink);
  pump->Start(std::nullopt);
  EXPECT_THAT(Take(*pump, sink, 6), ElementsAre("d1", "d2", "d3", "d4", "d5", "d6"));
  pump->OnWritten(true);
  Append(7, 8);
  sink.AwaitWritten(7);
  pump->OnWritten(true);
  EXPECT_THAT(sink.AwaitWritten(8), ElementsAre("d1", "d2", "d3", "d4", "d5", "d6", "d7", "d8"));
  Finish(*pump, sink);
}

TEST_F(StreamPumpTest, ResumesAfterATokenWithoutSkipOrRepeat) {
  Append(1, 9);
  std::uint64_t after = 0;
  {
    FakeSink sink;
    const auto pump = Open(sink);
    pump->Start(std::nullopt);
    Take(*pump, sink, 3);
    after = Sequence(sink.token(2));
    pump->OnWritten(false);
    EXPECT_THAT(sink.AwaitEnd(), StatusIs(absl::StatusCode::kCancelled, ""));
  }
  FakeSink sink;
  const auto pump = Open(sink);
  pump->Start(after);
  EXPECT_THAT(Take(*pump, sink, 6), ElementsAre("d4", "d5", "d6", "d7", "d8", "d9"));
  Finish(*pump, sink);
}

TEST_F(StreamPumpTest, StartsAfterWhatIsAcknowledgedWithoutAToken) {
  Append(1, 4);
  FakeSink sink;
  auto pump = Open(sink);
  pump->Start(std::nullopt);
  Take(*pump, sink, 4);
  HANDOFF_ASSERT_OK(Acknowledge(Sequence(sink.token(1))));
  Finish(*pump, sink);

  FakeSink again;
  pump = Open(again);
  pump->Start(std::nullopt);
  EXPECT_THAT(Take(*pump, again, 2), ElementsAre("d3", "d4"));
  Finish(*pump, again);
}

TEST_F(StreamPumpTest, HoldsOneItemUnderWayForAClientThatDoesNotRead) {
  Append(1, 100);
  FakeSink slow;
  const auto stuck = Open(slow);
  stuck->Start(std::nullopt);
  slow.AwaitWritten(1);

  FakeSink quick;
  const auto pump = Open(quick);
  pump->Start(std::nullopt);
  EXPECT_EQ(Take(*pump, quick, 100).size(), 100u);
  EXPECT_THAT(slow.AwaitWritten(1), ElementsAre("d1"));

  for (const auto& each : {stuck, pump}) {
    each->Close(absl::OkStatus());
    each->OnWritten(true);
  }
  HANDOFF_EXPECT_OK(slow.AwaitEnd());
  HANDOFF_EXPECT_OK(quick.AwaitEnd());
}

TEST_F(StreamPumpTest, SendsABurstInOrderAndSaysWhatFollows) {
  Append(1, 6);
  FakeSink sink;
  const auto pump = Open(sink);
  pump->Start(std::nullopt);
  EXPECT_THAT(Take(*pump, sink, 6), ElementsAre("d1", "d2", "d3", "d4", "d5", "d6"));
  EXPECT_THAT(sink.more(), ElementsAre(true, true, true, false, true, false));
  Finish(*pump, sink);
}

TEST_F(StreamPumpTest, EndsABurstWithTheItemThatFillsIt) {
  options_ = {.window = 100, .burst_bytes = 1'000};
  Append(1, 4);
  FakeSink sink;
  sink.padding = 600;
  const auto pump = Open(sink);
  pump->Start(std::nullopt);
  sink.AwaitWritten(1);
  EXPECT_THAT(sink.rendered(), ElementsAre("d1", "d2"));
  EXPECT_THAT(Take(*pump, sink, 4), ElementsAre("d1", "d2", "d3", "d4"));
  EXPECT_THAT(sink.more(), ElementsAre(true, false, true, false));
  Finish(*pump, sink);
}

TEST_F(StreamPumpTest, EndsABurstWithTheItemThatTookMuchToRead) {
  options_ = {.window = 100, .read_bytes = 30};  // more than one of these, less than two
  store::Batch batch;
  for (const char* id : {"d1", "d2", "d3", "d4"}) {
    v1::StoredResource goal;
    goal.mutable_name()->set_type("Goal");
    goal.mutable_name()->set_id(id);
    goal.mutable_name()->set_version(1);
    goal.set_resource("abc");
    batch.resources.emplace_back(goal);
  }
  HANDOFF_ASSERT_OK(store_->CommitAndWait(std::move(batch)));
  Append(1, 4);
  FakeSink sink;
  const auto pump = Open(sink);
  pump->Start(std::nullopt);
  EXPECT_THAT(Take(*pump, sink, 4), ElementsAre("d1", "d2", "d3", "d4"));
  EXPECT_THAT(sink.more(), ElementsAre(true, false, true, false));
  Finish(*pump, sink);
}

TEST_F(StreamPumpTest, SendsNoMoreOfABurstToAClientThatHasGone) {
  Append(1, 6);
  std::string token;
  {
    FakeSink sink;
    const auto pump = Open(sink);
    pump->Start(std::nullopt);
    EXPECT_THAT(Take(*pump, sink, 2), ElementsAre("d1", "d2"));
    EXPECT_THAT(sink.rendered(), ElementsAre("d1", "d2", "d3", "d4"));
    token = sink.token(1);
    pump->Close(absl::CancelledError("the client is gone"));
    pump->OnWritten(false);
    EXPECT_THAT(sink.AwaitEnd(), StatusIs(absl::StatusCode::kCancelled, "gone"));
    EXPECT_THAT(sink.AwaitWritten(2), ElementsAre("d1", "d2"));
  }
  FakeSink again;
  const auto pump = Open(again);
  pump->Start(Sequence(token));
  EXPECT_THAT(Take(*pump, again, 4), ElementsAre("d3", "d4", "d5", "d6"));
  Finish(*pump, again);
}

TEST_F(StreamPumpTest, SendsWhatIsBeforeAnItemThatCannotBeRendered) {
  Append(1, 4);
  FakeSink sink;
  sink.refused = "d3";
  const auto pump = Open(sink);
  pump->Start(std::nullopt);
  EXPECT_THAT(Take(*pump, sink, 2), ElementsAre("d1", "d2"));
  pump->OnWritten(true);
  EXPECT_THAT(sink.AwaitEnd(), StatusIs(absl::StatusCode::kUnavailable, "refused"));
  EXPECT_THAT(sink.AwaitWritten(2), ElementsAre("d1", "d2"));
}

TEST_F(StreamPumpTest, RemembersTheLastItemsThatWereWithheldAndAsksTheLedgerForTheRest) {
  Append(1, 1);
  WithheldRecorder recorder(*store_, clock_, metrics_, {.max_remembered = 2});
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto first, store_->ReadStream(kStream, 0, 1));
  EXPECT_FALSE(recorder.WasWithheld(kStream, first[0]).value());
  Append(2, 6);
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto items, store_->ReadStream(kStream, 0, 6));
  for (int i = 1; i <= 4; ++i) {
    absl::Notification recorded;
    recorder.Record(kStream, items[i], {"consent"}, [&](absl::Status status) {
      HANDOFF_EXPECT_OK(status);
      recorded.Notify();
    });
    recorded.WaitForNotification();
  }
  for (int i = 0; i <= 5; ++i) {
    EXPECT_EQ(recorder.WasWithheld(kStream, items[i]).value(), 1 <= i && i <= 4) << i;
  }
}

TEST_F(StreamPumpTest, PassesOverWhatIsWithheldAndRecordsItOnce) {
  Append(1, 3);
  for (int round = 0; round < 3; ++round) {
    FakeSink sink;
    sink.withheld = {{"d2", "consent"}};
    const auto pump = Open(sink);
    pump->Start(std::nullopt);
    EXPECT_THAT(Take(*pump, sink, 2), ElementsAre("d1", "d3"));
    Finish(*pump, sink);
  }
  EXPECT_EQ(Entries("m2", v1::LedgerEntry::WITHHELD), 1);
}

// One person in doubt must not keep a party from all others.
TEST_F(StreamPumpTest, PassesOverWhatIsHeldAndKeepsItForASteward) {
  Append(1, 3);
  store::Batch doubt;
  v1::Person& person = doubt.persons.emplace_back();
  person.set_id(kPerson);
  person.set_held(true);
  HANDOFF_ASSERT_OK(store_->CommitAndWait(std::move(doubt)));
  for (int round = 0; round < 2; ++round) {
    FakeSink sink;
    sink.withheld = {{"d2", kDoubt}};
    const auto pump = Open(sink);
    pump->Start(std::nullopt);
    EXPECT_THAT(Take(*pump, sink, 2), ElementsAre("d1", "d3"));
    Finish(*pump, sink);
  }
  EXPECT_EQ(Entries("m2", v1::LedgerEntry::HELD), 2);  // passed over, and what was kept
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto held,
                               store_->ListDeliveries(v1::DELIVERY_STATE_HELD, "", "", 10));
  ASSERT_EQ(held.size(), 1u);
  EXPECT_EQ(held[0].recipient(), "nha");
  EXPECT_EQ(held[0].event().message_id(), "m2");
  EXPECT_NE(held[0].id(), "d2");  // which its stream has passed
}

TEST_F(StreamPumpTest, RendersAnewWhatIsInDoubtNoMore) {
  Append(1, 1);
  FakeSink sink;
  sink.withheld = {{"d1", kDoubt}};
  sink.forget_once = "d1";
  const auto pump = Open(sink);
  pump->Start(std::nullopt);
  EXPECT_THAT(Take(*pump, sink, 1), ElementsAre("d1"));
  Finish(*pump, sink);
  EXPECT_EQ(Entries("m1", v1::LedgerEntry::HELD), 0);
}

TEST_F(StreamPumpTest, DoesNotReleaseLaterWhatWasWithheld) {
  Append(1, 2);
  std::uint64_t last = 0;
  for (const bool consent : {false, true}) {
    FakeSink sink;
    if (!consent) sink.withheld = {{"d1", "consent"}};
    const auto pump = Open(sink);
    pump->Start(std::nullopt);
    EXPECT_THAT(Take(*pump, sink, 1), ElementsAre("d2"));
    last = Sequence(sink.token(0));
    Finish(*pump, sink);
  }
  HANDOFF_ASSERT_OK(Acknowledge(last));
  EXPECT_EQ(Entries("m1", v1::LedgerEntry::DELIVERED), 0);
  EXPECT_EQ(Entries("m2", v1::LedgerEntry::DELIVERED), 1);
}

TEST_F(StreamPumpTest, EndsAtShutdownWhetherItWasStartedOrNot) {
  FakeSink idle;
  FakeSink unstarted;
  const auto first = Open(idle);
  const auto second = Open(unstarted);
  first->Start(std::nullopt);
  hub_.Close();
  EXPECT_THAT(idle.AwaitEnd(), StatusIs(absl::StatusCode::kUnavailable, "resume"));
  EXPECT_THAT(unstarted.AwaitEnd(), StatusIs(absl::StatusCode::kUnavailable, "resume"));
  second->Start(std::nullopt);
}

TEST_F(StreamPumpTest, AcknowledgesAnItemAndAllBeforeItOnce) {
  Append(1, 600);
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto items, store_->ReadStream(kStream, 0, 600));
  ASSERT_EQ(items.size(), 600u);
  HANDOFF_ASSERT_OK(Acknowledge(items[549].sequence()));
  HANDOFF_ASSERT_OK(Acknowledge(items[549].sequence()));
  HANDOFF_ASSERT_OK(Acknowledge(items[10].sequence()));
  HANDOFF_ASSERT_OK_AND_ASSIGN(const std::uint64_t position, store_->StreamPosition(kStream));
  EXPECT_EQ(position, items[549].sequence());
  EXPECT_EQ(Entries("m1", v1::LedgerEntry::DELIVERED), 1);
  EXPECT_EQ(Entries("m550", v1::LedgerEntry::DELIVERED), 1);
  EXPECT_EQ(Entries("m551", v1::LedgerEntry::DELIVERED), 0);
  EXPECT_EQ(metrics_.Deliveries("nha", "delivered").Value(), 550);
}

TEST_F(StreamPumpTest, RefusesToAcknowledgeWhatIsNotThere) {
  Append(1, 2);
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto items, store_->ReadStream(kStream, 0, 2));
  EXPECT_THAT(Acknowledge(items[1].sequence() + 1),
              StatusIs(absl::StatusCode::kInvalidArgument, "not of an item"));
}

}  // namespace
}  // namespace handoff::rpc
