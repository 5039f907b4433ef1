#include "fhir-mappings/validation/checks.h"

#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

#include "fhir-mappings/runtime/json_text.h"
#include "fhir-mappings/runtime/reference_wire.h"
#include "fhir-mappings/runtime/sink.h"
#include "fhir-mappings/runtime/type_lookup.h"
#include "fhir-mappings/validation/json_text_view.h"
#include "fhir-mappings/validation/narrative.h"

namespace handoff::fhir::internal {
namespace {

// Whether a reference, canonical, uri or url of the item, or of what is below it, is `text`.
bool Mentions(const Item& item, std::string_view text) {
  std::string scratch;
  switch (item.form) {
    case Item::Form::kReference:
      return TextOf(item, scratch) == text;
    case Item::Form::kScalar:
      return (item.member->kind == Kind::kCanonical || item.member->kind == Kind::kUri ||
              item.member->kind == Kind::kUrl) &&
             item.bytes == text;
    case Item::Form::kJson: {
      std::string quoted;
      Sink sink(&quoted);
      AppendJsonString(text, sink);
      sink.Finish();
      return item.bytes.find(quoted) != item.bytes.npos;
    }
    default:
      break;
  }
  Items children;
  AppendAllChildren(item, children);
  return std::any_of(children.begin(), children.end(), [&](const Item& child) {
    return Mentions(child, text);
  });
}

// What is contained is referred to by what contains it, or refers to that.
bool IsReferredTo(const Scope& scope) {
  const std::string id = OnlyText(scope.context, "id");
  return (!id.empty() && Mentions(scope.resource, "#" + id)) || Mentions(scope.context, "#");
}

bool LocalReferenceIsContained(const Scope& scope) {
  const ReferenceView reference = DecodeReference(scope.context.bytes);
  if (!reference.uri.starts_with('#') || reference.uri.size() == 1) return true;
  return HasContained(scope.root, reference.uri.substr(1));
}

bool NarrativeIsAllowed(const Scope& scope) {
  return scope.context.form != Item::Form::kScalar || CheckNarrative(scope.context.bytes).allowed;
}

bool NarrativeHasContent(const Scope& scope) {
  if (scope.context.form != Item::Form::kScalar) return true;
  const NarrativeFindings findings = CheckNarrative(scope.context.bytes);
  return findings.content || !findings.allowed;  // what is not allowed was not read to its end
}

// No two entries have the same fullUrl and version.
bool FullUrlsAreUnique(const Scope& scope) {
  if (OnlyText(scope.context, "type") == "history") return true;
  const auto bundle = scope.context.type;
  const Member& entry = *FindMember(*bundle, "entry");
  const Type& entry_type = kTables.types[entry.ref];
  const Member& full_url = *FindMember(entry_type, "fullUrl");
  const Member& resource = *FindMember(entry_type, "resource");
  std::vector<std::pair<std::string_view, std::string_view>> urls;  // and the resource
  WireReader reader(scope.context.bytes);
  for (WireField field; reader.Next(field);) {
    if (field.number != entry.field) continue;
    auto& [url, encoded] = urls.emplace_back();
    WireReader inner(field.bytes);
    for (WireField part; inner.Next(part);) {
      if (part.number == full_url.field) url = part.bytes;
      if (part.number == resource.field) encoded = part.bytes;
    }
    if (url.empty()) urls.pop_back();
  }
  std::sort(urls.begin(), urls.end());
  const auto version = [](std::string_view encoded) {
    const std::optional<Item> item = ResourceItem(encoded);
    Items meta;
    if (item) AppendChildren(*item, "meta", meta);
    return meta.empty() ? std::string() : OnlyText(meta.front(), "versionId");
  };
  for (std::size_t i = 1; i < urls.size(); ++i) {
    for (std::size_t j = i; j-- > 0 && urls[j].first == urls[i].first;) {
      if (version(urls[i].second) == version(urls[j].second)) return false;
    }
  }
  return true;
}

// [A-Z]([A-Za-z0-9_]){0,254}
bool IsMachineName(const Scope& scope) {
  const std::string name = OnlyText(scope.context, "name");
  return name.empty() || (name.size() <= 255 && name[0] >= 'A' && name[0] <= 'Z' &&
                          std::all_of(name.begin(), name.end(), [](char c) {
                            return c == '_' || std::isalnum(static_cast<unsigned char>(c)) != 0;
                          }));
}

constexpr NamedCheck kChecks[] = {
    {"bdl-7", FullUrlsAreUnique},
    {"dom-3", IsReferredTo},
    {"que-0", IsMachineName},
    {"ref-1", LocalReferenceIsContained},
    {"txt-1", NarrativeIsAllowed},
    {"txt-2", NarrativeHasContent},
};

using Holds = bool (*)(const Scope&);

std::vector<Holds> ByPosition() {
  std::vector<Holds> by_position(kTables.checks.size(), nullptr);
  for (std::size_t i = 0; i < by_position.size(); ++i) {
    for (const NamedCheck& check : kChecks) {
      if (check.key == kTables.checks[i]) by_position[i] = check.holds;
    }
  }
  return by_position;
}

}  // namespace

std::span<const NamedCheck> NamedChecks() { return kChecks; }

Holds CheckAt(std::size_t position) {
  static const std::vector<Holds> by_position = ByPosition();
  return by_position[position];
}

bool HasContained(const Item& resource, std::string_view id) {
  Items contained;
  AppendChildren(resource, "contained", contained);
  return std::any_of(contained.begin(), contained.end(), [&](const Item& item) {
    return OnlyText(item, "id") == id;
  });
}

}  // namespace handoff::fhir::internal
