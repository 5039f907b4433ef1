#include "gateway/base/config_node.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <span>

#include <fmt/format.h>

#include "gateway/base/config_impl.h"

namespace handoff {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

constexpr std::array kDurationUnits{Unit{"ms", 1},
                                    Unit{"s", 1'000},
                                    Unit{"min", 60'000},
                                    Unit{"h", 3'600'000},
                                    Unit{"d", 86'400'000}};
constexpr std::array kByteUnits{
    Unit{"", 1}, Unit{"KiB", 1 << 10}, Unit{"MiB", 1 << 20}, Unit{"GiB", 1 << 30}};

std::optional<std::int64_t> WholeNumber(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// A whole number, not negative, directly followed by one of `units`.
std::optional<std::int64_t> Quantity(std::string_view text, std::span<const Unit> units) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || value < 0) return std::nullopt;
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  for (const Unit& u : units) {
    if (u.name != unit) continue;
    if (value > std::numeric_limits<std::int64_t>::max() / u.factor) return std::nullopt;
    return value * u.factor;
  }
  return std::nullopt;
}

std::size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row[b.size()];
}

std::string UnknownKey(std::string_view key, std::initializer_list<std::string_view> known) {
  std::string_view nearest;
  std::size_t best = std::max<std::size_t>(1, key.size() / 3) + 1;
  for (const std::string_view candidate : known) {
    const std::size_t distance = EditDistance(key, candidate);
    if (distance < best) {
      best = distance;
      nearest = candidate;
    }
  }
  if (!nearest.empty()) return fmt::format("unknown key `{}`; did you mean `{}`?", key, nearest);
  return fmt::format("unknown key `{}`; known here: {}", key, fmt::join(known, ", "));
}

absl::Status CannotSet(std::string_view path, std::string_view why) {
  return absl::InvalidArgumentError(fmt::format("--set {}: {}", path, why));
}

}  // namespace

bool ConfigNode::present() const { return impl_ != nullptr && impl_->kind != Impl::Kind::kAbsent; }
bool ConfigNode::IsMap() const { return impl_ != nullptr && impl_->kind == Impl::Kind::kMap; }
bool ConfigNode::IsSequence() const {
  return impl_ != nullptr && impl_->kind == Impl::Kind::kSequence;
}
bool ConfigNode::IsScalar() const { return impl_ != nullptr && impl_->kind == Impl::Kind::kScalar; }

std::string ConfigNode::Where() const { return impl_ == nullptr ? "configuration" : impl_->where; }

ConfigNode ConfigNode::operator[](std::string_view key) const {
  if (IsMap()) {
    if (const Impl::Member* member = impl_->Find(key);
        member != nullptr && member->value->kind != Impl::Kind::kAbsent) {
      return ConfigNode(member->value);
    }
  }
  auto absent = std::make_shared<Impl>();
  absent->where = Where();
  absent->name = std::string(key);
  return ConfigNode(std::move(absent));
}

std::vector<ConfigNode> ConfigNode::Items() const {
  std::vector<ConfigNode> items;
  if (IsSequence()) {
    for (const auto& item : impl_->items) items.push_back(ConfigNode(item));
  } else if (present()) {
    items.push_back(*this);
  }
  return items;
}

std::vector<std::pair<std::string, ConfigNode>> ConfigNode::Members() const {
  std::vector<std::pair<std::string, ConfigNode>> members;
  if (!IsMap()) return members;
  for (const Impl::Member& member : impl_->members)
    members.emplace_back(member.key, ConfigNode(member.value));
  return members;
}

std::string ConfigNode::String(ConfigErrors& errors, std::string_view fallback) const {
  if (IsScalar()) return impl_->text;
  if (present()) errors.Add(Where(), "expected a text");
  return std::string(fallback);
}

std::string ConfigNode::RequiredString(ConfigErrors& errors) const {
  if (!present()) {
    errors.Add(Where(),
               impl_ == nullptr || impl_->name.empty()
                   ? "a text is missing"
                   : fmt::format("`{}` is missing", impl_->name));
    return {};
  }
  std::string text = String(errors);
  if (IsScalar() && text.empty()) errors.Add(Where(), "must not be empty");
  return text;
}

bool ConfigNode::Bool(ConfigErrors& errors, bool fallback) const {
  if (!present()) return fallback;
  if (IsScalar() && impl_->text == "true") return true;
  if (IsScalar() && impl_->text == "false") return false;
  errors.Add(Where(), "expected true or false");
  return fallback;
}

std::int64_t ConfigNode::Integer(ConfigErrors& errors,
                                 std::int64_t fallback,
                                 std::int64_t min,
                                 std::int64_t max) const {
  if (!present()) return fallback;
  const auto value = IsScalar() ? WholeNumber(impl_->text) : std::nullopt;
  if (value && *value >= min && *value <= max) return *value;
  errors.Add(Where(), fmt::format("expected a whole number from {} to {}", min, max));
  return fallback;
}

std::chrono::milliseconds ConfigNode::Duration(ConfigErrors& errors,
                                               std::chrono::milliseconds fallback) const {
  if (!present()) return fallback;
  if (const auto ms = IsScalar() ? Quantity(impl_->text, kDurationUnits) : std::nullopt) {
    return std::chrono::milliseconds(*ms);
  }
  errors.Add(Where(), "expected a duration: a whole number with ms, s, min, h or d, as in 15min");
  return fallback;
}

std::size_t ConfigNode::Bytes(ConfigErrors& errors, std::size_t fallback) const {
  if (!present()) return fallback;
  if (const auto bytes = IsScalar() ? Quantity(impl_->text, kByteUnits) : std::nullopt) {
    return static_cast<std::size_t>(*bytes);
  }
  errors.Add(Where(),
             "expected a size: a whole number of bytes, or one with KiB, MiB or GiB, as in 8MiB");
  return fallback;
}

std::vector<std::string> ConfigNode::Strings(ConfigErrors& errors) const {
  std::vector<std::string> texts;
  for (const ConfigNode& item : Items()) {
    if (item.IsScalar()) {
      texts.push_back(item.impl_->text);
    } else {
      errors.Add(item.Where(), "expected a text");
    }
  }
  return texts;
}

void ConfigNode::UnknownKeys(std::initializer_list<std::string_view> known,
                             ConfigErrors& errors) const {
  if (!present()) return;
  if (!IsMap()) {
    errors.Add(Where(), fmt::format("expected a map with: {}", fmt::join(known, ", ")));
    return;
  }
  for (const Impl::Member& member : impl_->members) {
    if (std::find(known.begin(), known.end(), member.key) == known.end()) {
      errors.Add(member.where, UnknownKey(member.key, known));
    }
  }
}

absl::Status ConfigNode::Set(std::string_view dotted_path,
                             std::string_view value,
                             std::string_view option) {
  if (option.empty()) option = dotted_path;
  const std::string where = fmt::format("--set {}", option);
  auto root = impl_ == nullptr ? std::make_shared<Impl>() : std::make_shared<Impl>(*impl_);
  std::shared_ptr<Impl> node = root;
  std::string_view rest = dotted_path;
  for (bool last = false; !last;) {
    const std::size_t dot = rest.find('.');
    last = dot == std::string_view::npos;
    const std::string_view key = rest.substr(0, dot);
    if (!last) rest.remove_prefix(dot + 1);
    if (key.empty()) return CannotSet(option, "a key is empty");
    if (node->kind == Impl::Kind::kAbsent) {
      node->kind = Impl::Kind::kMap;
      if (node->where.empty()) node->where = where;
    } else if (node->kind != Impl::Kind::kMap) {
      return CannotSet(option, fmt::format("{} is no map, so it has no `{}`", node->where, key));
    }
    auto member = std::find_if(node->members.begin(),
                               node->members.end(),
                               [&](const Impl::Member& m) { return m.key == key; });
    if (member == node->members.end()) {
      member = node->members.insert(member, {std::string(key), where, std::make_shared<Impl>()});
    }
    // Copies of the tree stay as they are: only the maps on the path are made anew.
    auto child = std::make_shared<Impl>(*member->value);
    member->value = child;
    node = std::move(child);
  }
  *node = Impl{};
  node->kind = Impl::Kind::kScalar;
  node->where = where;
  node->text = std::string(value);
  impl_ = std::move(root);
  return absl::OkStatus();
}

}  // namespace handoff
