#include "gateway/store/rocksdb/encoded_batch.h"

#include <algorithm>

#include "gateway/base/bytes.h"
#include "gateway/base/status_macros.h"
#include "gateway/store/keys.h"
#include "gateway/store/rocksdb/rocks_snapshot.h"

namespace handoff::store {
namespace {

// A message without its original: the receipt and the stories of some events.
constexpr std::size_t kTypicalMessage = std::size_t{4} << 10;

void AddRecord(EncodedBatch& encoded, std::string key, const google::protobuf::MessageLite& value) {
  value.SerializeToString(&encoded.records.emplace_back(std::move(key), std::string()).second);
}

void AddLarge(EncodedBatch& encoded, BlockBuilder& block, std::string key, std::string record) {
  if (record.size() < BlockBuilder::kMinRecord) {
    encoded.records.emplace_back(std::move(key), std::move(record));
  } else {
    encoded.slices.emplace_back(std::move(key), block.Add({record}));
  }
}

// The original is the last field of the record: it goes into the block from where it is.
void AddMessage(EncodedBatch& encoded,
                BlockBuilder& block,
                const v1::StoredMessage& message,
                std::string_view original) {
  std::string key = key::Message(message.id());
  std::string record = message.SerializeAsString();
  AppendFieldHead(v1::StoredMessage::kOriginalFieldNumber, original.size(), &record);
  if (record.size() + original.size() < BlockBuilder::kMinRecord) {
    encoded.records.emplace_back(std::move(key), record.append(original));
  } else {
    encoded.slices.emplace_back(std::move(key), block.Add({record, original}));
  }
}

// A resource is listed under its person once, by the commit that first says it is about them.
void AddResource(EncodedBatch& encoded,
                 BlockBuilder& block,
                 const RocksSnapshot* snapshot,
                 ResourceRecord resource) {
  const auto& [type, id] = resource.key;
  std::string key = key::Resource(type, id);
  const RocksSnapshot::Seen* seen = snapshot == nullptr ? nullptr : snapshot->FindSeen(key);
  if (seen == nullptr && resource.version > 1) {
    encoded.unread.push_back({key, resource.person, type, id});
  } else {
    const bool replaces = seen != nullptr && !seen->stored.empty();
    if (replaces) {
      encoded.records.emplace_back(key::Version(type, id, seen->version), seen->stored);
    }
    if (!replaces || seen->person != resource.person) {
      encoded.listings.Add(resource.person, type, id);
    }
  }
  AddLarge(encoded, block, std::move(key), std::move(resource.encoded));
}

}  // namespace

void Listings::Add(std::uint64_t person, std::string_view type, std::string_view id) {
  auto own =
      std::find_if(all_.begin(), all_.end(), [&](const auto& l) { return l.first == person; });
  if (own == all_.end()) own = all_.emplace(own, person, std::string());
  key::AppendText(own->second, type);
  key::AppendText(own->second, id);
}

absl::StatusOr<EncodedBatch> Encode(Batch batch) {
  EncodedBatch encoded;
  encoded.durability = batch.durability;
  HANDOFF_ASSIGN_OR_RETURN(encoded.reads, ReadsOf(batch));
  encoded.writes = WritesOf(batch);
  encoded.records.reserve(2 * batch.resources.size() + batch.links.size() + batch.persons.size() +
                          batch.transitions.size() + batch.referrals.size() + batch.visible.size() +
                          1);
  BlockBuilder block;
  std::size_t bytes = batch.original.size() + kTypicalMessage;
  for (const ResourceRecord& resource : batch.resources) bytes += resource.encoded.size();
  block.Reserve(bytes);
  if (batch.message) AddMessage(encoded, block, *batch.message, batch.original);
  const auto* snapshot = dynamic_cast<const RocksSnapshot*>(batch.planned_on.get());
  for (ResourceRecord& resource : batch.resources) {
    AddResource(encoded, block, snapshot, std::move(resource));
  }
  encoded.blocks = block.Finish();
  for (auto& [link, target] : batch.links) {
    encoded.records.emplace_back(key::Link(link.first, link.second), std::move(target));
  }
  for (const auto& person : batch.persons) {
    AddRecord(encoded, key::Person(person.id()), person);
  }
  for (const auto& transition : batch.transitions) {
    AddRecord(encoded, key::Transition(transition.id()), transition);
  }
  for (const auto& referral : batch.referrals) {
    AddRecord(encoded, key::Referral(referral.id()), referral);
  }
  for (const auto& [party, person] : batch.visible) {
    encoded.records.emplace_back(key::Visible(party.value(), static_cast<std::uint64_t>(person)),
                                 std::string());
  }
  encoded.ledger = EncodeEntries(batch.ledger);

  encoded.deliveries.enqueue = std::move(batch.enqueue);
  encoded.deliveries.reschedule = std::move(batch.reschedule);
  encoded.deliveries.settle = std::move(batch.settle);
  encoded.deliveries.release = std::move(batch.release);
  encoded.deliveries.replay = std::move(batch.replay);
  encoded.deliveries.discard = std::move(batch.discard);
  encoded.deliveries.append = std::move(batch.append);
  encoded.deliveries.acknowledge = std::move(batch.acknowledge);
  return encoded;
}

}  // namespace handoff::store
