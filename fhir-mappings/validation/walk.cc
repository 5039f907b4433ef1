#include "fhir-mappings/validation/walk.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "fhir-mappings/runtime/json_text_view.h"
#include "fhir-mappings/runtime/reference_wire.h"
#include "fhir-mappings/runtime/rewriter.h"
#include "fhir-mappings/runtime/type_lookup.h"
#include "fhir-mappings/validation/checks.h"
#include "fhir-mappings/validation/profile_check.h"

namespace handoff::fhir::internal {
namespace {

const Invariant* FindElementInvariant(std::string_view key) {
  for (const Invariant& invariant : kTables.element_invariants) {
    if (invariant.key == key) return &invariant;
  }
  return nullptr;
}

const Type* FindType(std::string_view name) {
  const auto it = std::find_if(kTables.types.begin(), kTables.types.end(), [&](const Type& type) {
    return type.name == name;
  });
  return it == kTables.types.end() ? nullptr : &*it;
}

std::string_view StepName(const Type& type, const Member& member) {
  if (ExtensionOf(type, member) != nullptr) return member.name;
  return PathName(type.elements[member.element].name);
}

// The items of one element come one behind the other. Other writers of protobuf may mix them: from
// there on the items of every member are counted.
class Places {
 public:
  Places(const Type& type, std::string_view wire) : type_(type), wire_(wire) {}

  // `field` is where the item's field begins.
  std::int32_t Next(const Member& member, const char* field) {
    if (!counts_.empty()) return counts_[Position(member)]++;
    if (&member == last_) return ++place_;
    last_ = &member;
    const std::uint64_t bit = std::uint64_t{1} << member.element;
    if ((seen_ & bit) != 0) return Count(member, field);
    seen_ |= bit;
    return place_ = 0;
  }

 private:
  std::size_t Position(const Member& member) const {
    return static_cast<std::size_t>(&member - type_.members.data());
  }

  std::int32_t Count(const Member& member, const char* until) {
    counts_.resize(type_.members.size());
    WireReader reader(wire_);
    for (WireField field; reader.Next(field) && field.whole.data() != until;) {
      if (const Member* const before = FindField(type_, field.number)) ++counts_[Position(*before)];
    }
    return counts_[Position(member)]++;
  }

  const Type& type_;
  const std::string_view wire_;
  const Member* last_ = nullptr;
  std::int32_t place_ = 0;
  std::uint64_t seen_ = 0;
  std::vector<std::int32_t> counts_;
};

}  // namespace

bool Walk::Root(std::string_view encoded) {
  const std::optional<Item> resource = ResourceItem(encoded);
  if (!resource) return false;
  std::string scratch;
  const std::string_view type = TypeNameOf(*resource, scratch);
  const Step here{nullptr, IsPlainName(type) ? type : "Resource", -1};
  Resource(*resource, here, {}, /*contained=*/false);
  if (evaluator_.exhausted()) {
    report_.Add(Severity::kFatal,
                "too-costly",
                here,
                "has too much to compare: its invariants were not all tested");
  }
  return true;
}

std::optional<Item> Walk::Resolve(const ReferenceView& reference) {
  if (reference.uri.starts_with('#')) {
    const Item* const contained = place_.root->Contained(reference.uri.substr(1));
    return contained == nullptr ? std::nullopt : std::optional(*contained);
  }
  if (place_.bundle == nullptr) return std::nullopt;
  if (const auto found = place_.bundle->Find(reference, place_.full_url)) return found;
  return place_.bundle->FindByName(reference);
}

void Walk::Resource(const Item& resource, const Step& here, const Place& outer, bool contained) {
  if (depth_ == kMaxMessageDepth) return;
  ++depth_;
  const LocalIds ids(resource);
  const Place before = std::exchange(place_, Place(outer));
  place_.resource = resource;
  place_.contained = contained;
  if (!contained) place_.root = &ids;
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
  const std::uint64_t present = Object(*resource.type, resource.bytes, here);
  Profiles(resource, here);
  const std::uint8_t contained = FindElement(*resource.type, "contained");
  if (contained != kNoElement && (present >> contained & 1) != 0) ContainedIds(here);
}

void Walk::Profiles(const Item& resource, const Step& here) {
  static const std::vector<std::string> kNone;
  const std::vector<std::string>& claimed = here.up == nullptr ? options_.claimed : kNone;
  if (options_.profiles == nullptr && claimed.empty()) return;
  static const ProfileSet kNothingKnown;
  const ProfileSet& known = options_.profiles == nullptr ? kNothingKnown : *options_.profiles;
  ProfileCheck(known, evaluator_, *this, report_)
      .Resource(resource, *place_.root, claimed, options_.demanded, here);
}

std::uint64_t Walk::Object(const Type& type, std::string_view wire, const Step& here) {
  if (depth_ == kMaxMessageDepth) return 0;
  ++depth_;
  std::uint64_t present = 0;
  const std::size_t below = below_.size();
  std::string_view extra;
  Places places(type, wire);
  WireReader reader(wire);
  for (WireField field; reader.Next(field);) {
    if (field.number == type.extra_field) extra = field.bytes;
    const Member* const member = FindField(type, field.number);
    if (member == nullptr) continue;
    present |= std::uint64_t{1} << member->element;
    if (ExtensionOf(type, *member) != nullptr)
      present |= std::uint64_t{1} << FindElement(type, "extension");
    const bool inner = member->kind == Kind::kMessage || member->kind == Kind::kResource;
    const bool uri = member->kind == Kind::kUri || member->kind == Kind::kUrl ||
                     member->kind == Kind::kCanonical;
    if (!inner && !uri) continue;
    const std::int32_t place = member->repeated ? places.Next(*member, field.whole.data()) : -1;
    if (inner) {
      below_.emplace_back(member, field.bytes.data(), field.bytes.size(), place);
    } else if (IsSuspicious(type, *member, field.bytes)) {
      Uri(type, *member, field.bytes, {&here, StepName(type, *member), place});
    }
  }
  if (!extra.empty()) {
    const bool only_extra = present == 0;
    present |= Extra(type, extra, present, here);
    if (only_extra && type.resource_field == 0 &&
        (present & ~(std::uint64_t{1} << FindElement(type, "id"))) == 0) {
      EmptyElement(here);
    }
  }
  const auto context = [&] { return Item{Item::Form::kMessage, false, &type, nullptr, wire, 0}; };
  if (!type.invariants.empty()) {
    const Scope scope{context(), present, place_.resource, place_.root, this};
    Invariants(type.invariants, scope, here);
  }
  static const Type* const attachment = FindType("Attachment");
  static const Type* const entry = FindType("Bundle.entry");
  if (&type == attachment) AttachmentSize(context(), here);
  if (&type == entry) Entry(context(), here);
  // Part by part: what is below grows the list.
  for (std::size_t i = below; i < below_.size(); ++i) {
    const Below& next = below_[i];
    Child(type, *next.member, next.bytes(), {&here, StepName(type, *next.member), next.place});
  }
  below_.resize(below);
  --depth_;
  return present;
}

// What is kept as text beside the elements in `present`. Yields the elements that stand there.
std::uint64_t Walk::Extra(const Type& type,
                          std::string_view extra,
                          std::uint64_t present,
                          const Step& here) {
  std::uint64_t elements = 0;
  JsonSteps steps(extra);
  std::string_view name;
  for (std::string_view value; steps.Next(name, value);) {
    if (const Member* const owner = ExtraOwner(type, name)) {
      elements |= std::uint64_t{1} << owner->element;
      // `_name` without `name`, and without extensions.
      if (name.starts_with('_') && (present >> owner->element & 1) == 0 &&
          IsJsonObjectText(value) && JsonMember(value, "extension").empty()) {
        EmptyElement({&here, PathName(type.elements[owner->element].name), -1});
      }
    }
    JsonMembers(name, value, here);
  }
  return elements;
}

void Walk::EmptyElement(const Step& here) {
  static const Invariant* const ele_1 = FindElementInvariant("ele-1");
  if (ele_1 != nullptr) Broken(*ele_1, here);
}

void Walk::Child(const Type& type, const Member& member, std::string_view bytes, const Step& here) {
  if (member.kind == Kind::kResource) {
    if (const auto resource = ResourceItem(bytes))
      Resource(*resource, here, place_, /*contained=*/member.name == "contained");
    return;
  }
  const Type& inner = kTables.types[member.ref];
  if (member.ref == kTables.reference_type) {
    const auto position = static_cast<std::size_t>(&member - type.members.data());
    const std::size_t set = type.targets.empty() ? 0 : type.targets[position];
    Reference(kTables.targets[set], {Item::Form::kMessage, false, &inner, &member, bytes, 0}, here);
  }
  Object(inner, bytes, here);
}

void Walk::Invariants(std::span<const Invariant> invariants, const Scope& scope, const Step& here) {
  for (const Invariant& invariant : invariants) {
    if (invariant.about != 0 && (invariant.about & *scope.present) == 0) continue;
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
  if (invariant.key == "dom-6" && (place_.contained || !options_.best_practice)) return;
  report_.Add(invariant.warning ? Severity::kWarning : Severity::kError,
              "invariant",
              here,
              std::string(invariant.key) + ": " + std::string(invariant.text));
}

// A member of an object that is kept as text: its value, or each of a list.
void Walk::JsonMembers(std::string_view name, std::string_view value, const Step& up) {
  std::string_view shown = name;
  if (shown.starts_with('_')) shown.remove_prefix(1);
  if (!IsPlainName(shown)) shown = "member";  // a path tells no content
  if (!IsJsonList(value)) return JsonValue(name, value, {&up, shown, -1});
  std::int32_t index = 0;
  for (JsonSteps items(value); const auto item = items.NextItem(); ++index)
    JsonValue(name, *item, {&up, shown, index});
}

void Walk::JsonValue(std::string_view name, std::string_view value, const Step& here) {
  if (name == "reference" && IsJsonString(value)) return JsonReference(value, *here.up);
  if (!IsJsonObjectText(value) || depth_ == kMaxMessageDepth) return;
  ++depth_;
  // A resource inside of an opaque one.
  const bool own = name == "resource" && !JsonMember(value, "resourceType").empty();
  const LocalIds ids({Item::Form::kJson, false, nullptr, nullptr, value, 0});
  const LocalIds* const root = own ? std::exchange(place_.root, &ids) : place_.root;
  bool url = false;
  bool extensions = false;
  bool has_value = false;
  JsonSteps steps(value);
  std::string_view member;
  for (std::string_view inside; steps.Next(member, inside);) {
    url = url || member == "url";
    extensions = extensions || member == "extension";
    has_value = has_value || member.starts_with("value") || member.starts_with("_value");
    JsonMembers(member, inside, here);
  }
  if (name == "extension" || name == "modifierExtension")
    Extension(url, extensions != has_value, here);
  place_.root = root;
  --depth_;
}

void Walk::JsonReference(std::string_view value, const Step& here) {
  std::string scratch;
  const std::string_view text = JsonStringText(value, scratch);
  if (text.starts_with('#') && text.size() > 1 &&
      place_.root->Contained(text.substr(1)) == nullptr) {
    report_.Error("invariant",
                  here,
                  "ref-1: SHALL have a contained resource if a local reference is provided");
  }
}

// An extension has a url, and either extensions or a value.
void Walk::Extension(bool has_url, bool has_either, const Step& here) {
  static const Invariant* const ext_1 = FindElementInvariant("ext-1");
  if (!has_url) report_.Error("required", here, "url is missing; Extension needs url");
  if (ext_1 != nullptr && !has_either) Broken(*ext_1, here);
}

}  // namespace handoff::fhir::internal
