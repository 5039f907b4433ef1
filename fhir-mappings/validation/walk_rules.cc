#include <algorithm>
#include <cctype>
#include <string>

#include "absl/container/flat_hash_set.h"

#include "fhir-mappings/runtime/primitives.h"
#include "fhir-mappings/runtime/reference_wire.h"
#include "fhir-mappings/runtime/type_lookup.h"
#include "fhir-mappings/validation/walk.h"

namespace handoff::fhir::internal {
namespace {

constexpr std::string_view kUuid = "urn:uuid:";

// The bytes that base64 stands for.
std::size_t DecodedSize(std::string_view base64) {
  std::size_t characters = 0;
  std::size_t padding = 0;
  for (const char c : base64) {
    if (std::isspace(static_cast<unsigned char>(c)) != 0) continue;
    ++characters;
    if (c == '=') ++padding;
  }
  return characters / 4 * 3 - std::min(padding, std::size_t{2});
}

}  // namespace

bool IsSuspicious(const Type& type, const Member& member, std::string_view uri) {
  if (uri.starts_with(kUuid)) return true;
  if (member.kind == Kind::kCanonical)
    return !uri.empty() && uri.front() != '#' && !IsAbsolute(uri);
  return member.name == "system" && type.name == "Coding" && !IsAbsolute(uri);
}

// Reference.type.
std::string_view StatedType(const Item& reference) {
  static const Member* const type = FindMember(kTables.types[kTables.reference_type], "type");
  std::string_view stated;
  WireReader reader(reference.bytes);
  for (WireField field; type != nullptr && reader.Next(field);) {
    if (field.number == type->field) stated = field.bytes;
  }
  return stated;
}

void Walk::Reference(std::span<const std::string_view> targets,
                     const Item& item,
                     const Step& here) {
  const ReferenceView reference = DecodeReference(item.bytes);
  const auto allows = [&](std::string_view type) {
    return std::find(targets.begin(), targets.end(), type) != targets.end();
  };
  if (!reference.IsRelative() || !allows(reference.type)) ReferenceForm(reference, here);
  InBundle(reference, here);
  std::string scratch;
  std::string_view type = reference.type;
  if (type.empty() && !reference.uri.empty()) {
    if (const auto found = Resolve(reference)) {
      type = TypeNameOf(*found, scratch);
    } else if (const auto url = ParseRestUrl(reference.uri)) {
      type = url->type;
    }
  }
  const std::string_view stated = StatedType(item);
  const std::string_view named = stated.substr(stated.rfind('/') + 1);
  if (!type.empty() && !named.empty() && named != type) {
    report_.Error(
        "structure", here, "Reference.type and the reference name different resource types");
  }
  if (type.empty()) type = named;
  if (type.empty() || targets.empty() || allows(type)) return;
  std::string text = "must not refer to ";
  text += IsPlainName(type) ? type : "this type";
  text += "; allowed are";
  for (const std::string_view target : targets) (text += ' ') += target;
  report_.Error("structure", here, text);
}

// Type/id, an absolute url, #id, or a search (in a transaction).
void Walk::ReferenceForm(const ReferenceView& reference, const Step& here) {
  const bool known = reference.IsRelative()
                         ? IsResourceType(reference.type)
                         : reference.uri.empty() || reference.uri.front() == '#' ||
                               reference.uri.find('?') != reference.uri.npos ||
                               IsAbsolute(reference.uri);
  if (!known)
    report_.Error("invalid", here, "a relative reference is Type/id (FHIR R4 references.html)");
}

// What a document or a message is about travels with it (FHIR R4 documents.html, messaging.html).
void Walk::InBundle(const ReferenceView& reference, const Step& here) {
  if (place_.bundle == nullptr || place_.contained || reference.uri.starts_with('#') ||
      (!reference.IsRelative() && reference.uri.empty())) {
    return;
  }
  const std::string_view kind = place_.bundle->type();
  if (kind != "document" && kind != "message") return;
  std::string scratch;
  const std::string_view resource = TypeNameOf(place_.resource, scratch);
  const bool must = (kind == "document" && resource == "Composition") ||
                    (kind == "message" && resource == "MessageHeader" && here.name == "focus");
  std::size_t matches = 0;
  if (place_.bundle->Find(reference, place_.full_url, &matches)) {
    if (must && matches > 1)
      report_.Error("invalid", here, "several entries of the Bundle are what this refers to");
    return;
  }
  const bool named = place_.bundle->FindByName(reference).has_value();
  if (!must && !(named && kind == "document")) return;
  report_.Error("invalid",
                here,
                named ? "no entry of the Bundle has the fullUrl that this reference means, though "
                        "one has its type and id"
                      : "no entry of the Bundle is what this refers to");
}

// What holds for an entry, and where the references in it start from.
void Walk::Entry(const Item& entry, const Step& here) {
  BundleEntry parts;
  ReadBundleEntry(entry.bytes, &parts);
  place_.full_url = parts.full_url;
  const std::optional<Item> resource = ResourceItem(parts.resource);
  const std::string_view kind = place_.bundle->type();
  if (kind == "searchset" && resource) Found(entry, *resource, here);
  if (place_.full_url.empty()) {
    if (resource && (kind == "document" || kind == "message"))
      report_.Error("required", here, "fullUrl is missing; a " + std::string(kind) + " needs it");
    return;
  }
  if (!IsAbsolute(place_.full_url)) {
    report_.Error("invalid", here, "fullUrl must be an absolute URL");
  }
  const std::optional<RestUrl> url = ParseRestUrl(place_.full_url);
  if (!url || !resource) return;
  const std::string id = OnlyText(*resource, "id");
  std::string scratch;
  if (!id.empty() && (id != url->id || TypeNameOf(*resource, scratch) != url->type))
    report_.Error("invalid", here, "fullUrl must end with the type and the id of the resource");
}

// What a search finds has an id; what it tells of itself is an OperationOutcome.
void Walk::Found(const Item& entry, const Item& resource, const Step& here) {
  const Step step{&here, "resource", -1};
  Items search;
  AppendChildren(entry, "search", search);
  std::string scratch;
  if (!search.empty() && OnlyText(search.front(), "mode") == "outcome") {
    if (TypeNameOf(resource, scratch) != "OperationOutcome")
      report_.Error("invalid", step, "the outcome of a search is an OperationOutcome");
  } else if (OnlyText(resource, "id").empty() &&
             TypeNameOf(resource, scratch) != "OperationOutcome") {
    report_.Error("invalid", step, "what a search finds has an id");
  }
}

// One link of a relation; those to other pages belong to searches and histories.
void Walk::Links(const Item& bundle, const Step& here) {
  constexpr std::string_view kPages[] = {"first", "last", "next", "prev", "previous"};
  const std::string_view kind = place_.bundle->type();
  const bool paged = kind == "searchset" || kind == "history";
  Items links;
  AppendChildren(bundle, "link", links);
  absl::flat_hash_set<std::string> relations;
  for (std::size_t i = 0; i < links.size(); ++i) {
    std::string relation = OnlyText(links[i], "relation");
    if (!paged && std::find(std::begin(kPages), std::end(kPages), relation) != std::end(kPages)) {
      const Step link{&here, "link", static_cast<std::int32_t>(i)};
      report_.Error("invalid", {&link, "relation", -1}, "is of searches and histories");
    }
    if (!relations.insert(std::move(relation)).second)
      report_.Error("invalid",
                    {&here, "link", static_cast<std::int32_t>(i)},
                    "another link has this relation");
  }
}

void Walk::ContainedIds(const Step& here) {
  if (place_.contained) return;
  for (const std::size_t place : place_.root->Repeated()) {
    report_.Error("invalid",
                  {&here, "contained", static_cast<std::int32_t>(place)},
                  "another contained resource has this id");
  }
}

void Walk::AttachmentSize(const Item& attachment, const Step& here) {
  Items children;
  AppendChildren(attachment, "data", children);
  AppendChildren(attachment, "size", children);
  if (children.size() != 2 || children[0].form != Item::Form::kScalar || !HasValue(children[1]))
    return;
  if (NumberOf(children[1]) != static_cast<double>(DecodedSize(children[0].bytes)))
    report_.Error("structure", here, "size is not that of data");
}

void Walk::Uri(const Type& type, const Member& member, std::string_view uri, const Step& here) {
  if (uri.starts_with(kUuid)) {
    if (!HasForm(Kind::kUuid, uri))
      report_.Error("invalid", here, "a UUID must be valid, and in lower case");
  } else if (member.kind == Kind::kCanonical) {
    report_.Error("invalid", here, "a canonical must be an absolute URL");
  } else if (type.name == "Coding") {
    report_.Error("invalid", here, "must be an absolute URL");
  }
}

}  // namespace handoff::fhir::internal
