#include "fhir-mappings/validation/walk.h"

#include <algorithm>
#include <string>
#include <utility>

#include "fhir-mappings/runtime/reference_wire.h"
#include "fhir-mappings/runtime/rewriter.h"
#include "fhir-mappings/runtime/type_lookup.h"
#include "fhir-mappings/validation/checks.h"
#include "fhir-mappings/validation/json_text_view.h"
#include "fhir-mappings/validation/profile_check.h"

namespace handoff::fhir::internal {
namespace {

const Invariant* FindElementInvariant(std::string_view key) {
  for (const Invariant& invariant : kTables.element_invariants) {
    if (invariant.key == key) return &invariant;
  }
  return nullptr;
}

// The items of one element come one behind the other; elsewhere, which other writers of protobuf
// may do, the place of an item in its list is counted anew.
class Places {
 public:
  Places(const Type& type, std::string_view wire) : type_(type), wire_(wire) {}

  std::int32_t Next(const Member& member, const WireField& field) {
    const std::uint64_t bit = std::uint64_t{1} << member.element;
    if (&member == last_) return ++place_;
    last_ = &member;
    place_ = (seen_ & bit) == 0 ? 0 : PlaceInList(type_, wire_, member, field);
    seen_ |= bit;
    return place_;
  }

 private:
  const Type& type_;
  const std::string_view wire_;
  const Member* last_ = nullptr;
  std::int32_t place_ = 0;
  std::uint64_t seen_ = 0;
};

}  // namespace

bool Walk::Root(std::string_view encoded) {
  const std::optional<Item> resource = ResourceItem(encoded);
  if (!resource) return false;
  std::string scratch;
  const Step here{nullptr, TypeNameOf(*resource, scratch), -1};
  Resource(*resource, here, {}, /*contained=*/false);
  return true;
}

std::optional<Item> Walk::Resolve(const ReferenceView& reference) {
  if (reference.uri.starts_with('#')) {
    Items contained;
    AppendChildren(place_.root, "contained", contained);
    for (const Item& item : contained) {
      Items ids;
      std::string scratch;
      AppendChildren(item, "id", ids);
      if (ids.size() == 1 && TextOf(ids.front(), scratch) == reference.uri.substr(1)) return item;
    }
    return std::nullopt;
  }
  if (place_.bundle == nullptr) return std::nullopt;
  if (const auto found = place_.bundle->Find(reference, place_.full_url)) return found;
  return place_.bundle->FindByName(reference);
}

void Walk::Resource(const Item& resource, const Step& here, const Place& outer, bool contained) {
  if (depth_ == kMaxMessageDepth) return;
  ++depth_;
  Place before = std::exchange(place_, outer);
  place_.resource = resource;
  place_.contained = contained;
  if (!contained) place_.root = resource;
  if (resource.form == Item::Form::kJson) {
    JsonValue(contained ? "contained" : "", resource.bytes, here);
  } else {
    Mapped(resource, here);
  }
  place_ = before;
  --depth_;
}

void Walk::Mapped(const Item& resource, const Step& here) {
  const bool bundle = resource.type->resource_field == wire_fields::kBundle;
  const BundleIndex index(resource);
  if (bundle) {
    place_.bundle = &index;
    place_.full_url = {};
    Links(resource, here);
  }
  Object(*resource.type, resource.bytes, here);
  Profiles(resource, here);
  ContainedIds(resource, here);
}

void Walk::Profiles(const Item& resource, const Step& here) {
  static const std::vector<std::string> kNone;
  const std::vector<std::string>& claimed = here.up == nullptr ? options_.claimed : kNone;
  if (options_.profiles == nullptr && claimed.empty()) return;
  static const ProfileSet kNothingKnown;
  const ProfileSet& known = options_.profiles == nullptr ? kNothingKnown : *options_.profiles;
  ProfileCheck(known, evaluator_, *this, report_)
      .Resource(resource, place_.root, claimed, options_.demanded, here);
}

void Walk::Object(const Type& type, std::string_view wire, const Step& here) {
  if (depth_ == kMaxMessageDepth) return;
  ++depth_;
  std::uint64_t present = 0;
  std::string_view extra;
  WireReader reader(wire);
  for (WireField field; reader.Next(field);) {
    if (field.number == type.extra_field) extra = field.bytes;
    const Member* const member = FindField(type, field.number);
    if (member == nullptr) continue;
    present |= std::uint64_t{1} << member->element;
    if (member->kind == Kind::kUri || member->kind == Kind::kUrl ||
        member->kind == Kind::kCanonical) {
      Uri(type, *member, wire, field, here);
    }
  }
  if (!extra.empty()) {
    EmptySiblings(type, extra, present, here);
    const bool only_extra = present == 0;
    present |= ElementsInExtra(type, extra);
    if (only_extra && type.resource_field == 0 &&
        (present & ~(std::uint64_t{1} << FindElement(type, "id"))) == 0) {
      EmptyElement(here);
    }
    Json(extra, here);
  }
  Scope scope{{Item::Form::kMessage, false, &type, nullptr, wire, 0},
              present,
              place_.resource,
              place_.root,
              this};
  Invariants(type.invariants, scope, here);
  if (type.name == "Attachment") AttachmentSize(scope.context, here);
  if (type.name == "Bundle.entry") Entry(scope.context, here);
  Children(type, wire, here);
  --depth_;
}

// `_name` without `name`, and without extensions.
void Walk::EmptySiblings(const Type& type,
                         std::string_view extra,
                         std::uint64_t present,
                         const Step& here) {
  JsonSteps steps(extra);
  std::string_view name;
  for (std::string_view value; steps.Next(name, value);) {
    const Member* const member = name.starts_with('_') ? FindMember(type, name.substr(1)) : nullptr;
    if (member == nullptr || (present >> member->element & 1) != 0 || !IsJsonObjectText(value) ||
        !JsonMember(value, "extension").empty()) {
      continue;
    }
    EmptyElement({&here, PathName(type.elements[member->element].name), -1});
  }
}

void Walk::EmptyElement(const Step& here) {
  static const Invariant* const ele_1 = FindElementInvariant("ele-1");
  if (ele_1 != nullptr) Broken(*ele_1, here);
}

void Walk::Children(const Type& type, std::string_view wire, const Step& here) {
  Places places(type, wire);
  WireReader reader(wire);
  for (WireField field; reader.Next(field);) {
    const Member* const member = FindField(type, field.number);
    if (member == nullptr || (member->kind != Kind::kMessage && member->kind != Kind::kResource))
      continue;
    const Step step{&here,
                    PathName(type.elements[member->element].name),
                    member->repeated ? places.Next(*member, field) : -1};
    if (member->kind == Kind::kMessage) {
      const Item item{
          Item::Form::kMessage, false, &kTables.types[member->ref], member, field.bytes, 0};
      Child(type, *member, item, step);
    } else if (const auto resource = ResourceItem(field.bytes)) {
      Resource(*resource, step, place_, /*contained=*/member->name == "contained");
    }
  }
}

void Walk::Child(const Type& type, const Member& member, const Item& item, const Step& here) {
  if (member.ref == kTables.reference_type) {
    const auto position = static_cast<std::size_t>(&member - type.members.data());
    const std::size_t set = type.targets.empty() ? 0 : type.targets[position];
    Reference(kTables.targets[set], item, here);
  }
  Object(*item.type, item.bytes, here);
}

void Walk::Invariants(std::span<const Invariant> invariants, const Scope& scope, const Step& here) {
  for (const Invariant& invariant : invariants) {
    if (invariant.element != kNoElement) {
      if ((*scope.present >> invariant.element & 1) != 0) ItemInvariant(invariant, scope, here);
    } else if (!Holds(invariant, scope)) {
      Broken(invariant, here);
    }
  }
}

// About each item of an element.
void Walk::ItemInvariant(const Invariant& invariant, const Scope& scope, const Step& here) {
  const std::size_t begin = items_.size();
  const Type& type = *scope.context.type;
  AppendElement(scope.context, invariant.element, items_);
  Scope inner{{}, std::nullopt, scope.resource, scope.root, this};
  for (std::size_t i = begin; i < items_.size(); ++i) {
    inner.context = items_[i];
    if (Holds(invariant, inner)) continue;
    const bool list = inner.context.member != nullptr && inner.context.member->repeated;
    Broken(invariant,
           {&here,
            PathName(type.elements[invariant.element].name),
            list ? static_cast<std::int32_t>(i - begin) : -1});
  }
  items_.resize(begin);
}

bool Walk::Holds(const Invariant& invariant, const Scope& scope) {
  if (invariant.check == kNoCheck) return evaluator_.Holds(invariant.expression, scope);
  const auto holds = CheckAt(invariant.check);
  return holds == nullptr || holds(scope);
}

void Walk::Broken(const Invariant& invariant, const Step& here) {
  // What is contained stands in the narrative of what contains it (FHIR R4 domainresource.html).
  if (place_.contained && invariant.key == "dom-6") return;
  report_.Add(invariant.warning ? Severity::kWarning : Severity::kError,
              "invariant",
              here,
              std::string(invariant.key) + ": " + std::string(invariant.text));
}

// The members of an object that is kept as text.
void Walk::Json(std::string_view value, const Step& up) {
  JsonSteps steps(value);
  std::string_view name;
  for (std::string_view member; steps.Next(name, member);) {
    std::string_view shown = name;
    if (shown.starts_with('_')) shown.remove_prefix(1);
    if (!IsJsonList(member)) {
      JsonValue(name, member, {&up, shown, -1});
      continue;
    }
    JsonSteps items(member);
    std::string_view none;
    std::int32_t index = 0;
    for (std::string_view item; items.Next(none, item); ++index)
      JsonValue(name, item, {&up, shown, index});
  }
}

void Walk::JsonValue(std::string_view name, std::string_view value, const Step& here) {
  if (name == "reference" && IsJsonString(value)) {
    std::string scratch;
    const std::string_view text = JsonStringText(value, scratch);
    if (text.starts_with('#') && text.size() > 1 && !HasContained(place_.root, text.substr(1))) {
      report_.Error("invariant",
                    *here.up,
                    "ref-1: SHALL have a contained resource if a local reference is provided");
    }
  }
  if (!IsJsonObjectText(value) || depth_ == kMaxMessageDepth) return;
  ++depth_;
  const Item root = place_.root;
  if (name != "contained" && !JsonMember(value, "resourceType").empty())
    place_.root = {Item::Form::kJson, false, nullptr, nullptr, value, 0};
  if (name == "extension" || name == "modifierExtension") Extension(value, here);
  Json(value, here);
  place_.root = root;
  --depth_;
}

// An extension has a url, and either extensions or a value.
void Walk::Extension(std::string_view value, const Step& here) {
  static const Invariant* const ext_1 = FindElementInvariant("ext-1");
  bool url = false;
  bool extensions = false;
  bool has_value = false;
  JsonSteps steps(value);
  std::string_view name;
  for (std::string_view member; steps.Next(name, member);) {
    url = url || name == "url";
    extensions = extensions || name == "extension";
    has_value = has_value || name.starts_with("value") || name.starts_with("_value");
  }
  if (!url) report_.Error("required", here, "url is missing; Extension needs url");
  if (ext_1 != nullptr && extensions == has_value) Broken(*ext_1, here);
}

}  // namespace handoff::fhir::internal
