#include "gateway/store/rocksdb/rocks_snapshot.h"

#include <algorithm>
#include <utility>

#include <google/protobuf/arena.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include "gateway/base/status_macros.h"
#include "gateway/store/rocksdb/recovery.h"

namespace handoff::store {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

// Candidates that one Find() looks at before it hands over what it has: some 20 ms.
constexpr std::size_t kFindBudget = 5000;
// Records read at once by Find().
constexpr std::size_t kFindChunk = 64;

// What of a message's record stands before its original, which commits write last: all there is to
// read but those bytes.
std::string_view BeforeOriginal(std::string_view record) {
  CodedInputStream in(reinterpret_cast<const std::uint8_t*>(record.data()),
                      static_cast<int>(record.size()));
  while (true) {
    const auto begin = static_cast<std::size_t>(in.CurrentPosition());
    const std::uint32_t tag = in.ReadTag();
    if (WireFormatLite::GetTagFieldNumber(tag) != v1::StoredMessage::kOriginalFieldNumber) {
      if (tag == 0 || !WireFormatLite::SkipField(&in, tag)) return record;
      continue;
    }
    std::uint32_t length = 0;
    const bool is_last = in.ReadVarint32(&length) &&
                         record.size() - static_cast<std::size_t>(in.CurrentPosition()) == length;
    return is_last ? record.substr(0, begin) : record;
  }
}

template <class T>
void SortAndUnite(std::vector<T>& items) {
  std::sort(items.begin(), items.end());
  items.erase(std::unique(items.begin(), items.end()), items.end());
}

template <class Message>
std::shared_ptr<const Message> Share(std::optional<Message> message) {
  if (!message) return nullptr;
  return std::make_shared<const Message>(*std::move(message));
}

}  // namespace

RocksSnapshot::RocksSnapshot(const RocksDb& db,
                             BlockCache& cache,
                             const RecentWrites& recent,
                             std::uint64_t sequence)
    : TrackedSnapshot(sequence),
      db_(db),
      recent_(recent),
      snapshot_(db.raw().GetSnapshot()),
      blocks_(db_, cache, snapshot_) {}

RocksSnapshot::~RocksSnapshot() { db_.raw().ReleaseSnapshot(snapshot_); }

template <class Message>
absl::StatusOr<std::optional<Message>> RocksSnapshot::Get(const std::string& key) {
  HANDOFF_ASSIGN_OR_RETURN(const std::optional<std::string> stored, GetStored(key));
  if (!stored) return std::nullopt;
  HANDOFF_ASSIGN_OR_RETURN(const std::string_view record, blocks_.Resolve(*stored));
  return Decode<Message>(record);
}

absl::StatusOr<SharedResource> RocksSnapshot::GetResource(const std::string& key) {
  HANDOFF_ASSIGN_OR_RETURN(const std::optional<std::string> stored, GetStored(key));
  if (!stored) return nullptr;
  HANDOFF_ASSIGN_OR_RETURN(const std::string_view record, blocks_.Resolve(*stored));
  return ResourceVersion::Read(record);
}

absl::StatusOr<std::optional<std::string>> RocksSnapshot::GetStored(const std::string& key) const {
  if (auto stored = recent_.Find(key, sequence())) return stored;
  return db_.Get(key, snapshot_);
}

absl::StatusOr<std::vector<std::optional<std::string>>> RocksSnapshot::GetMany(
    const std::vector<std::string>& keys) const {
  std::vector<std::optional<std::string>> values(keys.size());
  std::vector<std::size_t> places;  // in `keys`, of those that are to be asked for
  std::vector<rocksdb::Slice> slices;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    values[i] = recent_.Find(keys[i], sequence());
    if (values[i]) continue;
    places.push_back(i);
    slices.emplace_back(keys[i]);
  }
  if (places.empty()) return values;
  std::vector<rocksdb::PinnableSlice> found(places.size());
  std::vector<rocksdb::Status> statuses(places.size());
  rocksdb::ReadOptions options;
  options.snapshot = snapshot_;
  db_.raw().MultiGet(options,
                     db_.raw().DefaultColumnFamily(),
                     places.size(),
                     slices.data(),
                     found.data(),
                     statuses.data());
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (statuses[i].IsNotFound()) continue;
    HANDOFF_RETURN_IF_ERROR(FromRocks(statuses[i]));
    values[places[i]].emplace(ToView(found[i]));
  }
  return values;
}

absl::StatusOr<SharedResource> RocksSnapshot::Read(const ResourceKey& key) {
  HANDOFF_ASSIGN_OR_RETURN(auto resources, ReadMany({key}));
  return std::move(resources.front());
}

absl::StatusOr<std::vector<SharedResource>> RocksSnapshot::ReadMany(
    const std::vector<ResourceKey>& keys) {
  std::vector<std::string> names;
  names.reserve(keys.size());
  for (const ResourceKey& key : keys) {
    Remember(names.emplace_back(key::Resource(key.type, key.id)));
  }
  HANDOFF_ASSIGN_OR_RETURN(std::vector<std::optional<std::string>> records, GetMany(names));
  std::vector<SharedResource> resources(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    Seen seen;
    if (records[i]) {
      HANDOFF_ASSIGN_OR_RETURN(const std::string_view record, blocks_.Resolve(*records[i]));
      HANDOFF_ASSIGN_OR_RETURN(resources[i], ResourceVersion::Read(record));
      seen.person = resources[i]->person_id();
      seen.version = resources[i]->version();
      seen.stored = *std::move(records[i]);
    }
    seen_.insert_or_assign(std::move(names[i]), std::move(seen));
  }
  return resources;
}

const RocksSnapshot::Seen* RocksSnapshot::FindSeen(const std::string& key) const {
  const auto entry = seen_.find(key);
  return entry == seen_.end() ? nullptr : &entry->second;
}

absl::StatusOr<SharedResource> RocksSnapshot::ReadVersion(const ResourceKey& key,
                                                          std::uint64_t version) {
  const std::string current_key = key::Resource(key.type, key.id);
  // Who has read the current version knows that it is another.
  if (const Seen* seen = FindSeen(current_key); seen == nullptr || seen->version == version) {
    HANDOFF_ASSIGN_OR_RETURN(SharedResource current, GetResource(current_key));
    if (!current || current->version() == version) return current;
  }
  return GetResource(key::Version(key.type, key.id, version));
}

absl::StatusOr<std::vector<SharedResource>> RocksSnapshot::History(const ResourceKey& key,
                                                                   std::uint64_t before_version,
                                                                   std::size_t limit) {
  std::vector<SharedResource> history;
  HANDOFF_ASSIGN_OR_RETURN(SharedResource current, GetResource(key::Resource(key.type, key.id)));
  if (!current || limit == 0) return history;
  const std::uint64_t newest = current->version();
  if (before_version == 0 || newest < before_version) history.push_back(std::move(current));
  if (before_version == 0 || before_version > newest) before_version = newest;

  Scan scan(db_, snapshot_, key::VersionPrefix(key.type, key.id));
  std::string last;
  key::AppendNumber(last, before_version - 1);
  for (scan.SeekBack(last); scan.Valid() && history.size() < limit; scan.Previous()) {
    HANDOFF_ASSIGN_OR_RETURN(const std::string_view record, blocks_.Resolve(scan.value()));
    HANDOFF_ASSIGN_OR_RETURN(history.emplace_back(), ResourceVersion::Read(record));
  }
  HANDOFF_RETURN_IF_ERROR(scan.status());
  return history;
}

template <class Visit>
absl::Status RocksSnapshot::VisitListed(std::uint64_t person, const Visit& visit) const {
  Scan scan(db_, snapshot_, key::ListingPrefix(person));
  for (scan.Seek(""); scan.Valid(); scan.Next()) {
    for (std::string_view packed = scan.value(); !packed.empty();) {
      const auto type = key::TakeText(packed);
      const auto id = key::TakeText(packed);
      if (!type || !id) return absl::DataLossError("a record is damaged");
      visit(*type, *id);
    }
  }
  return scan.status();
}

absl::StatusOr<std::vector<ResourceKey>> RocksSnapshot::ResourcesOf(PersonId person) {
  std::vector<ResourceKey> keys;
  HANDOFF_RETURN_IF_ERROR(VisitListed(static_cast<std::uint64_t>(person),
                                      [&](std::string_view type, std::string_view id) {
                                        keys.push_back({std::string(type), std::string(id)});
                                      }));
  SortAndUnite(keys);
  return keys;
}

absl::StatusOr<Page> RocksSnapshot::Find(const Query& query) {
  HANDOFF_ASSIGN_OR_RETURN(const std::optional<PagePosition> after, DecodeResume(query.resume));
  Page page;
  if (query.limit == 0) return page;
  std::size_t budget = kFindBudget;
  for (const PersonId person_id : query.persons) {
    const auto person = static_cast<std::uint64_t>(person_id);
    if (after && person < after->person) continue;
    if (budget == 0) {
      page.resume = EncodeResume({person, ""});
      break;
    }
    --budget;
    std::vector<std::string> ids;
    HANDOFF_RETURN_IF_ERROR(VisitListed(person, [&](std::string_view type, std::string_view id) {
      if (type == query.type && (!query.id || id == *query.id)) ids.emplace_back(id);
    }));
    SortAndUnite(ids);
    if (after && person == after->person) {
      ids.erase(ids.begin(), std::upper_bound(ids.begin(), ids.end(), after->id));
    }
    HANDOFF_ASSIGN_OR_RETURN(const std::optional<std::string> stopped,
                             FindOf(person, std::move(ids), query, budget, page));
    if (stopped) {
      page.resume = EncodeResume({person, *stopped});
      break;
    }
  }
  return page;
}

absl::StatusOr<std::optional<std::string>> RocksSnapshot::FindOf(std::uint64_t person,
                                                                 std::vector<std::string> ids,
                                                                 const Query& query,
                                                                 std::size_t& budget,
                                                                 Page& page) {
  std::string last;
  for (std::size_t begin = 0; begin < ids.size();) {
    if (budget == 0) return last;
    const std::size_t n = std::min({ids.size() - begin, budget, kFindChunk});
    std::vector<std::string> keys;
    for (std::size_t i = 0; i < n; ++i) keys.push_back(key::Resource(query.type, ids[begin + i]));
    HANDOFF_ASSIGN_OR_RETURN(const auto records, GetMany(keys));
    for (std::size_t i = 0; i < n; ++i) {
      if (!records[i]) continue;
      HANDOFF_ASSIGN_OR_RETURN(const std::string_view record, blocks_.Resolve(*records[i]));
      HANDOFF_ASSIGN_OR_RETURN(SharedResource resource, ResourceVersion::Read(record));
      // It may be about someone else by now: then it is listed there too.
      if (resource->person_id() != person || !Matches(*resource, query)) continue;
      if (page.items.size() >= query.limit) return last;
      page.items.push_back(std::move(resource));
      last = ids[begin + i];
    }
    last = ids[begin + n - 1];
    begin += n;
    budget -= n;
  }
  return std::nullopt;
}

absl::StatusOr<std::optional<std::string>> RocksSnapshot::Lookup(LinkKind kind,
                                                                 std::string_view key) {
  const std::string name = key::Link(kind, key);
  Remember(name);
  return db_.Get(name, snapshot_);
}

absl::StatusOr<SharedPerson> RocksSnapshot::ReadPerson(PersonId id) {
  const std::string key = key::Person(static_cast<std::uint64_t>(id));
  Remember(key);
  HANDOFF_ASSIGN_OR_RETURN(auto person, Get<v1::Person>(key));
  return Share(std::move(person));
}

absl::StatusOr<SharedTransition> RocksSnapshot::ReadTransition(std::string_view id) {
  const std::string key = key::Transition(id);
  Remember(key);
  HANDOFF_ASSIGN_OR_RETURN(auto transition, Get<v1::Transition>(key));
  return Share(std::move(transition));
}

absl::StatusOr<SharedReferral> RocksSnapshot::ReadReferral(std::string_view id) {
  const std::string key = key::Referral(id);
  Remember(key);
  HANDOFF_ASSIGN_OR_RETURN(auto referral, Get<v1::Referral>(key));
  return Share(std::move(referral));
}

absl::StatusOr<std::vector<PersonId>> RocksSnapshot::PersonsOf(const PartyKey& party,
                                                               PersonId after,
                                                               std::size_t limit) {
  std::vector<PersonId> persons;
  Scan scan(db_, snapshot_, key::VisiblePrefix(party.value()));
  std::string from;
  key::AppendNumber(from, static_cast<std::uint64_t>(after));
  for (scan.Seek(from); scan.Valid() && persons.size() < limit; scan.Next()) {
    std::string_view rest = scan.rest();
    const auto person = key::TakeNumber(rest);
    if (!person || !rest.empty()) return absl::DataLossError("a record is damaged");
    if (*person != static_cast<std::uint64_t>(after)) persons.push_back(PersonId{*person});
  }
  HANDOFF_RETURN_IF_ERROR(scan.status());
  return persons;
}

absl::StatusOr<SharedMessage> RocksSnapshot::ReadMessage(const MessageId& id) {
  HANDOFF_ASSIGN_OR_RETURN(const std::optional<std::string> stored,
                           GetStored(key::Message(id.value())));
  if (!stored) return nullptr;
  HANDOFF_ASSIGN_OR_RETURN(const std::string_view record, blocks_.Resolve(*stored));
  // Of many small parts, which come and go together.
  auto arena = std::make_shared<google::protobuf::Arena>();
  auto* const message = google::protobuf::Arena::CreateMessage<v1::StoredMessage>(arena.get());
  const std::string_view read = BeforeOriginal(record);
  if (!message->ParseFromArray(read.data(), static_cast<int>(read.size()))) {
    return absl::DataLossError("a record is damaged");
  }
  message->clear_original();
  return SharedMessage(std::move(arena), message);
}

absl::StatusOr<std::optional<std::string>> RocksSnapshot::ReadOriginal(const MessageId& id) {
  HANDOFF_ASSIGN_OR_RETURN(auto message, Get<v1::StoredMessage>(key::Message(id.value())));
  if (!message) return std::nullopt;
  return std::move(*message->mutable_original());
}

absl::StatusOr<std::vector<v1::LedgerEntry>> RocksSnapshot::Ledger(const MessageId& id) {
  std::vector<v1::LedgerEntry> entries;
  Scan scan(db_, snapshot_, key::LedgerPrefix(id.value()));
  for (scan.Seek(""); scan.Valid(); scan.Next()) {
    HANDOFF_ASSIGN_OR_RETURN(const auto record, Decode<v1::LedgerRecord>(scan.value()));
    entries.insert(entries.end(), record.entries().begin(), record.entries().end());
  }
  HANDOFF_RETURN_IF_ERROR(scan.status());
  return entries;
}

absl::Status RocksSnapshot::VerifyLedger() const {
  HANDOFF_ASSIGN_OR_RETURN(const std::optional<std::string> record,
                           db_.Get(key::Meta(), snapshot_));
  if (!record) return absl::DataLossError("a record of the store is damaged");
  HANDOFF_ASSIGN_OR_RETURN(const Meta meta, DecodeMeta(*record));
  LedgerVerifier verifier;
  Scan scan(db_, snapshot_, key::TablePrefix(key::Table::kLedger));
  for (scan.Seek(""); scan.Valid(); scan.Next()) {
    HANDOFF_ASSIGN_OR_RETURN(const auto ledger_record, Decode<v1::LedgerRecord>(scan.value()));
    HANDOFF_RETURN_IF_ERROR(verifier.Add(ledger_record));
  }
  HANDOFF_RETURN_IF_ERROR(scan.status());
  return verifier.Finish(meta.ledger_head);
}

}  // namespace handoff::store
