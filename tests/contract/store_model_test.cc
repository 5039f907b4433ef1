// The same random operations on the in-memory store and on each other one: every read must agree.
#include <random>

#include "absl/status/statusor.h"
#include <gmock/gmock.h>

#include "gateway/store/memory/memory_store.h"
#include "tests/contract/store_contract.h"

namespace handoff::store::testing {
namespace {

constexpr std::uint64_t kPersons = 5;
constexpr std::uint64_t kIds = 8;
constexpr const char* kTypes[] = {"Goal", "Task"};
constexpr const char* kRecipients[] = {"a", "b", "payer"};
constexpr const char* kStreams[] = {"s", "s2"};

template <class Message>
std::string Text(const Message& message) {
  return message.ShortDebugString();
}

std::string Text(const ResourceVersion& resource) {
  v1::StoredResource message;
  EXPECT_TRUE(message.ParseFromString(std::string(resource.record())));
  return Text(message);
}
std::string Text(const SharedResource& resource) { return Text(*resource); }

// All that a caller can see of an answer, as text.
template <class T>
std::string Show(const absl::StatusOr<std::optional<T>>& answer) {
  if (!answer.ok()) return answer.status().ToString();
  return *answer ? Text(**answer) : "nothing";
}
template <class T>
std::string Show(const absl::StatusOr<std::shared_ptr<const T>>& answer) {
  if (!answer.ok()) return answer.status().ToString();
  return *answer ? Text(**answer) : "nothing";
}
std::string Show(const absl::StatusOr<std::optional<std::string>>& answer) {
  if (!answer.ok()) return answer.status().ToString();
  return answer->value_or("nothing");
}
template <class T>
std::string Show(const absl::StatusOr<std::vector<T>>& answer) {
  if (!answer.ok()) return answer.status().ToString();
  std::string text;
  for (const T& item : *answer) text += Text(item) + "\n";
  return text;
}
std::string Show(const absl::StatusOr<std::vector<PersonId>>& answer) {
  if (!answer.ok()) return answer.status().ToString();
  std::string text;
  for (const PersonId id : *answer) text += std::to_string(static_cast<std::uint64_t>(id)) + " ";
  return text;
}

// Plays one sequence of operations, drawn from a seed, on one store, and writes down every answer.
// Two stores that keep the contract write down the same.
class Player {
 public:
  Player(std::unique_ptr<Store> store, std::uint32_t seed)
      : store_(std::move(store)), random_(seed) {}

  std::string Step();
  void Replace(std::function<absl::StatusOr<std::unique_ptr<Store>>()> open) {
    store_.reset();
    auto store = open();
    HANDOFF_ASSERT_OK(store);
    store_ = *std::move(store);
  }
  // Gives up what does not outlive a store: snapshots and leases.
  void LetGo() {
    old_plan_.reset();
    for (std::uint64_t i = 0; i < deliveries_; ++i) store_->Release("d" + std::to_string(i));
  }
  Store& store() { return *store_; }

 private:
  std::uint64_t Draw(std::uint64_t n) { return random_() % n; }
  template <class T, std::size_t N>
  T Pick(T const (&all)[N]) {
    return all[Draw(N)];
  }
  ResourceKey DrawKey() { return {Pick(kTypes), std::to_string(Draw(kIds))}; }
  std::string DrawDelivery() { return "d" + std::to_string(Draw(deliveries_ + 1)); }

  std::string CommitSomething();
  std::string Act(Batch batch);
  void AddResources(Batch& batch, Snapshot& plan);
  void AddDeliveries(Batch& batch);
  std::string ReadSomething();
  std::string FindAll();
  std::string Claim();

  std::unique_ptr<Store> store_;
  std::mt19937 random_;
  Timestamp now_{std::chrono::seconds(1'783'005'600)};
  std::uint64_t deliveries_ = 0;
  std::uint64_t messages_ = 0;
  std::shared_ptr<Snapshot> old_plan_;  // of some earlier step: conflicts when it is committed
};

std::string Player::Step() {
  switch (Draw(6)) {
    case 0:
    case 1:
      return CommitSomething();
    case 2:
      return Claim();
    case 3:
      return FindAll();
    default:
      return ReadSomething();
  }
}

void Player::AddResources(Batch& batch, Snapshot& plan) {
  std::set<ResourceKey> keys;
  for (std::uint64_t i = Draw(4); i > 0; --i) keys.insert(DrawKey());
  for (const ResourceKey& key : keys) {
    const auto read = plan.Read(key);
    if (!read.ok()) continue;
    const std::uint64_t version = *read ? (*read)->version() : 0;
    auto resource = MakeResource(key.type, key.id, version + 1, Draw(kPersons), {});
    resource.add_tokens(Draw(2) == 0 ? "status=|active" : "status=|done");
    resource.set_deleted(Draw(5) == 0);
    batch.resources.push_back(std::move(resource));
  }
}

void Player::AddDeliveries(Batch& batch) {
  for (std::uint64_t i = Draw(3); i > 0; --i) {
    const auto due = now_ + std::chrono::seconds(Draw(60)) - std::chrono::seconds(30);
    batch.enqueue.push_back(
        MakeDelivery("d" + std::to_string(deliveries_++), Pick(kRecipients), Draw(kPersons), due));
    if (Draw(8) == 0) batch.enqueue.back().set_state(v1::DELIVERY_STATE_HELD);
  }
  const auto some = [&](const std::function<void(v1::Delivery)>& use) {
    for (std::uint64_t i = Draw(3); i > 0; --i) {
      const auto delivery = store_->ReadDelivery(DrawDelivery());
      if (delivery.ok() && *delivery) use(**delivery);
    }
  };
  some([&](v1::Delivery delivery) {
    constexpr v1::DeliveryState kOutcomes[] = {v1::DELIVERY_STATE_DELIVERED,
                                               v1::DELIVERY_STATE_WITHHELD,
                                               v1::DELIVERY_STATE_DEAD,
                                               v1::DELIVERY_STATE_HELD};
    batch.settle.push_back(WithState(std::move(delivery), Pick(kOutcomes)));
  });
  some([&](v1::Delivery delivery) {
    delivery.set_attempts(delivery.attempts() + 1);
    delivery.set_due_us(ToMicros(now_ + std::chrono::seconds(Draw(100))));
    batch.reschedule.push_back(std::move(delivery));
  });
  some([&](v1::Delivery delivery) { batch.replay.push_back(std::move(delivery)); });
  some([&](v1::Delivery delivery) { batch.release.push_back(std::move(delivery)); });
  if (Draw(4) == 0) batch.discard.push_back(DrawDelivery());
  if (Draw(2) == 0) batch.append.push_back({Pick(kStreams), MakeDelivery("x", "nha", 1)});
  if (Draw(2) == 0) {
    const std::string stream = Pick(kStreams);
    batch.acknowledge.push_back({stream, Draw(store_->StreamEnd(stream).value_or(0) + 3)});
  }
}

std::string Player::CommitSomething() {
  Batch batch;
  const auto plan = store_->GetSnapshot();
  AddResources(batch, *plan);
  AddDeliveries(batch);
  const std::string message = "m" + std::to_string(Draw(messages_ + 1));
  if (Draw(2) == 0) batch.message.emplace().set_id("m" + std::to_string(messages_++));
  if (Draw(2) == 0) batch.ledger.push_back(MakeEntry(message, std::to_string(Draw(1000))));
  if (Draw(3) == 0) {
    batch.links.push_back({{LinkKind::kSenderMessage, std::to_string(Draw(kIds))}, message});
  }
  if (Draw(3) == 0) {
    v1::Person& person = batch.persons.emplace_back();
    person.set_id(Draw(kPersons));
    person.set_version(Draw(1000));
    batch.visible.push_back({PartyKey(Pick(kRecipients)), PersonId{person.id()}});
  }
  if (Draw(3) == 0) {
    batch.transitions.emplace_back().set_id("t" + std::to_string(Draw(kIds)));
    batch.referrals.emplace_back().set_id("r" + std::to_string(Draw(kIds)));
  }
  batch.planned_on = plan;
  if (Draw(4) == 0) {
    // Whether the old plan still holds is for the store to say; both must say the same. It must not
    // replace what it has not read, so it only brings deliveries and links.
    batch.resources.clear();
    batch.planned_on = std::exchange(old_plan_, plan);
  }
  return Act(std::move(batch));
}

std::string Player::Act(Batch batch) {
  const auto outcome = store_->CommitAndWait(std::move(batch));
  return outcome.ok() ? "committed " + std::to_string(outcome->sequence)
                      : std::string(absl::StatusCodeToString(outcome.status().code()));
}

std::string Player::Claim() {
  now_ += std::chrono::seconds(Draw(20));
  const std::string parked = Pick(kRecipients);
  const auto wanted = [&](const std::string& recipient) { return recipient != parked; };
  const auto next = store_->NextDue(wanted);
  std::string text = next ? "next " + std::to_string(ToMicros(*next)) : "none next";
  for (const auto& claim : store_->ClaimDue(now_, kLease, 1 + Draw(4), wanted)) {
    text += "\nclaimed " + Text(claim.delivery);
    if (Draw(3) == 0) store_->Release(claim.delivery.id());
  }
  return text;
}

std::string Player::FindAll() {
  Query query{.type = Pick(kTypes), .limit = 1 + Draw(5)};
  for (std::uint64_t person = 0; person < kPersons; ++person) {
    if (Draw(3) != 0) query.persons.push_back(PersonId{person});
  }
  if (Draw(2) == 0) query.tokens = {{"status=|active"}};
  if (Draw(5) == 0) query.id = std::to_string(Draw(kIds));
  if (Draw(5) == 0) query.updated_from = FromMicros(2000);
  const auto snapshot = store_->GetSnapshot();
  std::string text = "found";
  do {
    const auto page = snapshot->Find(query);
    if (!page.ok()) return page.status().ToString();
    for (const auto& item : page->items) text += "\n" + Text(item);
    query.resume = page->resume;
  } while (!query.resume.empty());
  return text;
}

std::string Player::ReadSomething() {
  const auto snapshot = store_->GetSnapshot();
  const ResourceKey key = DrawKey();
  const std::uint64_t number = Draw(10);
  switch (Draw(14)) {
    case 0:
      return Show(snapshot->Read(key));
    case 1:
      return Show(snapshot->ReadVersion(key, number));
    case 2:
      return Show(snapshot->History(key, number, 1 + Draw(4)));
    case 3:
      return Show(snapshot->Lookup(LinkKind::kSenderMessage, std::to_string(number)));
    case 4:
      return Show(snapshot->ReadPerson(PersonId{number}));
    case 5:
      return Show(snapshot->ReadTransition("t" + std::to_string(number)));
    case 6:
      return Show(snapshot->ReadReferral("r" + std::to_string(number)));
    case 7:
      return Show(snapshot->PersonsOf(PartyKey(Pick(kRecipients)), PersonId{Draw(3)}, Draw(4)));
    case 8:
      return Show(snapshot->ReadMessage(MessageId("m" + std::to_string(Draw(messages_ + 1)))));
    case 9:
      return Show(snapshot->Ledger(MessageId("m" + std::to_string(Draw(messages_ + 1)))));
    case 10:
      return Show(store_->ReadDelivery(DrawDelivery()));
    case 11:
      return Show(store_->ReadStream(Pick(kStreams), number, 1 + Draw(4)));
    case 12:
      return std::to_string(store_->StreamPosition(Pick(kStreams)).value_or(UINT64_MAX));
    default: {
      constexpr v1::DeliveryState kStates[] = {
          v1::DELIVERY_STATE_PENDING, v1::DELIVERY_STATE_DEAD, v1::DELIVERY_STATE_HELD};
      const v1::DeliveryState state = Pick(kStates);
      const std::string recipient = Draw(2) == 0 ? "" : Pick(kRecipients);
      return Show(store_->ListDeliveries(state, recipient, DrawDelivery(), 1 + Draw(5)));
    }
  }
}

class StoreModel : public StoreContract {};

std::vector<Backend> AllButTheModel() {
  std::vector<Backend> others = Backends();
  others.erase(others.begin());
  return others;
}

INSTANTIATE_TEST_SUITE_P(Backends,
                         StoreModel,
                         ::testing::ValuesIn(AllButTheModel()),
                         [](const auto& backend) { return backend.param.name; });

TEST_P(StoreModel, AnswersAsTheModelDoes) {
  constexpr int kSteps = 1500;
  const StoreOptions options{.max_pending_deliveries = 40, .max_stream_items = 20};
  for (std::uint32_t seed = 1; seed <= 4; ++seed) {
    const handoff::testing::TempDir directory;
    const auto open = [&] { return GetParam().open(directory.path(), options); };
    HANDOFF_ASSERT_OK_AND_ASSIGN(auto store, open());
    Player model(OpenMemoryStore(options), seed);
    Player player(std::move(store), seed);
    for (int step = 0; step < kSteps; ++step) {
      if (GetParam().durable && step % 400 == 399) {
        model.LetGo();
        player.LetGo();
        player.Replace(open);
      }
      const std::string expected = model.Step();
      ASSERT_EQ(player.Step(), expected) << "seed " << seed << ", step " << step;
    }
    HANDOFF_EXPECT_OK(player.store().VerifyLedger());
    const Statistics expected = model.store().GetStatistics();
    const Statistics statistics = player.store().GetStatistics();
    EXPECT_EQ(statistics.deliveries_pending, expected.deliveries_pending);
    EXPECT_EQ(statistics.deliveries_dead, expected.deliveries_dead);
    EXPECT_EQ(statistics.deliveries_held, expected.deliveries_held);
    // A sequence in which nothing happens would show nothing.
    EXPECT_GT(expected.commits, 200u);
    EXPECT_GT(expected.conflicts, 10u);
    EXPECT_GT(expected.deliveries_dead, 0u);
    EXPECT_GT(expected.deliveries_held, 0u);
  }
}

}  // namespace
}  // namespace handoff::store::testing
