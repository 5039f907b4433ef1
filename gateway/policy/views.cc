#include "gateway/policy/views.h"

#include <algorithm>

#include "absl/status/status.h"

#include "fhir-mappings/runtime/resource.h"
#include "fhir-mappings/runtime/wire.h"
#include "gateway/base/bytes.h"
#include "gateway/base/status_macros.h"
#include "gateway/policy/label_scan.h"
#include "gateway/policy/unmapped.h"
#include "handoff/v1/exchange.pb.h"

namespace handoff::policy {
namespace {

// Extensions of DS4P by which a part of a resource carries a label.
constexpr std::string_view kInlineLabelUrl = "extension-inline-sec-label";
constexpr std::string_view kModifierExtension = "modifierExtension";

// What stands anywhere in a resource, narrative and all.
struct Marks {
  bool inline_label = false;
  bool modifier_extension = false;
};

// Every resource that leaves is searched: both at once, by their rarest letter.
Marks MarksIn(std::string_view text) {
  constexpr char kRare = 'x';
  const auto stands_around = [text](std::size_t at, std::string_view mark) {
    const std::size_t before = mark.find(kRare);
    return at >= before && text.substr(at - before).starts_with(mark);
  };
  Marks marks;
  for (std::size_t at = text.find(kRare); at != text.npos; at = text.find(kRare, at + 1)) {
    if (stands_around(at, kInlineLabelUrl)) marks.inline_label = true;
    if (stands_around(at, kModifierExtension)) marks.modifier_extension = true;
  }
  return marks;
}

absl::Status Unreadable() { return absl::DataLossError("a stored resource cannot be read"); }

bool Contains(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

absl::StatusOr<std::string> ProjectUnmapped(
    std::string_view encoded, const std::function<bool(const fhir::ReferenceView&)>& keep) {
  v1::Resource resource;
  if (!fhir::ParseResource(encoded, &resource)) return Unreadable();
  v1::OpaqueResource& whole = *resource.mutable_opaque();
  std::optional<std::string> stripped = StripUnmapped(whole.json());
  if (!stripped) return absl::DataLossError("a stored resource is no JSON object");
  whole.set_json(*std::move(stripped));
  v1::Meta meta;
  *meta.mutable_security() = whole.meta().security();
  whole.clear_meta();
  if (meta.security_size() > 0) *whole.mutable_meta() = std::move(meta);
  std::string bytes;
  if (!resource.AppendToString(&bytes)) return absl::InternalError("a resource cannot be encoded");
  fhir::RewriteOptions options;
  options.reference = [&keep](const fhir::ReferenceView& reference) {
    fhir::ReferenceEdit edit;
    if (!keep(reference)) edit.action = fhir::ReferenceEdit::Action::kDrop;
    return edit;
  };
  std::string out;
  HANDOFF_RETURN_IF_ERROR(fhir::Rewrite(bytes, options, &out));
  return out;
}

std::string LabelReason(const View& view, const Labels& labels) {
  for (const Label* label : labels) {
    if (!view.AllowsLabel(label->code)) return "label: " + label->kind;
  }
  return {};
}

// True if a label that the view does not allow would show through the rest of the message.
bool Reveals(const View& view, const Labels& labels) {
  return std::any_of(labels.begin(), labels.end(), [&view](const Label* label) {
    return label->scope == LabelScope::kMessage && !view.AllowsLabel(label->code);
  });
}

bool HasType(const v1::Identifier& identifier, const std::set<std::string, std::less<>>& types) {
  const auto& codings = identifier.type().codings();
  return std::any_of(codings.begin(), codings.end(), [&](const v1::Coding& c) {
    return types.contains(c.code());
  });
}

}  // namespace

bool View::AllowsType(std::string_view type) const {
  return everything_ || mask_.AllowsType(type) || unmapped_.contains(type) ||
         documents_.contains(type);
}

bool View::AllowsLabel(std::string_view code) const {
  return labels_.contains("*") || labels_.contains(code);
}

const View* Views::Find(std::string_view name) const {
  const auto found = views_.find(name);
  return found == views_.end() ? nullptr : &found->second;
}

std::vector<std::string_view> Views::Names() const {
  std::vector<std::string_view> names;
  for (const auto& [name, view] : views_) names.push_back(name);
  return names;
}

absl::StatusOr<Labels> Views::LabelsOf(std::string_view encoded) const {
  HANDOFF_ASSIGN_OR_RETURN(Content content, ContentOf(encoded));
  return std::move(content.labels);
}

absl::StatusOr<Views::Content> Views::ContentOf(std::string_view encoded) const {
  Content content;
  Labels& labels = content.labels;
  const auto add = [&](std::string_view code) {
    const auto found = labels_.find(code);
    if (found == labels_.end()) return;
    if (std::find(labels.begin(), labels.end(), &found->second) == labels.end()) {
      labels.push_back(&found->second);
    }
  };
  if (!VisitLabels(encoded, add)) return Unreadable();
  const Marks marks = MarksIn(encoded);
  content.modifier_extension = marks.modifier_extension;
  if (marks.inline_label) add(kInlineLabel);
  // In JSON that is not read, a contained resource may carry a label: any text that is one counts.
  const std::string_view json = UnmappedJson(encoded);
  if (Contains(json, "\"contained\"")) {
    for (const auto& [code, label] : labels_) {
      if (Contains(json, '"' + code + '"')) add(code);
    }
  }
  return content;
}

std::string Views::WhyNot(const View& view, std::string_view type, const Content& content) const {
  if (std::string why = LabelReason(view, content.labels); !why.empty()) return why;
  if (!view.AllowsType(type)) return "view " + view.name() + " shows no " + std::string(type);
  // It may turn the meaning around ("not", "planned only"), and no view but that of everything
  // brings it.
  if (!view.everything_ && content.modifier_extension) {
    return "it carries a modifier extension, which the view would drop";
  }
  return {};
}

absl::StatusOr<Projection> Views::Project(const View& view,
                                          std::string_view encoded,
                                          const KeptSet& kept) const {
  const fhir::Head head = fhir::ReadHead(encoded);
  if (head.type.empty()) return Unreadable();
  HANDOFF_ASSIGN_OR_RETURN(const Content content, ContentOf(encoded));
  if (std::string why = WhyNot(view, head.type, content); !why.empty()) {
    return Projection{std::nullopt, std::move(why)};
  }
  if (view.documents_.contains(head.type)) {
    return Projection{std::nullopt, "a document leaves only with the message that brought it"};
  }
  HANDOFF_ASSIGN_OR_RETURN(Part part, Shown(view, encoded, kept));
  return Projection{std::move(part.encoded), {}};
}

absl::StatusOr<Views::Part> Views::Shown(const View& view,
                                         std::string_view encoded,
                                         const KeptSet& kept) const {
  if (view.everything_) return Part{std::string(encoded)};
  const std::string_view type = fhir::ReadHead(encoded).type;
  const auto keep = [&kept](const fhir::ReferenceView& reference) {
    return reference.IsRelative() &&
           kept.contains(ResourceKey{std::string(reference.type), std::string(reference.id)});
  };
  if (!view.mask_.AllowsType(type)) {
    HANDOFF_ASSIGN_OR_RETURN(std::string stripped, ProjectUnmapped(encoded, keep));
    return Part{std::move(stripped)};
  }
  Part part;
  HANDOFF_ASSIGN_OR_RETURN(const bool shown,
                           view.mask_.Project(encoded, keep, &part.encoded, &part.lacking));
  HANDOFF_CHECK(shown);  // AllowsType() said so
  if (type == "Patient") {
    HANDOFF_ASSIGN_OR_RETURN(part.encoded, FilterIdentifiers(view, part.encoded));
  }
  return part;
}

absl::StatusOr<std::string> Views::FilterIdentifiers(const View& view,
                                                     std::string_view encoded) const {
  const auto damaged = [] { return absl::DataLossError("a projected Patient cannot be read"); };
  fhir::WireField patient;
  if (!fhir::WireReader(encoded).Next(patient) ||
      patient.number != v1::Resource::kPatientFieldNumber) {
    return damaged();
  }
  const auto withheld = [&](const v1::Identifier& identifier) {
    return HasType(identifier, withheld_identifier_types_) ||
           withheld_identifier_systems_.contains(identifier.system()) ||
           (!view.identifier_types_.empty() && !HasType(identifier, view.identifier_types_));
  };
  std::string shown;
  fhir::WireReader in(patient.bytes);
  for (fhir::WireField field; in.Next(field);) {
    if (field.number == v1::Patient::kIdentifiersFieldNumber) {
      v1::Identifier identifier;
      if (!identifier.ParseFromArray(field.bytes.data(), static_cast<int>(field.bytes.size()))) {
        return damaged();
      }
      if (withheld(identifier)) continue;
    }
    shown.append(field.whole);
  }
  if (!in.ok()) return damaged();
  std::string out;
  AppendField(v1::Resource::kPatientFieldNumber, shown, &out);
  return out;
}

absl::StatusOr<MessageProjection> Views::ProjectMessage(
    const View& view, const std::vector<std::string_view>& resources, const KeptSet& beside) const {
  struct Leaving {
    ResourceKey key;
    std::string_view encoded;
  };
  MessageProjection message;
  std::vector<Leaving> leaving;
  for (std::size_t i = 0; i < resources.size(); ++i) {
    const fhir::Head head = fhir::ReadHead(resources[i]);
    if (head.type.empty()) return Unreadable();
    ResourceKey key{std::string(head.type), std::string(head.id)};
    HANDOFF_ASSIGN_OR_RETURN(const Content content, ContentOf(resources[i]));
    std::string why = WhyNot(view, head.type, content);
    if (why.empty()) {
      leaving.push_back({std::move(key), resources[i]});
      continue;
    }
    if (i == 0 || Reveals(view, content.labels)) {
      message.withheld = std::move(why);
      message.left_out.clear();
      return message;
    }
    if (view.AllowsType(head.type)) message.left_out.push_back({std::move(key), std::move(why)});
  }
  if (!message.left_out.empty()) {
    // A document may tell what was left out, and nobody can look into it from here.
    std::erase_if(leaving, [&](Leaving& one) {
      if (!view.documents_.contains(one.key.type)) return false;
      message.left_out.push_back({std::move(one.key), "a document beside what was left out"});
      return true;
    });
  }
  // What goes may be what another must refer to, so look again.
  for (bool complete = false; !complete;) {
    complete = true;
    message.resources.clear();
    KeptSet kept = beside;
    for (const Leaving& one : leaving) kept.insert(one.key);
    for (Leaving& one : leaving) {
      HANDOFF_ASSIGN_OR_RETURN(Part part, Shown(view, one.encoded, kept));
      // A Provenance of nothing, a prescription of no medication: it says nothing, and no recipient
      // can read it.
      if (part.lacking && &one != &leaving.front()) {
        message.left_out.push_back({std::move(one.key), "it must refer to what does not leave"});
        one.encoded = {};
        complete = false;
      } else {
        message.resources.push_back(std::move(part.encoded));
      }
    }
    std::erase_if(leaving, [](const Leaving& one) { return one.encoded.empty(); });
  }
  return message;
}

absl::StatusOr<std::string> Views::WhyNotBeside(
    const View& view, const std::vector<std::string_view>& resources) const {
  for (const std::string_view encoded : resources) {
    HANDOFF_ASSIGN_OR_RETURN(const Labels labels, LabelsOf(encoded));
    if (Reveals(view, labels)) return LabelReason(view, labels);
  }
  return std::string();
}

Views::Decision Views::Decide(const std::vector<std::string>& relations,
                              std::string_view type,
                              const Labels& labels) const {
  Decision decision;
  decision.reason = "no relation of the reader shows it a " + std::string(type);
  for (const AccessRow& row : access_) {
    if (std::find(relations.begin(), relations.end(), row.relation) == relations.end()) continue;
    if (!row.types.empty() && !row.types.contains(type)) continue;
    const View* view = Find(row.view);
    if (view == nullptr || !view->AllowsType(type)) continue;
    if (std::string why = LabelReason(*view, labels); !why.empty()) {
      decision.reason = std::move(why);
      continue;
    }
    return {view, row.relation};
  }
  return decision;
}

}  // namespace handoff::policy
