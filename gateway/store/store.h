// Where everything accepted lives: messages, resources and their versions, persons, stays,
// referrals, deliveries, ledger.
//
// A batch is on disk, whole, before its commit is reported (unless it asks for less, see
// Durability); a crash at any point leaves all of it or nothing. Plans are made on a Snapshot,
// which remembers what it read; a commit fails with kAborted if any of that changed in between, and
// the caller plans again. One committer groups concurrent commits into one disk sync.
//
// The in-memory fake, RocksDB and (later) PostgreSQL pass one contract suite:
// tests/contract/store_contract.h.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "gateway/base/clock.h"
#include "gateway/base/ids.h"
#include "gateway/store/resource_version.h"
#include "handoff/v1/model.pb.h"

namespace handoff::store {

// Names that lead to something: an exact key in one of these spaces, written once, replaced by a
// later write.
enum class LinkKind : std::uint8_t {
  kIdentifierToPerson = 1,    // "system|value" -> PersonId, decimal
  kSenderMessage = 2,         // "party|sender's message id" -> MessageId
  kResourceToReferral = 3,    // "ServiceRequest/id" or "Task/id" -> Referral.id
  kResourceToTransition = 4,  // "Encounter/id" -> Transition.id
  kConditionalKey = 5,        // "party|Type?query" of an ifNoneExist create -> "Type/id"
};

struct Query {
  std::string type;
  // In whose records to look, ascending; PersonId::kNone stands for resources that are about no
  // one.
  std::vector<PersonId> persons = {};
  // Every group must match; a group matches if one of its tokens ("status=|active") is among the
  // resource's.
  std::vector<std::vector<std::string>> tokens = {};
  std::optional<std::string> id = {};
  std::optional<Timestamp> updated_from = {};   // inclusive
  std::optional<Timestamp> updated_until = {};  // exclusive
  std::size_t limit = 50;
  std::string resume = {};  // Page::resume of the page before; empty: from the start
};

// What was read, for all who read it; null if there is none.
using SharedResource = std::shared_ptr<const ResourceVersion>;

// Items in the order (person, type, id): stable while others write. A page may hold fewer items
// than asked for, even none, and have a `resume`: a call looks at a bounded number of resources.
// Deleted resources are left out.
struct Page {
  std::vector<SharedResource> items;
  std::string resume;  // empty: no more
};

using SharedPerson = std::shared_ptr<const v1::Person>;
using SharedTransition = std::shared_ptr<const v1::Transition>;
using SharedReferral = std::shared_ptr<const v1::Referral>;

// Without the bytes as they came.
using SharedMessage = std::shared_ptr<const v1::StoredMessage>;

// One consistent view of the store. Reads of current state are remembered (see Commit); reads of
// what never changes (versions, messages, ledger), Find() and ResourcesOf() are not.
//
// Thread safety: one thread at a time. Must not outlive the store.
// Errors of every read: kUnavailable if the disk fails, kDataLoss if a record is damaged.
class Snapshot {
 public:
  virtual ~Snapshot() = default;

  // The current version, a deletion included; null if there never was one.
  virtual absl::StatusOr<SharedResource> Read(const ResourceKey& key) = 0;
  // As Read for many, in order: one round trip.
  virtual absl::StatusOr<std::vector<SharedResource>> ReadMany(
      const std::vector<ResourceKey>& keys) = 0;
  virtual absl::StatusOr<SharedResource> ReadVersion(const ResourceKey& key,
                                                     std::uint64_t version) = 0;
  // Newest first. `before_version` 0: from the current one.
  virtual absl::StatusOr<std::vector<SharedResource>> History(const ResourceKey& key,
                                                              std::uint64_t before_version,
                                                              std::size_t limit) = 0;
  virtual absl::StatusOr<Page> Find(const Query& query) = 0;
  // All that is, or once was, about the person, of any type; in the order (type, id).
  virtual absl::StatusOr<std::vector<ResourceKey>> ResourcesOf(PersonId person) = 0;

  virtual absl::StatusOr<std::optional<std::string>> Lookup(LinkKind kind,
                                                            std::string_view key) = 0;
  virtual absl::StatusOr<SharedPerson> ReadPerson(PersonId id) = 0;
  virtual absl::StatusOr<SharedTransition> ReadTransition(std::string_view id) = 0;
  virtual absl::StatusOr<SharedReferral> ReadReferral(std::string_view id) = 0;
  // Persons whom a party may know of (Batch::visible), ascending from after `after`.
  virtual absl::StatusOr<std::vector<PersonId>> PersonsOf(const PartyKey& party,
                                                          PersonId after,
                                                          std::size_t limit) = 0;

  virtual absl::StatusOr<SharedMessage> ReadMessage(const MessageId& id) = 0;
  // The bytes as they came; nullopt if there is no such message.
  virtual absl::StatusOr<std::optional<std::string>> ReadOriginal(const MessageId& id) = 0;
  // All ledger entries of one message, in the order of commits.
  virtual absl::StatusOr<std::vector<v1::LedgerEntry>> Ledger(const MessageId& id) = 0;
};

// The person, or whom a steward found them to be (Person.merged_into); null if there is none.
absl::StatusOr<SharedPerson> ReadSurvivor(Snapshot& snapshot, PersonId id);

// To whom an identifier leads ("system|value", LinkKind::kIdentifierToPerson), merges followed;
// kNone if to nobody. Errors: kDataLoss the link is damaged.
absl::StatusOr<PersonId> PersonByIdentifier(Snapshot& snapshot, std::string_view key);

// What came with `message` and is of the person, or of no one, but `except`; in its order. The
// current version; of what was deleted since, the one that came.
absl::StatusOr<std::vector<SharedResource>> ReadBeside(Snapshot& snapshot,
                                                       const v1::StoredMessage& message,
                                                       std::uint64_t person_id,
                                                       const std::vector<ResourceKey>& except = {});

// An item of a stream: deliveries that a party pulls (gRPC), in one total order per stream.
struct StreamItem {
  std::string stream;  // "nha/transitions": party key, then topic
  v1::Delivery delivery;
};

struct StreamAck {
  std::string stream;
  std::uint64_t sequence;  // this item and all before it are handled
};

// What a commit waits for before it is reported.
enum class Durability : std::uint8_t {
  // The disk has it.
  kOnDisk,
  // It stands in the log, in its place: a crash of the process loses nothing. The disk has it with
  // the next commit that is kOnDisk, or when the system writes back, half a minute later; a crash
  // of
  // the machine before that undoes it, and all kWritten commits after it. For what its caller then
  // does again without harm: it takes no disk sync of its own.
  kWritten,
};

// A version of a resource as a commit writes it: an encoded StoredResource, and what of it the
// store files it under. Who plans many encodes them field by field.
struct ResourceRecord {
  ResourceRecord() = default;
  ResourceRecord(const v1::StoredResource& stored);  // NOLINT(google-explicit-constructor)

  ResourceKey key;
  std::uint64_t version = 0;  // that was read + 1; the one before stays readable
  std::uint64_t person = 0;
  std::string encoded;
};

// Everything that one commit changes.
struct Batch {
  Durability durability = Durability::kOnDisk;
  // Whose reads must still hold; null: no precondition.
  std::shared_ptr<Snapshot> planned_on;

  std::optional<v1::StoredMessage> message;
  // Of the message, the bytes as they came: to be held until Commit() returns.
  std::string_view original;
  std::vector<ResourceRecord> resources;
  std::vector<std::pair<std::pair<LinkKind, std::string>, std::string>> links;
  std::vector<v1::Person> persons;
  std::vector<v1::Transition> transitions;
  std::vector<v1::Referral> referrals;
  std::vector<std::pair<PartyKey, PersonId>> visible;

  std::vector<v1::Delivery> enqueue;     // new, PENDING or HELD; the commit sets `sequence`
  std::vector<v1::Delivery> reschedule;  // attempts, due_us and last_error changed; still pending
  // Pending or held. DELIVERED, WITHHELD: removed; DEAD: to dead letters; HELD: kept for a steward.
  std::vector<v1::Delivery> settle;
  std::vector<v1::Delivery> release;  // held ones, pending again where they stood in their lane
  std::vector<v1::Delivery> replay;   // dead letters, pending again at the end of their lane
  std::vector<std::string> discard;   // ids of dead letters that are given up
  std::vector<StreamItem> append;     // the commit sets `delivery.sequence`
  std::vector<StreamAck> acknowledge;

  std::vector<v1::LedgerEntry> ledger;  // each with message_id
};

struct Committed {
  std::uint64_t sequence = 0;  // of the commit; grows
};

// A pending delivery at the head of its lane, leased to the caller.
struct Claim {
  v1::Delivery delivery;
};

// Deliveries of one recipient in one state.
struct Backlog {
  std::string recipient;  // empty: events that wait for a steward before anybody is chosen
  v1::DeliveryState state = v1::DELIVERY_STATE_PENDING;  // or HELD, DEAD
  std::size_t count = 0;
  std::string oldest;  // the least of their ids: what came first, replays included
};

struct Statistics {
  std::uint64_t commits = 0;
  std::uint64_t disk_syncs = 0;
  std::uint64_t conflicts = 0;
  std::size_t deliveries_pending = 0;
  std::size_t deliveries_dead = 0;
  std::size_t deliveries_held = 0;
  std::vector<Backlog> backlogs;  // those that are not empty, by state and recipient
};

// Thread safety: all methods may be called concurrently.
class Store {
 public:
  virtual ~Store() = default;

  virtual std::shared_ptr<Snapshot> GetSnapshot() = 0;

  // Commits in the order of calls that do not conflict. `done` runs once, in that order, on the
  // committer's thread, when the batch is as durable as it asks: it must not block. A batch refused
  // before it is queued calls `done` at once, on the calling thread. A delivery or dead letter that
  // is not there (any more) is settled, rescheduled, released, replayed or discarded without
  // effect, so a caller may repeat what it is not sure of; the same holds for enqueueing an id that
  // is pending, held or dead.
  //
  // Errors:
  //   kAborted            a read of `planned_on` no longer holds; nothing was written, plan again
  //   kResourceExhausted  the commit queue, or the number of pending and held deliveries, is at its
  //                       bound
  //   kInvalidArgument    the batch contradicts itself; nothing was written
  //   kUnavailable        the disk refused; after a crash the batch may be found written or not
  virtual void Commit(Batch batch, absl::AnyInvocable<void(absl::StatusOr<Committed>)> done) = 0;
  // The same, waiting.
  absl::StatusOr<Committed> CommitAndWait(Batch batch);

  // Tells whether a recipient may have one more delivery now. Called with the lanes locked: must
  // not call the store.
  using Wanted = std::function<bool(const std::string& recipient)>;

  // Up to `limit` lane heads that are due at `now`, of push channels, oldest due first, at most one
  // of each lane and none that is leased. `wanted` is asked before each claim: true, and the head
  // is claimed; false, and the recipient's heads stay where they are without being asked about
  // again in this call, so one recipient's thousands of due lanes cost nothing while it is parked.
  // A claimed delivery is leased until `now + lease`; settle, reschedule or Release() ends the
  // lease. After a crash the leases are void: the process that held them is gone.
  virtual std::vector<Claim> ClaimDue(Timestamp now,
                                      std::chrono::milliseconds lease,
                                      std::size_t limit,
                                      const Wanted& wanted) = 0;
  virtual void Release(const std::string& delivery_id) = 0;
  // When the next lane head of a push channel, of a wanted recipient, may be claimed; nullopt if
  // there is none. A leased head may be claimed again when its lease ends.
  virtual std::optional<Timestamp> NextDue(const Wanted& wanted) = 0;

  virtual absl::StatusOr<std::vector<v1::Delivery>> ListDeliveries(v1::DeliveryState state,
                                                                   const std::string& recipient,
                                                                   const std::string& after_id,
                                                                   std::size_t limit) = 0;
  virtual absl::StatusOr<std::optional<v1::Delivery>> ReadDelivery(const std::string& id) = 0;

  // Items of a stream after `after`, oldest first; acknowledged ones too while they are kept.
  virtual absl::StatusOr<std::vector<v1::Delivery>> ReadStream(const std::string& stream,
                                                               std::uint64_t after,
                                                               std::size_t limit) = 0;
  // The sequence of the newest item of a stream; 0: none.
  virtual absl::StatusOr<std::uint64_t> StreamEnd(const std::string& stream) = 0;
  // The last acknowledged sequence of a stream; 0: none.
  virtual absl::StatusOr<std::uint64_t> StreamPosition(const std::string& stream) = 0;

  // Called after a commit that added deliveries or stream items, on the committer's thread: must
  // not block or commit.
  struct Notice {
    bool deliveries = false;
    std::vector<std::string> streams;
  };
  virtual void SetListener(std::function<void(const Notice&)> listener) = 0;

  // Reads the whole ledger and checks its chain of hashes (minutes for a large store).
  // Errors: kDataLoss an entry was changed, dropped or added; kUnavailable the disk fails.
  virtual absl::Status VerifyLedger() = 0;

  // Readable and writable now.
  virtual absl::Status Health() = 0;
  virtual Statistics GetStatistics() = 0;
};

}  // namespace handoff::store
