// The chain that makes the ledger tamper-evident.
//
// Each record holds the hash of the record before it, in the order of commits over all messages:
// hash = SHA-256(previous hash, entries). Whoever changes, drops or adds a record has to rewrite
// all that follow, and the head.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"

#include "handoff/v1/model.pb.h"

namespace handoff::store {

// Entries of one message in one commit, encoded as in a LedgerRecord that holds nothing else.
using EncodedEntries = std::pair<std::string, std::string>;  // message id, entries
std::vector<EncodedEntries> EncodeEntries(const std::vector<v1::LedgerEntry>& ledger);

// Thread safety: one thread at a time.
class LedgerChain {
 public:
  LedgerChain();
  // Goes on behind `head`, which must be a head() of before.
  explicit LedgerChain(std::string head) : head_(std::move(head)) {}

  const std::string& head() const { return head_; }

  // Turns entries into the encoded LedgerRecord that follows the head.
  std::string Append(std::string entries, std::uint64_t commit);

 private:
  std::string head_;  // 32 bytes; zeros before the first record
};

// Checks all records of a store, in any order and in constant memory.
class LedgerVerifier {
 public:
  // kDataLoss if the record is not what was written.
  absl::Status Add(const v1::LedgerRecord& record);
  // After the last record: kDataLoss if they do not form one chain from the first to `head`.
  absl::Status Finish(std::string_view head) const;

 private:
  using Sum = std::array<std::uint64_t, 4>;
  static void AddTo(Sum& sum, std::string_view hash);

  Sum hashes_{};
  Sum previous_{};
};

}  // namespace handoff::store
