#include "gateway/policy/label_scan.h"

#include <algorithm>
#include <optional>

#include "fhir-mappings/runtime/resource.h"
#include "fhir-mappings/runtime/wire.h"
#include "handoff/v1/exchange.pb.h"

namespace handoff::policy {
namespace {

// Every mapped resource has these where Patient has them; a Bundle has no `contained`.
constexpr int kMeta = v1::Patient::kMetaFieldNumber;
constexpr int kContained = v1::Patient::kContainedFieldNumber;
static_assert(kMeta == v1::Encounter::kMetaFieldNumber && kMeta == v1::Bundle::kMetaFieldNumber);
static_assert(kContained == v1::Encounter::kContainedFieldNumber &&
              kContained == v1::MessageHeader::kContainedFieldNumber);

// Calls `visit(number, bytes)`, which says whether to go on, for every field of a message that has
// bytes. False if it did not, or the message is damaged.
template <class Visit>
bool ForEachField(std::string_view message, const Visit& visit) {
  fhir::WireReader in(message);
  for (fhir::WireField field; in.Next(field);) {
    if (field.type != fhir::WireType::kBytes) continue;
    if (!visit(static_cast<int>(field.number), field.bytes)) return false;
  }
  return in.ok();
}

using Visit = std::function<void(std::string_view code)>;
using Labels = google::protobuf::RepeatedPtrField<v1::SecurityLabel>;

// What a tolerant reader could not make anything of stands as JSON in `extra`.
bool Mentions(std::string_view extra, std::string_view member) {
  return extra.find(member) != extra.npos;
}

// A label without a code that can be read is one that says too little to let anything leave.
bool VisitLabel(std::string_view bytes, const Visit& visit) {
  bool readable = false;
  bool displaced = false;
  const bool whole = ForEachField(bytes, [&](int part, std::string_view value) {
    if (part == v1::SecurityLabel::kCodeFieldNumber) {
      visit(value);
      readable = true;
    }
    displaced |= part == v1::SecurityLabel::kExtraFieldNumber && Mentions(value, "\"code\"");
    return true;
  });
  if (!readable || displaced) visit(kInlineLabel);
  return whole;
}

bool VisitMeta(std::string_view bytes, const Visit& visit) {
  return ForEachField(bytes, [&](int element, std::string_view value) {
    if (element == v1::Meta::kExtraFieldNumber && Mentions(value, "\"security\"")) {
      visit(kInlineLabel);
    }
    return element != v1::Meta::kSecurityFieldNumber || VisitLabel(value, visit);
  });
}

bool VisitDocumentLabels(std::string_view reference, const Visit& visit) {
  return ForEachField(reference, [&](int number, std::string_view concept_bytes) {
    if (number == v1::DocumentReference::kExtraFieldNumber &&
        Mentions(concept_bytes, "\"securityLabel\"")) {
      visit(kInlineLabel);
    }
    if (number != v1::DocumentReference::kSecurityLabelsFieldNumber) return true;
    return ForEachField(concept_bytes, [&](int part, std::string_view label) {
      return part != v1::SecurityLabelConcept::kCodingsFieldNumber || VisitLabel(label, visit);
    });
  });
}

bool VisitConfidentiality(std::string_view composition, const Visit& visit) {
  fhir::WireReader in(composition);
  for (fhir::WireField field; in.Next(field);) {
    if (field.number != v1::Composition::kConfidentialityFieldNumber) continue;
    if (field.value == v1::CONFIDENTIALITY_CLASSIFICATION_RESTRICTED) visit("R");
    if (field.value == v1::CONFIDENTIALITY_CLASSIFICATION_VERY_RESTRICTED) visit("V");
  }
  return in.ok();
}

// The resource itself, of whatever type; null if there is none.
google::protobuf::Message* ContentOf(v1::Resource* resource) {
  const google::protobuf::Reflection& reflection = *resource->GetReflection();
  const google::protobuf::FieldDescriptor* const type =
      reflection.GetOneofFieldDescriptor(*resource, resource->GetDescriptor()->oneof_decl(0));
  return type == nullptr ? nullptr : reflection.MutableMessage(resource, type);
}

v1::Meta* MetaOf(v1::Resource* resource) {
  google::protobuf::Message* const content = ContentOf(resource);
  if (content == nullptr) return nullptr;
  const google::protobuf::FieldDescriptor* const meta =
      content->GetDescriptor()->FindFieldByName("meta");
  if (meta == nullptr) return nullptr;
  return google::protobuf::DynamicCastToGenerated<v1::Meta>(
      content->GetReflection()->MutableMessage(content, meta));
}

void AddLabels(const Labels& labels, v1::Resource* resource) {
  v1::Meta* const meta = MetaOf(resource);
  if (meta == nullptr) return;
  for (const v1::SecurityLabel& label : labels) {
    const bool there = std::any_of(
        meta->security().begin(), meta->security().end(), [&](const v1::SecurityLabel& other) {
          return other.system() == label.system() && other.code() == label.code();
        });
    if (!there) *meta->add_security() = label;
  }
}

bool HasMetaLabels(std::string_view encoded) {
  bool has = false;
  const bool whole = VisitLabels(encoded, [&](std::string_view) { has = true; });
  return has || !whole;
}

}  // namespace

bool VisitLabels(std::string_view encoded, const Visit& visit) {
  return ForEachField(encoded, [&](int type, std::string_view resource) {
    if (type == v1::Resource::kDocumentReferenceFieldNumber &&
        !VisitDocumentLabels(resource, visit)) {
      return false;
    }
    if (type == v1::Resource::kCompositionFieldNumber && !VisitConfidentiality(resource, visit)) {
      return false;
    }
    const bool unmapped = type == v1::Resource::kOpaqueFieldNumber;
    const int meta = unmapped ? v1::OpaqueResource::kMetaFieldNumber : kMeta;
    return ForEachField(resource, [&](int number, std::string_view bytes) {
      if (number == meta) return VisitMeta(bytes, visit);
      return number != kContained || unmapped || VisitLabels(bytes, visit);
    });
  });
}

void SpreadLabels(std::string* encoded_bundle) {
  const std::optional<fhir::BundleView> bundle = fhir::ReadBundle(*encoded_bundle);
  if (!bundle) return;
  const bool has_header = bundle->type == "message" && !bundle->entries.empty();
  if (!HasMetaLabels(*encoded_bundle) &&
      !(has_header && HasMetaLabels(bundle->entries.front().resource))) {
    return;
  }
  v1::Resource resource;
  if (!fhir::ParseResource(*encoded_bundle, &resource)) return;
  auto& entries = *resource.mutable_bundle()->mutable_entries();
  Labels labels = resource.bundle().meta().security();
  if (has_header) {
    labels.MergeFrom(entries.at(0).resource().message_header().meta().security());
  }
  for (v1::Bundle::Entry& entry : entries) {
    if (entry.has_resource()) AddLabels(labels, entry.mutable_resource());
  }
  encoded_bundle->clear();
  resource.AppendToString(encoded_bundle);
}

void CarryLabels(std::string_view before, std::string* encoded) {
  if (!HasMetaLabels(before)) return;
  v1::Resource earlier;
  v1::Resource now;
  if (!fhir::ParseResource(before, &earlier) || !fhir::ParseResource(*encoded, &now)) return;
  const v1::Meta* const meta = MetaOf(&earlier);
  const std::size_t own = now.ByteSizeLong();
  if (meta != nullptr) AddLabels(meta->security(), &now);
  if (now.ByteSizeLong() == own) return;
  encoded->clear();
  now.AppendToString(encoded);
}

std::string_view UnmappedJson(std::string_view encoded) {
  std::string_view json;
  ForEachField(encoded, [&](int type, std::string_view resource) {
    if (type != v1::Resource::kOpaqueFieldNumber) return true;
    return ForEachField(resource, [&](int number, std::string_view bytes) {
      if (number == v1::OpaqueResource::kJsonFieldNumber) json = bytes;
      return true;
    });
  });
  return json;
}

}  // namespace handoff::policy
