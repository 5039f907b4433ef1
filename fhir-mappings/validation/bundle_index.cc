#include "fhir-mappings/validation/bundle_index.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "fhir-mappings/runtime/type_lookup.h"

namespace handoff::fhir::internal {
namespace {

constexpr std::string_view kHistory = "/_history/";

bool IsId(std::string_view text) {
  if (text.empty() || text.size() > 64) return false;
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-' && c != '.') return false;
  }
  return true;
}

}  // namespace

bool IsResourceType(std::string_view name) {
  return FindResource(name) != nullptr ||
         std::binary_search(kTables.opaque.begin(), kTables.opaque.end(), name);
}

std::optional<RestUrl> ParseRestUrl(std::string_view url) {
  if (!url.starts_with("http://") && !url.starts_with("https://")) return std::nullopt;
  if (const std::size_t history = url.find(kHistory); history != url.npos)
    url = url.substr(0, history);
  const std::size_t id = url.rfind('/');
  const std::size_t type = id == url.npos || id == 0 ? url.npos : url.rfind('/', id - 1);
  if (type == url.npos) return std::nullopt;
  const RestUrl parts{
      url.substr(0, type + 1), url.substr(type + 1, id - type - 1), url.substr(id + 1)};
  if (!IsId(parts.id) || !IsResourceType(parts.type)) return std::nullopt;
  return parts;
}

bool IsAbsolute(std::string_view uri) {
  if (uri.empty() || std::isalpha(static_cast<unsigned char>(uri.front())) == 0) return false;
  for (const char c : uri) {
    if (c == ':') return true;
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '+' && c != '-' && c != '.')
      return false;
  }
  return false;
}

std::vector<BundleEntry> ReadEntries(std::string_view bundle) {
  static const Member& entry = *FindMember(*FindResource("Bundle"), "entry");
  std::vector<BundleEntry> entries;
  WireReader reader(bundle);
  for (WireField field; reader.Next(field);) {
    if (field.number == entry.field) ReadBundleEntry(field.bytes, &entries.emplace_back());
  }
  return entries;
}

std::string_view BundleIndex::type() const {
  if (!std::exchange(type_read_, true)) {
    Items types;
    AppendChildren(bundle_, "type", types);
    std::string scratch;
    if (types.size() == 1)
      type_ = TextOf(types.front(), scratch).value_or(std::string_view());  // of an enum: static
  }
  return type_;
}

void BundleIndex::Read() const {
  if (read_) return;
  read_ = true;
  for (const BundleEntry& entry : ReadEntries(bundle_.bytes)) {
    const std::string_view url = entry.full_url;
    const std::string_view encoded = entry.resource;
    if (encoded.empty()) continue;
    if (!url.empty()) {
      const std::optional<Item> resource_item = ResourceItem(encoded);
      by_url_.push_back({url, resource_item ? VersionOf(*resource_item) : std::string(), encoded});
    }
    const Head head = ReadHead(encoded);
    if (!head.id.empty())
      by_name_.emplace(std::string(head.type) + '/' + std::string(head.id), encoded);
  }
  std::sort(by_url_.begin(), by_url_.end());
}

std::optional<Item> BundleIndex::Find(const ReferenceView& reference,
                                      std::string_view from,
                                      std::size_t* matches) const {
  Read();
  std::string composed;
  std::string_view url = reference.uri;
  std::string_view version = reference.version;
  if (reference.IsRelative()) {
    // Without a base the reference itself may be the fullUrl; that this must be absolute is said
    // elsewhere.
    if (const std::optional<RestUrl> base = ParseRestUrl(from)) composed = base->base;
    ((composed += reference.type) += '/') += reference.id;
    url = composed;
  } else if (const std::size_t history = url.find(kHistory); history != url.npos) {
    version = url.substr(history + kHistory.size());
    url = url.substr(0, history);
  }
  url = url.substr(0, url.find('#', 1));
  const auto by_url = [](const Entry& a, const Entry& b) { return a.url < b.url; };
  const Entry wanted{url, std::string(version), {}};
  const auto [begin, end] = version.empty()
                                ? std::equal_range(by_url_.begin(), by_url_.end(), wanted, by_url)
                                : std::equal_range(by_url_.begin(), by_url_.end(), wanted);
  if (matches != nullptr) *matches = static_cast<std::size_t>(end - begin);
  if (begin == end) return std::nullopt;
  return ResourceItem(begin->encoded);
}

std::optional<Item> BundleIndex::FindByName(const ReferenceView& reference) const {
  if (!reference.IsRelative()) return std::nullopt;
  Read();
  const auto it = by_name_.find(std::string(reference.type) + '/' + std::string(reference.id));
  if (it == by_name_.end()) return std::nullopt;
  return ResourceItem(it->second);
}

}  // namespace handoff::fhir::internal
