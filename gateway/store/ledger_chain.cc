#include "gateway/store/ledger_chain.h"

#include <algorithm>

#include "gateway/base/bytes.h"

namespace handoff::store {
namespace {

constexpr std::size_t kHashBytes = std::tuple_size_v<Sha256Digest>;

std::string HashOf(std::string_view previous, std::string_view entries) {
  std::string input;
  input.reserve(previous.size() + entries.size());
  input.append(previous).append(entries);
  const Sha256Digest digest = Sha256(input);
  return std::string(digest.begin(), digest.end());
}

}  // namespace

std::vector<EncodedEntries> EncodeEntries(const std::vector<v1::LedgerEntry>& ledger) {
  std::vector<std::pair<std::string, v1::LedgerRecord>> records;
  for (const v1::LedgerEntry& entry : ledger) {
    auto record = std::find_if(records.begin(), records.end(), [&](const auto& r) {
      return r.first == entry.message_id();
    });
    if (record == records.end()) {
      record = records.emplace(records.end(), entry.message_id(), v1::LedgerRecord());
    }
    *record->second.add_entries() = entry;
  }
  std::vector<EncodedEntries> encoded;
  encoded.reserve(records.size());
  for (auto& [message_id, record] : records) {
    record.SerializeToString(&encoded.emplace_back(std::move(message_id), std::string()).second);
  }
  return encoded;
}

LedgerChain::LedgerChain() : head_(kHashBytes, '\0') {}

std::string LedgerChain::Append(std::string entries, std::uint64_t commit) {
  v1::LedgerRecord tail;
  tail.set_previous(head_);
  head_ = HashOf(head_, entries);
  tail.set_hash(head_);
  tail.set_commit(commit);
  // Encoded messages that stand one behind the other read as one that has the fields of both.
  tail.AppendToString(&entries);
  return entries;
}

absl::Status LedgerVerifier::Add(const v1::LedgerRecord& record) {
  v1::LedgerRecord bare;
  *bare.mutable_entries() = record.entries();
  std::string entries;
  bare.SerializeToString(&entries);
  if (record.previous().size() != kHashBytes ||
      HashOf(record.previous(), entries) != record.hash()) {
    return absl::DataLossError("a ledger record is not what was written");
  }
  AddTo(hashes_, record.hash());
  AddTo(previous_, record.previous());
  return absl::OkStatus();
}

// Every record is the previous one of another, but the last, which is the head; and the first
// follows the zeros. So both sums take in the same hashes, and as a hash covers its predecessor's,
// records whose hashes add up so are one chain: no order and no table of hashes is needed.
absl::Status LedgerVerifier::Finish(std::string_view head) const {
  if (head.size() != kHashBytes) return absl::DataLossError("the head of the ledger is damaged");
  Sum expected = previous_;
  AddTo(expected, head);
  if (expected != hashes_) return absl::DataLossError("ledger records are missing or were added");
  return absl::OkStatus();
}

void LedgerVerifier::AddTo(Sum& sum, std::string_view hash) {
  for (std::size_t i = 0; i < kHashBytes; ++i) {
    sum[i / 8] += static_cast<std::uint64_t>(static_cast<std::uint8_t>(hash[i])) << (i % 8 * 8);
  }
}

}  // namespace handoff::store
