#include "gateway/store/keys.h"

#include <functional>

namespace handoff::store::key {
namespace {

constexpr std::size_t kNumberBytes = 8;

std::string WithTail(Table table, std::string_view tail) {
  std::string key;
  key.reserve(1 + tail.size());
  key.push_back(static_cast<char>(table));
  key.append(tail);
  return key;
}

std::string WithText(Table table, std::string_view text) {
  std::string key;
  key.reserve(2 + text.size() + kNumberBytes);
  key.push_back(static_cast<char>(table));
  AppendText(key, text);
  return key;
}

std::string WithNumber(std::string key, std::uint64_t number) {
  AppendNumber(key, number);
  return key;
}

}  // namespace

std::string TablePrefix(Table table) { return std::string(1, static_cast<char>(table)); }

std::string Message(std::string_view message_id) { return WithTail(Table::kMessage, message_id); }

std::string Block(std::uint64_t commit, std::uint64_t index) {
  return WithNumber(WithNumber(TablePrefix(Table::kBlock), commit), index);
}

std::string Resource(std::string_view type, std::string_view id) {
  std::string key;
  key.reserve(2 + type.size() + id.size());
  key.push_back(static_cast<char>(Table::kResource));
  AppendText(key, type);
  key.append(id);
  return key;
}

std::string VersionPrefix(std::string_view type, std::string_view id) {
  std::string key;
  key.reserve(3 + type.size() + id.size() + kNumberBytes);
  key.push_back(static_cast<char>(Table::kVersion));
  AppendText(key, type);
  AppendText(key, id);
  return key;
}

std::string Version(std::string_view type, std::string_view id, std::uint64_t version) {
  return WithNumber(VersionPrefix(type, id), version);
}

std::string ListingPrefix(std::uint64_t person) {
  return WithNumber(TablePrefix(Table::kListing), person);
}

std::string Listing(std::uint64_t person, std::uint64_t commit) {
  return WithNumber(ListingPrefix(person), commit);
}

std::string Link(LinkKind kind, std::string_view name) {
  std::string key;
  key.reserve(2 + name.size());
  key.push_back(static_cast<char>(Table::kLink));
  key.push_back(static_cast<char>(kind));
  key.append(name);
  return key;
}

std::string Person(std::uint64_t person) { return WithNumber(TablePrefix(Table::kPerson), person); }
std::string Transition(std::string_view id) { return WithTail(Table::kTransition, id); }
std::string Referral(std::string_view id) { return WithTail(Table::kReferral, id); }

std::string VisiblePrefix(std::string_view party) { return WithText(Table::kVisible, party); }

std::string Visible(std::string_view party, std::uint64_t person) {
  return WithNumber(VisiblePrefix(party), person);
}

std::string Pending(std::string_view recipient, std::uint64_t person, std::uint64_t sequence) {
  return WithNumber(WithNumber(WithText(Table::kPending, recipient), person), sequence);
}

std::string Dead(std::string_view delivery_id) { return WithTail(Table::kDead, delivery_id); }

std::string Held(std::string_view delivery_id) { return WithTail(Table::kHeld, delivery_id); }

std::string Delivery(std::string_view delivery_id, const DeliveryPlace& place) {
  switch (place.state) {
    case v1::DELIVERY_STATE_DEAD:
      return Dead(delivery_id);
    case v1::DELIVERY_STATE_HELD:
      return Held(delivery_id);
    default:
      return Pending(place.recipient, place.person, place.sequence);
  }
}

std::string StreamPrefix(std::string_view stream) { return WithText(Table::kStreamItem, stream); }

std::string StreamItem(std::string_view stream, std::uint64_t sequence) {
  return WithNumber(StreamPrefix(stream), sequence);
}

std::string StreamAck(std::string_view stream) { return WithTail(Table::kStreamAck, stream); }

std::string LedgerPrefix(std::string_view message_id) {
  return WithText(Table::kLedger, message_id);
}

std::string Ledger(std::string_view message_id, std::uint64_t commit) {
  return WithNumber(LedgerPrefix(message_id), commit);
}

std::string Meta() { return TablePrefix(Table::kMeta); }

std::string_view Family(std::string_view key) {
  if (key.empty()) return key;
  switch (static_cast<Table>(key.front())) {
    case Table::kResource:
    case Table::kVersion:
    case Table::kVisible:
    case Table::kStreamItem:
    case Table::kPending: {
      std::string_view rest = key.substr(1);
      return TakeText(rest) ? key.substr(0, key.size() - rest.size()) : key;
    }
    case Table::kLink:
      return key.substr(0, 2);
    default:
      return key.substr(0, 1);
  }
}

std::uint64_t Hash(std::string_view key) { return std::hash<std::string_view>()(key); }

void AppendNumber(std::string& out, std::uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

void AppendText(std::string& out, std::string_view text) {
  std::size_t length = text.size();
  for (; length >= 0x80; length >>= 7) out.push_back(static_cast<char>(length | 0x80));
  out.push_back(static_cast<char>(length));
  out.append(text);
}

std::optional<std::uint64_t> TakeNumber(std::string_view& in) {
  if (in.size() < kNumberBytes) return std::nullopt;
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < kNumberBytes; ++i) {
    value = value << 8 | static_cast<std::uint8_t>(in[i]);
  }
  in.remove_prefix(kNumberBytes);
  return value;
}

std::optional<std::string_view> TakeText(std::string_view& in) {
  std::size_t length = 0;
  std::size_t used = 0;
  for (unsigned shift = 0;; shift += 7, ++used) {
    if (used == in.size() || shift > 28) return std::nullopt;
    const auto byte = static_cast<std::uint8_t>(in[used]);
    length |= static_cast<std::size_t>(byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  in.remove_prefix(used + 1);
  if (in.size() < length) return std::nullopt;
  const std::string_view text = in.substr(0, length);
  in.remove_prefix(length);
  return text;
}

}  // namespace handoff::store::key
