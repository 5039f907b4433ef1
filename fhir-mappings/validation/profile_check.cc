#include "fhir-mappings/validation/profile_check.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "fhir-mappings/runtime/reference_wire.h"
#include "fhir-mappings/runtime/type_lookup.h"
#include "fhir-mappings/validation/bundle_index.h"

namespace handoff::fhir::internal {
namespace {

bool IsList(const Item& item) { return item.member != nullptr && item.member->repeated; }

// Where the item at `index` of its list stands.
Step StepOf(const Step& up, std::string_view name, const Item& item, std::size_t index) {
  return {&up, name, IsList(item) ? static_cast<std::int32_t>(index) : -1};
}

// The codes that an item holds: of a code, a Coding, a CodeableConcept or a Quantity.
std::vector<ProfileCode> CodesOf(const Item& item) {
  std::string scratch;
  if (const auto text = TextOf(item, scratch)) return {{{}, std::string(*text)}};
  Items codings;
  AppendChildren(item, "coding", codings);
  if (codings.empty()) codings.push_back(item);
  std::vector<ProfileCode> codes;
  for (const Item& coding : codings) {
    ProfileCode code{OnlyText(coding, "system"), OnlyText(coding, "code")};
    if (!code.code.empty()) codes.push_back(std::move(code));
  }
  return codes;
}

bool Has(const std::vector<ProfileCode>& codes, const ProfileCode& wanted) {
  return std::any_of(codes.begin(), codes.end(), [&](const ProfileCode& code) {
    return code.code == wanted.code && (wanted.system.empty() || code.system == wanted.system);
  });
}

bool HasAny(const std::vector<ProfileCode>& codes, const std::vector<ProfileCode>& wanted) {
  return std::any_of(
      wanted.begin(), wanted.end(), [&](const ProfileCode& code) { return Has(codes, code); });
}

std::string Times(std::size_t min, std::size_t max) {
  return std::to_string(min) + ".." +
         (max == ProfileSlice::kUnbounded ? std::string("*") : std::to_string(max));
}

// The resource that an item is, or holds in `resource`.
std::optional<Item> HeldResource(const Item& item) {
  if (item.form == Item::Form::kMessage && item.type->resource_field != 0) return item;
  Items held;
  AppendChildren(item, "resource", held);
  if (held.empty()) return std::nullopt;
  return held.front();
}

}  // namespace

void ProfileCheck::Fault(std::string_view code, const Step& here, const std::string& what) {
  std::string text = what;
  if (!open_.empty()) ((text += " (") += open_.back()->url) += ")";
  report_.Error(code, here, text);
}

void ProfileCheck::Resource(const Item& resource,
                            const LocalIds& root,
                            const std::vector<std::string>& claimed,
                            const std::vector<std::string>& demanded,
                            const Step& here) {
  if (resource.form != Item::Form::kMessage) return;
  root_ = &root;
  std::vector<const Profile*> done;
  const auto check = [&](const Profile& profile) {
    if (std::find(done.begin(), done.end(), &profile) != done.end()) return;
    done.push_back(&profile);
    Conforms(profile, resource, here);
  };
  for (const std::string& url : claimed) {
    const Profile* const profile = profiles_.Find(url);
    if (profile == nullptr) {
      report_.Error("not-found", here, "the profile that was asked for is not known");
    } else {
      check(*profile);
    }
  }
  for (const std::string& url : demanded) {
    const Profile* const profile = profiles_.Find(url);
    if (profile != nullptr && profile->type == resource.type) check(*profile);
  }
  Items metas;
  AppendChildren(resource, "meta", metas);
  Items urls;
  for (const Item& meta : metas) AppendChildren(meta, "profile", urls);
  const Step meta{&here, "meta", -1};
  std::string scratch;
  for (std::size_t i = 0; i < urls.size(); ++i) {
    const Profile* const profile = profiles_.Find(TextOf(urls[i], scratch).value_or(""));
    if (profile != nullptr) {
      check(*profile);
    } else {
      report_.Add(Severity::kWarning,
                  "not-found",
                  {&meta, "profile", static_cast<std::int32_t>(i)},
                  "this profile is not known, nothing of it was checked");
    }
  }
}

void ProfileCheck::Conforms(const Profile& profile, const Item& resource, const Step& here) {
  if (std::find(open_.begin(), open_.end(), &profile) != open_.end()) return;
  const Item outer = std::exchange(resource_, resource);
  open_.push_back(&profile);
  if (resource.type != profile.type) {
    Fault("structure", here, "is not the resource type of the profile");
  } else {
    for (const ProfileElement& element : profile.elements) {
      std::span<const std::string> above(element.path);
      if (!above.empty()) above = above.first(above.size() - 1);
      Each(above, resource, here, [&](const Item& item, const Step& step) {
        Element(element, item, step);
      });
    }
    for (const ProfileExtension& extension : profile.extensions) {
      Each(extension.path, resource, here, [&](const Item& item, const Step& step) {
        Extension(extension, item, step);
      });
    }
    for (const ProfileInvariant& invariant : profile.invariants) {
      Each(invariant.path, resource, here, [&](const Item& item, const Step& step) {
        Invariant(invariant, item, step);
      });
    }
  }
  open_.pop_back();
  if (!profile.base.empty()) {
    if (const Profile* const base = profiles_.Find(profile.base)) {
      Conforms(*base, resource, here);
    } else {
      report_.Error("not-found", here, "the base of a profile is not known: " + profile.base);
    }
  }
  resource_ = outer;
}

void ProfileCheck::Each(std::span<const std::string> path,
                        const Item& item,
                        const Step& here,
                        const Visit& visit) {
  if (path.empty()) return visit(item, here);
  const std::string& name = path.front();
  Items children;
  AppendChildren(item, name, children);
  for (std::size_t i = 0; i < children.size(); ++i)
    Each(path.subspan(1), children[i], StepOf(here, name, children[i], i), visit);
}

void ProfileCheck::Element(const ProfileElement& element, const Item& parent, const Step& here) {
  if (element.path.empty()) return Value(element, parent, here);
  const std::string& name = element.path.back();
  Items items;
  AppendChildren(parent, name, items);
  const Step list{&here, name, -1};
  if (items.size() < element.min && items.empty()) {
    Fault("required", list, "is missing; it must stand " + Times(element.min, element.max));
  } else if (items.size() < element.min || items.size() > element.max) {
    Fault("structure", list, "must stand " + Times(element.min, element.max) + " times");
  }
  for (std::size_t i = 0; i < items.size(); ++i)
    Value(element, items[i], StepOf(here, name, items[i], i));
  for (const ProfileSlice& slice : element.slices) Slice(slice, items, list);
}

void ProfileCheck::Value(const ProfileElement& element, const Item& item, const Step& here) {
  if (!element.types.empty() &&
      std::none_of(element.types.begin(), element.types.end(), [&](const std::string& type) {
        return IsOfType(item, type);
      })) {
    std::string text = "must be of type";
    for (const std::string& type : element.types) (text += ' ') += type;
    Fault("structure", here, text);
  }
  if (!element.targets.empty()) Reference(element, item, here);
  std::string scratch;
  if (!element.fixed.empty() && TextOf(item, scratch).value_or("") != element.fixed)
    Fault("value", here, "must be " + element.fixed);
  if (element.pattern.empty() && element.codes.empty()) return;
  const std::vector<ProfileCode> codes = CodesOf(item);
  for (const ProfileCode& code : element.pattern) {
    if (!Has(codes, code))
      Fault("value",
            here,
            "must have the code " + (code.system.empty() ? "" : code.system + "|") + code.code);
  }
  if (!element.codes.empty() && !HasAny(codes, element.codes))
    Fault("code-invalid", here, "must have a code of the value set " + element.value_set);
}

void ProfileCheck::Reference(const ProfileElement& element, const Item& item, const Step& here) {
  if (item.form != Item::Form::kMessage || item.type != &kTables.types[kTables.reference_type]) {
    return;
  }
  const ReferenceView reference = DecodeReference(item.bytes);
  std::string scratch;
  std::string_view type = reference.type;
  if (type.empty() && !reference.uri.empty()) {
    if (const auto found = resolver_.Resolve(reference)) {
      type = TypeNameOf(*found, scratch);
    } else if (const auto url = ParseRestUrl(reference.uri)) {
      type = url->type;
    }
  }
  if (type.empty() ||
      std::find(element.targets.begin(), element.targets.end(), type) != element.targets.end()) {
    return;
  }
  std::string text = "must refer to";
  for (const std::string& target : element.targets) (text += ' ') += target;
  Fault("structure", here, text);
}

void ProfileCheck::Slice(const ProfileSlice& slice, std::span<const Item> items, const Step& list) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (!slice.codes.empty()) {
      if (HasAny(CodesOf(items[i]), slice.codes)) ++count;
      continue;
    }
    const std::optional<Item> resource = HeldResource(items[i]);
    if (!resource || !IsOfType(*resource, slice.resource)) continue;
    ++count;
    const Profile* const profile = slice.profile.empty() ? nullptr : profiles_.Find(slice.profile);
    if (profile == nullptr) continue;
    const Step step{list.up, list.name, static_cast<std::int32_t>(i)};
    const Step inner{&step, "resource", -1};
    Conforms(*profile, *resource, resource->bytes.data() == items[i].bytes.data() ? step : inner);
  }
  if (count < slice.min || count > slice.max) {
    Fault("structure",
          list,
          "slice " + slice.name + " must stand " + Times(slice.min, slice.max) + " times");
  }
}

void ProfileCheck::Extension(const ProfileExtension& extension,
                             const Item& item,
                             const Step& here) {
  Items extensions;
  AppendChildren(item, "extension", extensions);
  const auto count = static_cast<std::size_t>(
      std::count_if(extensions.begin(), extensions.end(), [&](const Item& candidate) {
        return OnlyText(candidate, "url") == extension.url;
      }));
  if (count < extension.min || count > extension.max) {
    Fault(count == 0 ? "required" : "structure",
          {&here, "extension", -1},
          extension.url + " must stand " + Times(extension.min, extension.max) + " times");
  }
}

void ProfileCheck::Invariant(const ProfileInvariant& invariant,
                             const Item& item,
                             const Step& here) {
  const Scope scope{item, std::nullopt, resource_, root_, &resolver_};
  if (evaluator_.Holds(invariant.expression.nodes, scope)) return;
  report_.Add(invariant.warning ? Severity::kWarning : Severity::kError,
              "invariant",
              here,
              invariant.key + ": " + invariant.text + " (" + open_.back()->url + ")");
}

}  // namespace handoff::fhir::internal
