// What durable stores keep over a reopening, a crash, and damage.
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <rocksdb/db.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gateway/base/bytes.h"
#include "gateway/store/keys.h"
#include "gateway/store/rocksdb/rocks_store.h"
#include "tests/contract/store_contract.h"

namespace handoff::store::testing {
namespace {

using ::handoff::testing::IsOk;
using ::handoff::testing::StatusIs;
using ::testing::ElementsAre;

constexpr char kCrashDirectory[] = "HANDOFF_TEST_CRASH_DIRECTORY";

std::vector<Backend> DurableBackends() {
  std::vector<Backend> durable = Backends();
  std::erase_if(durable, [](const Backend& backend) { return !backend.durable; });
  return durable;
}

class StoreDurability : public StoreContract {};

INSTANTIATE_TEST_SUITE_P(Backends,
                         StoreDurability,
                         ::testing::ValuesIn(DurableBackends()),
                         [](const auto& backend) { return backend.param.name; });

TEST_P(StoreDurability, FindsEverythingAfterReopening) {
  Batch batch;
  batch.message.emplace().set_id("m1");
  batch.resources.push_back(MakeResource("Goal", "g", 1, 7));
  batch.links.push_back({{LinkKind::kSenderMessage, "mrmc|1"}, "m1"});
  batch.persons.emplace_back().set_id(7);
  batch.visible.push_back({PartyKey("mrmc"), PersonId{7}});
  batch.enqueue = {
      MakeDelivery("d1", "a", 1), MakeDelivery("d2", "a", 1), MakeDelivery("d3", "b", 2)};
  batch.append.push_back({"s", MakeDelivery("x", "nha", 1)});
  batch.append.push_back({"s", MakeDelivery("y", "nha", 1)});
  batch.append.push_back({"t", MakeDelivery("z", "nha", 1)});
  batch.acknowledge.push_back({"s", 1});
  batch.ledger.push_back(MakeEntry("m1", "received"));
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto before, store_->CommitAndWait(std::move(batch)));
  EXPECT_THAT(Claim(clock_.Now()), ElementsAre("d1", "d3"));
  Settle(MakeDelivery("d3", "b", 2), v1::DELIVERY_STATE_DEAD);

  Open();
  const auto snapshot = store_->GetSnapshot();
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto goal, snapshot->Read({"Goal", "g"}));
  EXPECT_NE(goal, nullptr);
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto link,
                               snapshot->Lookup(LinkKind::kSenderMessage, "mrmc|1"));
  EXPECT_EQ(link, "m1");
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto page,
                               snapshot->Find({.type = "Goal", .persons = {PersonId{7}}}));
  EXPECT_EQ(page.items.size(), 1u);
  EXPECT_EQ(store_->GetStatistics().deliveries_dead, 1u);
  EXPECT_THAT(List(v1::DELIVERY_STATE_DEAD), ElementsAre("d3"));
  // The process that held the leases is gone, and they with it.
  EXPECT_THAT(Claim(clock_.Now()), ElementsAre("d1"));
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto position, store_->StreamPosition("s"));
  EXPECT_EQ(position, 1u);

  Batch more;
  more.append.push_back({"s", MakeDelivery("w", "nha", 1)});
  more.append.push_back({"t", MakeDelivery("v", "nha", 1)});
  more.ledger.push_back(MakeEntry("m1", "delivered"));
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto after, store_->CommitAndWait(std::move(more)));
  EXPECT_GT(after.sequence, before.sequence);
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto items, store_->ReadStream("s", 2, 10));
  ASSERT_EQ(items.size(), 1u);
  EXPECT_EQ(items[0].sequence(), 3u);
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto others, store_->ReadStream("t", 1, 10));
  ASSERT_EQ(others.size(), 1u);
  EXPECT_EQ(others[0].sequence(), 2u);
  HANDOFF_EXPECT_OK(store_->VerifyLedger());
}

TEST_P(StoreDurability, RefusesOptionsOutOfRange) {
  const handoff::testing::TempDir directory;
  EXPECT_THAT(GetParam().open(directory.path(), {.max_pending_deliveries = 0}),
              StatusIs(absl::StatusCode::kInvalidArgument, "max_pending_deliveries"));
  EXPECT_THAT(GetParam().open(directory.path(), {.max_queued_commits = 1'000'001}),
              StatusIs(absl::StatusCode::kInvalidArgument, "from 1 to 1000000"));
  EXPECT_THAT(GetParam().open(directory.path(), {.max_dead_letters = 0}),
              StatusIs(absl::StatusCode::kInvalidArgument, "max_dead_letters"));
  EXPECT_THAT(GetParam().open(directory.path(), {.max_stream_items = 0}),
              StatusIs(absl::StatusCode::kInvalidArgument, "max_stream_items"));
}

TEST_P(StoreDurability, RefusesADirectoryThatIsInUse) {
  EXPECT_THAT(GetParam().open(directory_.path(), {}),
              StatusIs(absl::StatusCode::kFailedPrecondition, "another process"));
}

// Not a test of its own: what the process runs that is killed. Commits one resource after another
// and writes the number of each acknowledged one to standard output.
TEST(StoreCrash, DISABLED_CommitsUntilKilled) {
  const char* directory = std::getenv(kCrashDirectory);
  if (directory == nullptr) GTEST_SKIP() << "runs only as a child";
  auto store = Backends().back().open(directory, {});
  HANDOFF_ASSERT_OK(store);
  for (std::uint32_t i = 0;; ++i) {
    Batch batch;
    // A process that is killed loses nothing of either.
    batch.durability = i % 2 == 0 ? Durability::kOnDisk : Durability::kWritten;
    batch.resources.push_back(MakeResource("Goal", std::to_string(i), 1, i));
    batch.enqueue.push_back(MakeDelivery("d" + std::to_string(i), "a", i));
    batch.ledger.push_back(MakeEntry("m" + std::to_string(i), "received"));
    (*store)->Commit(std::move(batch), [i](const auto& result) {
      if (result.ok()) std::ignore = ::write(STDOUT_FILENO, &i, sizeof i);
    });
  }
}

// Starts this program as that child, with the reading end of its standard output.
class Child {
 public:
  explicit Child(const std::string& directory) {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    ::setenv(kCrashDirectory, directory.c_str(), 1);
    std::string program = "/proc/self/exe";
    std::string filter = "--gtest_filter=StoreCrash.DISABLED_CommitsUntilKilled";
    std::string disabled = "--gtest_also_run_disabled_tests";
    std::string quiet = "--gtest_brief=1";
    char* arguments[] = {program.data(), filter.data(), disabled.data(), quiet.data(), nullptr};
    EXPECT_EQ(::posix_spawn(&pid_, program.c_str(), &actions, nullptr, arguments, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    ::unsetenv(kCrashDirectory);
    ::close(ends[1]);
    output_ = ends[0];
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() { ::close(output_); }

  void Kill() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  // Up to `n` bytes; fewer at the end of the output.
  std::string Read(std::size_t n) {
    std::string bytes(n, '\0');
    std::size_t have = 0;
    while (have < n) {
      const ssize_t got = ::read(output_, bytes.data() + have, n - have);
      if (got <= 0) break;
      have += static_cast<std::size_t>(got);
    }
    bytes.resize(have);
    return bytes;
  }

 private:
  pid_t pid_ = -1;
  int output_ = -1;
};

std::vector<std::uint32_t> Numbers(std::string_view bytes) {
  std::vector<std::uint32_t> numbers(bytes.size() / sizeof(std::uint32_t));
  std::copy_n(bytes.data(),
              numbers.size() * sizeof(std::uint32_t),
              reinterpret_cast<char*>(numbers.data()));
  return numbers;
}

TEST_P(StoreDurability, KeepsEveryAcknowledgedCommitOfAKilledProcess) {
  for (int round = 0; round < 3; ++round) {
    handoff::testing::TempDir directory;
    Child child(directory.path());
    std::string acknowledged;
    // The banner of gtest comes first, in text; the numbers follow it.
    acknowledged = child.Read(4000 + 3000 * static_cast<std::size_t>(round));
    child.Kill();
    acknowledged += child.Read(std::size_t{1} << 20);
    const std::size_t banner = acknowledged.find(std::string(4, '\0'));
    ASSERT_NE(banner, std::string::npos);
    const std::vector<std::uint32_t> numbers =
        Numbers(std::string_view(acknowledged).substr(banner));
    ASSERT_GT(numbers.size(), 100u);

    HANDOFF_ASSERT_OK_AND_ASSIGN(const auto store, GetParam().open(directory.path(), {}));
    const auto snapshot = store->GetSnapshot();
    for (std::uint32_t i = 0; i < numbers.size(); ++i) {
      ASSERT_EQ(numbers[i], i);
      HANDOFF_ASSERT_OK_AND_ASSIGN(const auto goal, snapshot->Read({"Goal", std::to_string(i)}));
      ASSERT_NE(goal, nullptr) << i;
      HANDOFF_ASSERT_OK_AND_ASSIGN(const auto delivery,
                                   store->ReadDelivery("d" + std::to_string(i)));
      ASSERT_TRUE(delivery.has_value()) << i;
      HANDOFF_ASSERT_OK_AND_ASSIGN(const auto ledger,
                                   snapshot->Ledger(MessageId("m" + std::to_string(i))));
      ASSERT_EQ(ledger.size(), 1u) << i;
    }
    HANDOFF_EXPECT_OK(store->VerifyLedger());
  }
}

// The database behind the store's back.
class RocksStoreDamageTest : public ::testing::Test {
 protected:
  void Open() {
    auto store = OpenRocksStore(directory_.path());
    HANDOFF_ASSERT_OK(store);
    store_ = *std::move(store);
  }
  std::unique_ptr<rocksdb::DB> OpenRaw() {
    rocksdb::DB* db = nullptr;
    rocksdb::Options options;
    options.create_if_missing = true;
    EXPECT_TRUE(rocksdb::DB::Open(options, directory_.path(), &db).ok());
    return std::unique_ptr<rocksdb::DB>(db);
  }
  void CommitLedger(int n) {
    for (int i = 0; i < n; ++i) {
      Batch batch;
      batch.ledger.push_back(MakeEntry("m" + std::to_string(i), "received"));
      HANDOFF_ASSERT_OK(store_->CommitAndWait(std::move(batch)));
    }
  }
  // A Goal whose content does not compress.
  void CommitRandom(const std::string& id, std::size_t bytes) {
    Batch batch;
    auto resource = MakeResource("Goal", id, 1, 7);
    resource.set_resource(RandomBytes(bytes));
    batch.resources.push_back(std::move(resource));
    HANDOFF_ASSERT_OK(store_->CommitAndWait(std::move(batch)));
  }
  // The newest log file: the one that the store wrote to last.
  std::filesystem::path LogFile() const {
    std::filesystem::path newest;
    for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
      if (entry.path().extension() == ".log" && entry.path() > newest) newest = entry.path();
    }
    return newest;
  }
  std::string ReadLog() const {
    std::ifstream in(LogFile(), std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  }
  void WriteLog(const std::string& bytes) const {
    std::ofstream(LogFile(), std::ios::binary | std::ios::trunc) << bytes;
  }
  // As EncodeMeta of the store, with another format.
  static std::string MetaOfFormat(std::uint64_t format) {
    std::string record;
    key::AppendNumber(record, format);
    key::AppendNumber(record, 0);
    key::AppendText(record, std::string(32, '\0'));
    return record;
  }

  handoff::testing::TempDir directory_;
  std::unique_ptr<Store> store_;
};

TEST_F(RocksStoreDamageTest, LedgerShowsAFlippedByte) {
  Open();
  CommitLedger(3);
  HANDOFF_ASSERT_OK(store_->VerifyLedger());
  store_.reset();
  {
    const auto db = OpenRaw();
    std::string record;
    ASSERT_TRUE(db->Get({}, key::Ledger("m1", 2), &record).ok());
    const std::size_t text = record.find("received");
    ASSERT_NE(text, std::string::npos);
    record[text] ^= 1;
    ASSERT_TRUE(db->Put({}, key::Ledger("m1", 2), record).ok());
  }
  Open();
  EXPECT_THAT(store_->VerifyLedger(),
              StatusIs(absl::StatusCode::kDataLoss, "not what was written"));
}

TEST_F(RocksStoreDamageTest, LedgerShowsADroppedRecord) {
  for (const int dropped : {0, 1, 2}) {
    store_.reset();
    std::filesystem::remove_all(directory_.path());
    std::filesystem::create_directory(directory_.path());
    Open();
    CommitLedger(3);
    store_.reset();
    ASSERT_TRUE(OpenRaw()
                    ->Delete({},
                             key::Ledger("m" + std::to_string(dropped),
                                         static_cast<std::uint64_t>(dropped) + 1))
                    .ok());
    Open();
    EXPECT_THAT(store_->VerifyLedger(), StatusIs(absl::StatusCode::kDataLoss, "missing"))
        << dropped;
  }
}

// The log holds what was committed since the store was opened.
TEST_F(RocksStoreDamageTest, RefusesALogThatIsDamagedBeforeItsEnd) {
  Open();
  CommitLedger(200);
  store_.reset();
  std::string log = ReadLog();
  log[log.size() / 2] = static_cast<char>(log[log.size() / 2] ^ 1);
  WriteLog(log);
  EXPECT_THAT(OpenRocksStore(directory_.path()), StatusIs(absl::StatusCode::kDataLoss, ""));
}

TEST_F(RocksStoreDamageTest, DropsTheTornEndOfTheLog) {
  Open();
  CommitLedger(200);
  store_.reset();
  const std::string log = ReadLog();
  WriteLog(log.substr(0, log.size() - 5));
  Open();
  const auto snapshot = store_->GetSnapshot();
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto whole, snapshot->Ledger(MessageId("m198")));
  EXPECT_EQ(whole.size(), 1u);
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto torn, snapshot->Ledger(MessageId("m199")));
  EXPECT_EQ(torn.size(), 0u);
  HANDOFF_EXPECT_OK(store_->VerifyLedger());
}

// While it lives, no file of this process grows beyond `bytes`: as on a full disk.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    EXPECT_EQ(::getrlimit(RLIMIT_FSIZE, &before_), 0);
    const rlimit limit{bytes, before_.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;
  ~FullDisk() { ::setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_;
};

TEST_F(RocksStoreDamageTest, StopsWritingWhenTheDiskRefuses) {
  Open();
  Batch first;
  first.enqueue.push_back(MakeDelivery("d1", "a", 1));
  HANDOFF_ASSERT_OK(store_->CommitAndWait(std::move(first)));
  std::uint64_t acknowledged = 0;
  {
    const FullDisk full(2'000'000);
    absl::StatusOr<Committed> outcome;
    for (std::uint64_t i = 0; i < 1000; ++i) {
      Batch batch;
      auto resource = MakeResource("Goal", std::to_string(i), 1, 1);
      resource.set_resource(RandomBytes(20'000));  // which no compression makes smaller
      batch.resources.push_back(std::move(resource));
      batch.settle.push_back(WithState(MakeDelivery("d1", "a", 1), v1::DELIVERY_STATE_DELIVERED));
      batch.enqueue.push_back(MakeDelivery("d1", "a", 1));
      outcome = store_->CommitAndWait(std::move(batch));
      if (!outcome.ok()) break;
      ++acknowledged;
    }
    ASSERT_THAT(outcome, StatusIs(absl::StatusCode::kUnavailable, ""));
  }
  ASSERT_GT(acknowledged, 10u);
  // There is room again, but what the log holds is not known: nothing is written any more.
  EXPECT_THAT(store_->CommitAndWait(Batch()), StatusIs(absl::StatusCode::kUnavailable, ""));
  EXPECT_THAT(store_->Health(), StatusIs(absl::StatusCode::kUnavailable, ""));
  EXPECT_EQ(store_->GetStatistics().deliveries_pending, 1u);
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto delivery, store_->ReadDelivery("d1"));
  EXPECT_TRUE(delivery.has_value());

  store_.reset();
  Open();
  HANDOFF_EXPECT_OK(store_->Health());
  for (std::uint64_t i = 0; i < acknowledged; ++i) {
    HANDOFF_ASSERT_OK_AND_ASSIGN(const auto goal,
                                 store_->GetSnapshot()->Read({"Goal", std::to_string(i)}));
    ASSERT_NE(goal, nullptr) << i;
  }
  EXPECT_EQ(store_->GetStatistics().deliveries_pending, 1u);
  HANDOFF_EXPECT_OK(store_->CommitAndWait(Batch()));
}

TEST_F(RocksStoreDamageTest, RefusesAnotherDiskFormat) {
  Open();
  store_.reset();
  for (const std::uint64_t format : {1, 5}) {
    ASSERT_TRUE(OpenRaw()->Put({}, key::Meta(), MetaOfFormat(format)).ok());
    EXPECT_THAT(OpenRocksStore(directory_.path()),
                StatusIs(absl::StatusCode::kFailedPrecondition,
                         "disk format " + std::to_string(format) + ", this version reads 2 to 4"));
  }
}

TEST_F(RocksStoreDamageTest, TheFirstCommitTakesAStoreToTheFormatOfToday) {
  Open();
  store_.reset();
  const auto format = [this] {
    std::string record;
    EXPECT_TRUE(OpenRaw()->Get({}, key::Meta(), &record).ok());
    std::string_view rest = record;
    return key::TakeNumber(rest);
  };
  ASSERT_TRUE(OpenRaw()->Put({}, key::Meta(), MetaOfFormat(2)).ok());
  Open();
  store_.reset();
  EXPECT_EQ(format(), 2u);
  Open();
  HANDOFF_EXPECT_OK(store_->CommitAndWait(Batch()));
  store_.reset();
  EXPECT_EQ(format(), 4u);
}

TEST_F(RocksStoreDamageTest, RefusesADatabaseOfSomeoneElse) {
  ASSERT_TRUE(OpenRaw()->Put({}, "their key", "their value").ok());
  EXPECT_THAT(OpenRocksStore(directory_.path()),
              StatusIs(absl::StatusCode::kFailedPrecondition, "no Handoff store"));
}

TEST_F(RocksStoreDamageTest, ReportsARecordThatIsNone) {
  Open();
  store_.reset();
  ASSERT_TRUE(OpenRaw()->Put({}, key::Resource("Goal", "g"), "\xff\xff").ok());
  Open();
  EXPECT_THAT(store_->GetSnapshot()->Read({"Goal", "g"}),
              StatusIs(absl::StatusCode::kDataLoss, ""));
}

TEST_F(RocksStoreDamageTest, ReadsAMessageWhereverItsOriginalStands) {
  Open();
  store_.reset();
  v1::StoredMessage message;
  message.set_id("m1");
  message.set_original("as it came");
  message.set_digest("digest");
  const std::string record = message.SerializeAsString();  // fields in the order of their numbers
  ASSERT_TRUE(OpenRaw()->Put({}, key::Message("m1"), record).ok());
  ASSERT_TRUE(OpenRaw()->Put({}, key::Message("m2"), record.substr(0, record.size() - 1)).ok());
  Open();
  const auto snapshot = store_->GetSnapshot();
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto read, snapshot->ReadMessage(MessageId("m1")));
  EXPECT_EQ(read->digest(), "digest");
  EXPECT_EQ(read->original(), "");
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto original, snapshot->ReadOriginal(MessageId("m1")));
  EXPECT_EQ(original, "as it came");
  EXPECT_THAT(snapshot->ReadMessage(MessageId("m2")), StatusIs(absl::StatusCode::kDataLoss, ""));
}

TEST_F(RocksStoreDamageTest, ReportsABlockThatIsDamagedOrGone) {
  Open();
  CommitRandom("g", 1'000);
  store_.reset();
  std::string block;
  {
    const auto db = OpenRaw();
    ASSERT_TRUE(db->Get({}, key::Block(1, 0), &block).ok());
    block[block.size() / 2] ^= 1;
    ASSERT_TRUE(db->Put({}, key::Block(1, 0), block).ok());
  }
  Open();
  EXPECT_THAT(store_->GetSnapshot()->Read({"Goal", "g"}),
              StatusIs(absl::StatusCode::kDataLoss, ""));
  store_.reset();
  ASSERT_TRUE(OpenRaw()->Delete({}, key::Block(1, 0)).ok());
  Open();
  EXPECT_THAT(store_->GetSnapshot()->Read({"Goal", "g"}),
              StatusIs(absl::StatusCode::kDataLoss, ""));
}

TEST_F(RocksStoreDamageTest, RefusesToOpenWithoutAllOfItsFiles) {
  Open();
  CommitRandom("g", 10'000);
  store_.reset();
  Open();  // what only stood in the log moves to a file of its own
  store_.reset();
  std::filesystem::path blob;
  for (const auto& file : std::filesystem::directory_iterator(directory_.path())) {
    if (file.path().extension() == ".blob") blob = file.path();
  }
  ASSERT_FALSE(blob.empty());
  const auto refused =
      StatusIs(absl::StatusCode::kDataLoss, "missing or cut short: " + blob.filename().string());
  std::filesystem::resize_file(blob, std::filesystem::file_size(blob) - 1);
  EXPECT_THAT(OpenRocksStore(directory_.path()), refused);
  std::filesystem::remove(blob);
  EXPECT_THAT(OpenRocksStore(directory_.path()), refused);
}

TEST_F(RocksStoreDamageTest, LeavesAFolderOfSomebodyElseAlone) {
  const std::filesystem::path folder = directory_ / "other";
  std::filesystem::create_directory(folder);
  std::ofstream(folder / "letter.txt") << "dear";
  EXPECT_THAT(OpenRocksStore(folder.string()),
              StatusIs(absl::StatusCode::kFailedPrecondition, "letter.txt"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 1);
}

TEST_F(RocksStoreDamageTest, SaysThatTheDiskFailsWhereItCannotCreateTheStore) {
  EXPECT_THAT(OpenRocksStore("/proc/no-store-here"), StatusIs(absl::StatusCode::kUnavailable, ""));
}

}  // namespace
}  // namespace handoff::store::testing
