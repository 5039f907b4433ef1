#include "gateway/policy/label_scan.h"

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

bool VisitMeta(std::string_view bytes, const std::function<void(std::string_view)>& visit) {
  return ForEachField(bytes, [&](int element, std::string_view label) {
    if (element != v1::Meta::kSecurityFieldNumber) return true;
    return ForEachField(label, [&](int part, std::string_view code) {
      if (part == v1::SecurityLabel::kCodeFieldNumber) visit(code);
      return true;
    });
  });
}

}  // namespace

bool VisitLabels(std::string_view encoded,
                 const std::function<void(std::string_view code)>& visit) {
  return ForEachField(encoded, [&](int type, std::string_view resource) {
    const bool unmapped = type == v1::Resource::kOpaqueFieldNumber;
    const int meta = unmapped ? v1::OpaqueResource::kMetaFieldNumber : kMeta;
    return ForEachField(resource, [&](int number, std::string_view bytes) {
      if (number == meta) return VisitMeta(bytes, visit);
      return number != kContained || unmapped || VisitLabels(bytes, visit);
    });
  });
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
