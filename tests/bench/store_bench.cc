// What one commit of a typical bundle costs the embedded store, with 1 to 64 of them in flight.
//
// A bundle of ten resources: planned on a snapshot, then some 17 records of 27 kB in all.
// `per_sync` tells how many commits shared a disk sync. Run it where the store shall live
// (TMPDIR=...).
#include <random>
#include <string>

#include "absl/synchronization/mutex.h"
#include <benchmark/benchmark.h>

#include "gateway/base/status_macros.h"
#include "gateway/store/rocksdb/rocks_store.h"
#include "tests/support/temp_dir.h"

namespace handoff::store {
namespace {

constexpr std::int64_t kNow = 1'783'005'600'000'000;

// Text that compresses about as FHIR does: words, some of them ids.
std::string Filler(std::mt19937_64& random, std::size_t bytes) {
  static constexpr const char* kWords[] = {"identifier",
                                           "http://loinc.org",
                                           "status",
                                           "active",
                                           "category",
                                           "display",
                                           "Food insecurity",
                                           "period"};
  std::string text;
  while (text.size() < bytes) {
    text += random() % 4 == 0 ? std::to_string(random()) : kWords[random() % std::size(kWords)];
  }
  text.resize(bytes);
  return text;
}

std::string RandomId(std::mt19937_64& random) {
  return std::to_string(random()) + "-" + std::to_string(random() % 1'000'000);
}

class Bundles {
 public:
  Bundles() : text_(Filler(random_, std::size_t{1} << 20)) {}

  Batch Next(Store& store) {
    Batch batch;
    const std::string message_id = MintId('m', kNow);
    const std::uint64_t person = 1 + random_() % 20'000;
    std::vector<ResourceKey> keys;
    for (int i = 0; i < 10; ++i) keys.push_back({kTypes[i % 5], RandomId(random_)});
    batch.planned_on = store.GetSnapshot();
    const std::string link = "mrmc|" + message_id;
    HANDOFF_CHECK(batch.planned_on->Lookup(LinkKind::kSenderMessage, link).ok());
    HANDOFF_CHECK(batch.planned_on->ReadMany(keys).ok());
    const std::string stay = "Encounter/" + keys[0].id;
    HANDOFF_CHECK(batch.planned_on->Lookup(LinkKind::kResourceToTransition, stay).ok());

    batch.message.emplace().set_id(message_id);
    batch.original = Text(5000);
    for (const ResourceKey& key : keys) batch.resources.push_back(Resource(key, person));
    batch.links.push_back({{LinkKind::kSenderMessage, link}, message_id});
    batch.links.push_back({{LinkKind::kResourceToTransition, stay}, "t" + message_id});
    batch.persons.emplace_back().set_id(person);
    batch.transitions.emplace_back().set_id("t" + message_id);
    for (const char* recipient : {"practice", "payer"}) {
      batch.enqueue.push_back(Delivery(recipient, person, message_id));
    }
    for (int i = 0; i < 4; ++i) batch.ledger.push_back(Entry(message_id));
    return batch;
  }

 private:
  static constexpr const char* kTypes[] = {"Encounter", "Condition", "Observation", "Goal", "Task"};

  v1::StoredResource Resource(const ResourceKey& key, std::uint64_t person) {
    v1::StoredResource resource;
    resource.mutable_name()->set_type(key.type);
    resource.mutable_name()->set_id(key.id);
    resource.mutable_name()->set_version(1);
    resource.set_person_id(person);
    resource.add_tokens("status=|active");
    resource.set_resource(std::string(Text(2000)));
    return resource;
  }
  v1::Delivery Delivery(const char* recipient, std::uint64_t person, const std::string& message) {
    v1::Delivery delivery;
    delivery.set_id(MintId('d', kNow));
    delivery.set_recipient(recipient);
    delivery.set_person_id(person);
    delivery.mutable_event()->set_message_id(message);
    delivery.set_view("continuity");
    delivery.set_due_us(kNow);
    return delivery;
  }
  v1::LedgerEntry Entry(const std::string& message_id) {
    v1::LedgerEntry entry;
    entry.set_message_id(message_id);
    entry.set_at_us(kNow);
    entry.set_text("route discharge-to-medical-home: attributed as medical-home");
    return entry;
  }

  std::string_view Text(std::size_t bytes) {
    return std::string_view(text_).substr(random_() % (text_.size() - bytes), bytes);
  }

  std::mt19937_64 random_{42};
  const std::string text_;
};

// Counts what is in flight.
class Flight {
 public:
  void Enter(std::int64_t limit) {
    absl::MutexLock lock(&mutex_);
    limit_ = limit;
    mutex_.Await(absl::Condition(this, &Flight::HasRoom));
    ++count_;
  }
  void Leave() {
    absl::MutexLock lock(&mutex_);
    --count_;
  }

 private:
  bool HasRoom() const { return count_ < limit_; }
  absl::Mutex mutex_;
  std::int64_t count_ = 0;
  std::int64_t limit_ = 0;
};

void BM_Commit(benchmark::State& state) {
  const handoff::testing::TempDir directory;
  auto opened = OpenRocksStore(directory.path());
  HANDOFF_CHECK(opened.ok());
  std::unique_ptr<Store> store = *std::move(opened);
  Bundles bundles;
  Flight flight;
  for (auto _ : state) {
    flight.Enter(state.range(0));
    store->Commit(bundles.Next(*store), [&](const auto& result) {
      HANDOFF_CHECK(result.ok() || absl::IsAborted(result.status()));
      flight.Leave();
    });
  }
  flight.Enter(1);  // the last one is done
  const Statistics statistics = store->GetStatistics();
  state.SetItemsProcessed(static_cast<std::int64_t>(statistics.commits));
  state.counters["conflicts"] = static_cast<double>(statistics.conflicts);
  state.counters["per_sync"] =
      static_cast<double>(statistics.commits) / static_cast<double>(statistics.disk_syncs);
}
BENCHMARK(BM_Commit)->Arg(1)->Arg(8)->Arg(32)->Arg(64)->MeasureProcessCPUTime()->UseRealTime();

}  // namespace
}  // namespace handoff::store

BENCHMARK_MAIN();
