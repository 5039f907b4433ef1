#include "fhir-mappings/runtime/extensions.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "fhir-mappings/runtime/json_text_view.h"

namespace handoff::fhir::internal {
namespace {

const Member* FindUrl(const Type& type, std::string_view quoted) {
  if (!IsJsonString(quoted)) return nullptr;
  const std::string_view url = quoted.substr(1, quoted.size() - 2);
  for (std::size_t i = 0; i < type.extensions.size(); ++i) {
    if (type.extensions[i].url == url) return &type.members[type.own_members() + i];
  }
  return nullptr;
}

// Whether an item of the list in `extra` is the place of a field, and of which.
bool IsPlace(std::string_view item, std::size_t& field) {
  field = 0;
  if (item.front() < '0' || item.front() > '9') return false;
  std::from_chars(item.data(), item.data() + item.size(), field);
  return true;
}

bool IsListOfObjects(std::string_view list) {
  if (!IsJsonList(list)) return false;
  for (JsonSteps steps(list); const auto item = steps.NextItem();) {
    if (!IsJsonObjectText(*item)) return false;
  }
  return true;
}

}  // namespace

KnownExtension FindExtension(const Type& type, std::string_view item) {
  if (!IsJsonObjectText(item)) return {};
  const Member* const member = FindUrl(type, JsonMember(item, "url"));
  if (member == nullptr) return {};
  const Extension& extension = *ExtensionOf(type, *member);
  KnownExtension known{member, {}};
  JsonSteps steps(item);
  std::string_view name;
  for (std::string_view value; steps.Next(name, value);) {
    if (name == "url") continue;
    if (extension.value.empty()) {
      if (name.starts_with("value") || name.starts_with("_value")) return {member, {}};
      if (name == "extension" && IsListOfObjects(value)) known.value = item;
    } else if (name != extension.value) {
      return {member, {}};
    } else {
      known.value = value;
    }
  }
  return known;
}

void ExtensionPlaces::Add(const Member* member, std::string_view item, bool placed) {
  if (member != nullptr) ++seen_[Position(*member)];
  if (placed) ++placed_[Position(*member)];
  const Member* const field = placed ? member : nullptr;
  const Member* const last = places_.empty() ? field : places_.back().member;
  ordered_ = ordered_ && (field == nullptr || (last != nullptr && last <= field));
  places_.push_back({field, item});
}

std::string ExtensionPlaces::Rest() const {
  std::string rest;
  for (const Place& place : places_) {
    if (ordered_ && place.member != nullptr) continue;
    rest += rest.empty() ? '[' : ',';
    if (place.member == nullptr) {
      rest += place.item;
    } else {
      rest += std::to_string(place.member->field);
    }
  }
  if (!rest.empty()) rest += ']';
  return rest;
}

std::vector<OrderedExtension> ExtensionsInOrder(std::span<const std::uint16_t> fields,
                                                std::string_view list) {
  std::vector<OrderedExtension> order;
  std::vector<bool> taken(fields.size());
  const auto take = [&](std::size_t i) {
    if (!taken[i]) order.push_back({i, {}});
    taken[i] = true;
  };
  const auto take_all = [&] {
    for (std::size_t i = 0; i < fields.size(); ++i) take(i);
  };
  bool placed = false;
  std::size_t field = 0;
  for (JsonSteps steps(list); const auto item = steps.NextItem();) placed |= IsPlace(*item, field);
  if (!placed) take_all();
  // Of each field, the first one that is not taken; and behind each, the next of its field.
  const std::size_t none = fields.size();
  const std::size_t most = fields.empty() ? 0 : *std::max_element(fields.begin(), fields.end());
  std::vector<std::size_t> first(placed ? most + 1 : 0, none);
  std::vector<std::size_t> next(placed ? none : 0, none);
  for (std::size_t i = next.size(); i > 0; --i)
    next[i - 1] = std::exchange(first[fields[i - 1]], i - 1);
  for (JsonSteps steps(list); const auto item = steps.NextItem();) {
    if (!IsPlace(*item, field)) {
      order.push_back({OrderedExtension::kNoField, *item});
    } else if (field < first.size() && first[field] != none) {
      take(first[field]);
      first[field] = next[first[field]];
    }
  }
  take_all();
  return order;
}

}  // namespace handoff::fhir::internal
