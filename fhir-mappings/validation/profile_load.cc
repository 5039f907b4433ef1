#include <algorithm>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "fhir-mappings/runtime/type_lookup.h"
#include "fhir-mappings/validation/bundle_index.h"
#include "fhir-mappings/validation/item.h"
#include "fhir-mappings/validation/profile.h"
#include "fhir-mappings/validation/profile_set.h"

namespace handoff::fhir {
namespace internal {
namespace {

std::vector<std::string> Steps(const std::string& path) {
  std::vector<std::string> steps;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('.', begin), path.size());
    steps.push_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return steps;
}

class Loader {
 public:
  Loader(const ConfigNode& node, ConfigErrors& errors) : node_(node), errors_(errors) {}

  std::unique_ptr<Profile> Run() {
    const std::size_t before = errors_.list().size();
    auto profile = std::make_unique<Profile>();
    profile->url = node_["url"].RequiredString(errors_);
    profile->version = node_["version"].RequiredString(errors_);
    profile->base = node_["base"].String(errors_);
    node_["source"].RequiredString(errors_);
    const ConfigNode type = node_["type"];
    const std::string name = type.RequiredString(errors_);
    profile->type = type_ = FindResource(name);
    if (type_ == nullptr && !name.empty())
      errors_.Add(type.Where(), "no resource type with a map: " + name);
    if (!profile->url.empty() && !IsAbsolute(profile->url))
      errors_.Add(node_["url"].Where(), "must be an absolute url");
    for (const ConfigNode& row : node_["elements"].Items())
      profile->elements.push_back(Element(row));
    for (const ConfigNode& row : node_["extensions"].Items())
      profile->extensions.push_back(Extension(row));
    for (const ConfigNode& row : node_["invariants"].Items())
      profile->invariants.push_back(Invariant(row));
    node_.UnknownKeys(
        {"url", "version", "type", "base", "source", "elements", "extensions", "invariants"},
        errors_);
    return errors_.list().size() == before ? std::move(profile) : nullptr;
  }

 private:
  // The path of a row, every step of which its type must know. `.` is the resource itself.
  std::vector<std::string> Path(const ConfigNode& row) {
    const ConfigNode node = row["path"];
    const std::string text = node.RequiredString(errors_);
    if (text == "." || text.empty()) return {};
    std::vector<std::string> steps = Steps(text);
    const Type* here = type_;
    for (const std::string& step : steps) {
      if (here == nullptr) break;
      const std::uint8_t element = FindElement(*here, step);
      if (element == kNoElement) {
        errors_.Add(node.Where(), std::string(here->name) + " has no element " + step);
        break;
      }
      here = TypeOf(*here, element);
    }
    return steps;
  }

  // Null where it is not known: of a choice, of a resource, of a primitive.
  static const Type* TypeOf(const Type& type, std::uint8_t element) {
    if (type.elements[element].choice) return nullptr;
    for (const Member& member : type.members) {
      if (member.element == element && member.kind == Kind::kMessage)
        return &kTables.types[member.ref];
    }
    return nullptr;
  }

  std::size_t Count(const ConfigNode& node, std::size_t fallback) {
    if (!node.present()) return fallback;
    return static_cast<std::size_t>(
        node.Integer(errors_, 0, 0, std::numeric_limits<std::int32_t>::max()));
  }

  ProfileCode Code(const ConfigNode& node) {
    const std::string text = node.RequiredString(errors_);
    const std::size_t bar = text.rfind('|');
    if (bar == text.npos) return {{}, text};
    if (bar + 1 == text.size()) errors_.Add(node.Where(), "the code behind '|' is missing");
    return {text.substr(0, bar), text.substr(bar + 1)};
  }

  std::vector<ProfileCode> Codes(const ConfigNode& node) {
    std::vector<ProfileCode> codes;
    for (const ConfigNode& item : node.Items()) codes.push_back(Code(item));
    return codes;
  }

  ProfileElement Element(const ConfigNode& row) {
    ProfileElement element;
    element.path = Path(row);
    element.min = Count(row["min"], 0);
    element.max = Count(row["max"], ProfileSlice::kUnbounded);
    if (element.min > element.max) errors_.Add(row["min"].Where(), "min is above max");
    element.types = row["types"].Strings(errors_);
    for (const ConfigNode& target : row["targets"].Items()) {
      element.targets.push_back(target.RequiredString(errors_));
      if (!IsResourceType(element.targets.back()))
        errors_.Add(target.Where(), "no resource type " + element.targets.back());
    }
    element.fixed = row["fixed"].String(errors_);
    element.pattern = Codes(row["pattern"]);
    const ConfigNode binding = row["codes"];
    if (binding.present()) {
      element.value_set = binding["value_set"].RequiredString(errors_);
      element.codes = Codes(binding["allow"]);
      if (element.codes.empty()) errors_.Add(binding.Where(), "`allow` lists no code");
      binding.UnknownKeys({"value_set", "allow"}, errors_);
    }
    for (const ConfigNode& slice : row["slices"].Items()) element.slices.push_back(Slice(slice));
    row.UnknownKeys(
        {"path", "min", "max", "types", "targets", "fixed", "pattern", "codes", "slices"}, errors_);
    return element;
  }

  ProfileSlice Slice(const ConfigNode& row) {
    ProfileSlice slice;
    slice.name = row["name"].RequiredString(errors_);
    slice.codes = Codes(row["codes"]);
    slice.resource = row["resource"].String(errors_);
    slice.profile = row["profile"].String(errors_);
    slice.min = Count(row["min"], 0);
    slice.max = Count(row["max"], ProfileSlice::kUnbounded);
    if (slice.codes.empty() == slice.resource.empty())
      errors_.Add(row.Where(), "a slice has either `codes` or `resource`");
    if (!slice.resource.empty() && !IsResourceType(slice.resource))
      errors_.Add(row["resource"].Where(), "no resource type " + slice.resource);
    if (!slice.profile.empty() && slice.resource.empty())
      errors_.Add(row["profile"].Where(), "a `profile` is of a `resource`");
    if (slice.min > slice.max) errors_.Add(row["min"].Where(), "min is above max");
    row.UnknownKeys({"name", "codes", "resource", "profile", "min", "max"}, errors_);
    return slice;
  }

  ProfileExtension Extension(const ConfigNode& row) {
    ProfileExtension extension;
    extension.path = Path(row);
    extension.url = row["url"].RequiredString(errors_);
    extension.min = Count(row["min"], 0);
    extension.max = Count(row["max"], ProfileSlice::kUnbounded);
    row.UnknownKeys({"path", "url", "min", "max"}, errors_);
    return extension;
  }

  ProfileInvariant Invariant(const ConfigNode& row) {
    ProfileInvariant invariant;
    invariant.path = Path(row);
    invariant.key = row["key"].RequiredString(errors_);
    invariant.text = row["text"].RequiredString(errors_);
    const std::string severity = row["severity"].String(errors_, "error");
    invariant.warning = severity == "warning";
    if (severity != "error" && severity != "warning")
      errors_.Add(row["severity"].Where(), "either error or warning");
    const std::string expression = row["expression"].RequiredString(errors_);
    ExpressionError error;
    if (!expression.empty() && !ParseExpression(expression, &invariant.expression, &error)) {
      errors_.Add(row["expression"].Where(),
                  error.what + " (character " + std::to_string(error.offset + 1) +
                      " of the expression)");
    }
    row.UnknownKeys({"path", "key", "text", "severity", "expression"}, errors_);
    return invariant;
  }

  const ConfigNode& node_;
  ConfigErrors& errors_;
  const Type* type_ = nullptr;
};

}  // namespace
}  // namespace internal

ProfileSet::ProfileSet() = default;
ProfileSet::~ProfileSet() = default;
ProfileSet::ProfileSet(ProfileSet&&) noexcept = default;
ProfileSet& ProfileSet::operator=(ProfileSet&&) noexcept = default;

ProfileSet ProfileSet::Load(const std::vector<ConfigNode>& documents, ConfigErrors& errors) {
  ProfileSet set;
  for (const ConfigNode& document : documents) {
    for (const ConfigNode& node : document.Items()) {
      auto profile = internal::Loader(node, errors).Run();
      if (profile == nullptr) continue;
      if (set.Find(profile->url + "|" + profile->version) != nullptr) {
        errors.Add(node["url"].Where(), "this version of the profile stands twice");
        continue;
      }
      set.profiles_.push_back(std::move(profile));
    }
  }
  return set;
}

const internal::Profile* ProfileSet::Find(std::string_view canonical) const {
  const std::size_t bar = canonical.find('|');
  const std::string_view url = canonical.substr(0, bar);
  const std::string_view version =
      bar == canonical.npos ? std::string_view() : canonical.substr(bar + 1);
  for (const auto& profile : profiles_) {
    if (profile->url == url && (version.empty() || profile->version == version))
      return profile.get();
  }
  return nullptr;
}

std::vector<std::string_view> ProfileSet::Urls() const {
  std::vector<std::string_view> urls;
  for (const auto& profile : profiles_) urls.push_back(profile->url);
  return urls;
}

}  // namespace handoff::fhir
