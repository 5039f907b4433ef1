// Binary keys: one byte that names the table, then the parts. gateway/docs/storage.md shows them
// worked out.
//
// Numbers are big-endian, so that byte order is numeric order. A text that is followed by another
// part carries its length in front (varint), so that no text, whatever bytes it holds, can be
// mistaken for another key.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/base/ids.h"
#include "gateway/store/delivery_book.h"
#include "gateway/store/store.h"

namespace handoff::store::key {

enum class Table : char {
  kMeta = 0,
  kVisible = 'A',
  kBlock = 'B',
  kPending = 'D',
  kReferral = 'F',
  kHeld = 'H',
  kLink = 'K',
  kLedger = 'L',
  kMessage = 'M',
  kListing = 'N',
  kStreamAck = 'O',
  kPerson = 'P',
  kResource = 'R',
  kStreamItem = 'S',
  kTransition = 'T',
  kVersion = 'V',
  kDead = 'X',
};

std::string TablePrefix(Table table);

std::string Message(std::string_view message_id);
std::string Block(std::uint64_t commit, std::uint64_t index);
std::string Resource(std::string_view type, std::string_view id);
std::string VersionPrefix(std::string_view type, std::string_view id);
std::string Version(std::string_view type, std::string_view id, std::uint64_t version);
std::string ListingPrefix(std::uint64_t person);
std::string Listing(std::uint64_t person, std::uint64_t commit);
std::string Link(LinkKind kind, std::string_view name);
std::string Person(std::uint64_t person);
std::string Transition(std::string_view id);
std::string Referral(std::string_view id);
std::string VisiblePrefix(std::string_view party);
std::string Visible(std::string_view party, std::uint64_t person);
std::string Pending(std::string_view recipient, std::uint64_t person, std::uint64_t sequence);
std::string Dead(std::string_view delivery_id);
std::string Held(std::string_view delivery_id);
// That of the three under which it is kept at `place`.
std::string Delivery(std::string_view delivery_id, const DeliveryPlace& place);
std::string StreamPrefix(std::string_view stream);
std::string StreamItem(std::string_view stream, std::uint64_t sequence);
std::string StreamAck(std::string_view stream);
std::string LedgerPrefix(std::string_view message_id);
std::string Ledger(std::string_view message_id, std::uint64_t commit);
// Format version, last commit and head of the ledger chain.
std::string Meta();

// The front that a key shares with those that are written shortly before and behind it, in order:
// its table, and within it the stream, party, lane's recipient, type or kind of link. The whole key
// if it is none of ours.
std::string_view Family(std::string_view key);

// The same in every process and every version of Handoff's binary.
std::uint64_t Hash(std::string_view key);

// Pieces of keys and of packed values.
void AppendNumber(std::string& out, std::uint64_t value);
void AppendText(std::string& out, std::string_view text);  // with its length in front
// Each takes its piece off the front of `in`; nullopt if it is not there whole.
std::optional<std::uint64_t> TakeNumber(std::string_view& in);
std::optional<std::string_view> TakeText(std::string_view& in);

}  // namespace handoff::store::key
