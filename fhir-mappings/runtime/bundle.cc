#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "fhir-mappings/runtime/date_wire.h"
#include "fhir-mappings/runtime/resource.h"
#include "fhir-mappings/runtime/tables.h"
#include "fhir-mappings/runtime/type_lookup.h"
#include "fhir-mappings/runtime/wire.h"
#include "fhir-mappings/runtime/wire_fields.h"

namespace handoff::fhir {
namespace {

using namespace internal;

// The code of an enum field; empty if the number is unknown.
std::string_view CodeText(const Type& type, const WireField& field) {
  const Member* const member = FindField(type, field.number);
  if (member == nullptr || member->kind != Kind::kEnum || field.type != WireType::kVarint)
    return {};
  const EnumCode* const code = FindCode(kTables.enums[member->ref], field.value);
  return code == nullptr ? std::string_view() : code->code;
}

const Type& TypeOf(const Type& type, std::string_view name) {
  return kTables.types[FindMember(type, name)->ref];
}

// The types and field numbers of Bundle, looked up once.
struct BundleFields {
  const Type& bundle = *FindResource("Bundle");
  const Type& entry = TypeOf(bundle, "entry");
  const Type& request = TypeOf(entry, "request");
  const Type& response = TypeOf(entry, "response");
  const Type& search = TypeOf(entry, "search");
  const Type& link = TypeOf(bundle, "link");
  static std::uint32_t Number(const Type& type, std::string_view name) {
    return FindMember(type, name)->field;
  }
  const std::uint32_t id = Number(bundle, "id");
  const std::uint32_t type = Number(bundle, "type");
  const std::uint32_t entries = Number(bundle, "entry");
  const std::uint32_t full_url = Number(entry, "fullUrl");
  const std::uint32_t resource = Number(entry, "resource");
  const std::uint32_t entry_request = Number(entry, "request");
  const std::uint32_t method = Number(request, "method");
  const std::uint32_t url = Number(request, "url");
  const std::uint32_t if_match = Number(request, "ifMatch");
  const std::uint32_t if_none_exist = Number(request, "ifNoneExist");
};

const BundleFields& Fields() {
  static const BundleFields fields;
  return fields;
}

bool ReadRequest(std::string_view wire, BundleEntry& entry) {
  const BundleFields& fields = Fields();
  WireReader reader(wire);
  for (WireField field; reader.Next(field);) {
    if (field.number == fields.method) entry.method = CodeText(fields.request, field);
    if (field.type != WireType::kBytes) continue;
    if (field.number == fields.url) entry.url = field.bytes;
    if (field.number == fields.if_match) entry.if_match = field.bytes;
    if (field.number == fields.if_none_exist) entry.if_none_exist = field.bytes;
  }
  return reader.ok();
}

void PutCode(const Type& type, std::string_view member_name, std::string_view code, Sink& out) {
  const Member& member = *FindMember(type, member_name);
  const EnumCode* const found = FindCode(kTables.enums[member.ref], code);
  if (found != nullptr) PutNumber(out, member.field, static_cast<std::uint64_t>(found->number));
}

void PutText(const Type& type, std::string_view member_name, std::string_view text, Sink& out) {
  if (!text.empty()) PutBytes(out, FindMember(type, member_name)->field, text);
}

void PutInstant(const Type& type, std::string_view member_name, std::int64_t us, Sink& out) {
  if (us == 0) return;
  PutTag(out, FindMember(type, member_name)->field, WireType::kBytes);
  const std::size_t length = OpenLength(out, 1);
  EncodeDateTime(InstantFromMicros(us), out);
  CloseLength(out, length, 1);
}

void PutResponse(const NewEntry& entry, Sink& out) {
  const BundleFields& fields = Fields();
  if (entry.response_status.empty()) return;
  PutTag(out, FindMember(fields.entry, "response")->field, WireType::kBytes);
  const std::size_t length = OpenLength(out, 1);
  PutText(fields.response, "status", entry.response_status, out);
  PutText(fields.response, "location", entry.response_location, out);
  PutText(fields.response, "etag", entry.response_etag, out);
  PutInstant(fields.response, "lastModified", entry.response_last_modified_us, out);
  PutText(fields.response, "outcome", entry.response_outcome, out);
  CloseLength(out, length, 1);
}

void PutEntry(const NewEntry& entry, Sink& out) {
  const BundleFields& fields = Fields();
  PutTag(out, fields.entries, WireType::kBytes);
  const std::size_t length = OpenLength(out, 2);
  PutText(fields.entry, "fullUrl", entry.full_url, out);
  PutText(fields.entry, "resource", entry.encoded, out);
  if (!entry.search_mode.empty()) {
    PutTag(out, FindMember(fields.entry, "search")->field, WireType::kBytes);
    const std::size_t search = OpenLength(out, 1);
    PutCode(fields.search, "mode", entry.search_mode, out);
    CloseLength(out, search, 1);
  }
  PutResponse(entry, out);
  CloseLength(out, length, 2);
}

}  // namespace

Head ReadHead(std::string_view encoded) {
  WireReader reader(encoded);
  WireField field;
  if (!reader.Next(field) || field.type != WireType::kBytes) return {};
  const bool opaque = field.number == wire_fields::kOpaque;
  const Type* const type = opaque ? nullptr : FindResource(field.number);
  if (type == nullptr && !opaque) return {};
  Head head;
  if (!opaque) head.type = type->name;
  const std::uint32_t id = opaque ? wire_fields::kOpaqueId : wire_fields::kResourceId;
  WireReader inner(field.bytes);
  for (WireField part; inner.Next(part);) {
    if (part.type != WireType::kBytes) continue;
    if (opaque && part.number == wire_fields::kOpaqueType) head.type = part.bytes;
    if (part.number == id) {
      head.id = part.bytes;
      break;
    }
  }
  return head;
}

bool ReadBundleEntry(std::string_view wire, BundleEntry* entry) {
  const BundleFields& fields = Fields();
  WireReader reader(wire);
  for (WireField field; reader.Next(field);) {
    if (field.type != WireType::kBytes) continue;
    if (field.number == fields.full_url) entry->full_url = field.bytes;
    if (field.number == fields.resource) entry->resource = field.bytes;
    if (field.number == fields.entry_request && !ReadRequest(field.bytes, *entry)) return false;
  }
  return reader.ok();
}

std::optional<BundleView> ReadBundle(std::string_view encoded) {
  const BundleFields& fields = Fields();
  WireReader outer(encoded);
  WireField resource;
  if (!outer.Next(resource) || resource.number != wire_fields::kBundle ||
      resource.type != WireType::kBytes) {
    return std::nullopt;
  }
  BundleView bundle;
  WireReader reader(resource.bytes);
  for (WireField field; reader.Next(field);) {
    if (field.number == fields.type) bundle.type = CodeText(fields.bundle, field);
    if (field.type != WireType::kBytes) continue;
    if (field.number == fields.id) bundle.id = field.bytes;
    if (field.number == fields.entries &&
        !ReadBundleEntry(field.bytes, &bundle.entries.emplace_back()))
      return std::nullopt;
  }
  if (!reader.ok()) return std::nullopt;
  return bundle;
}

void AppendBundle(const NewBundle& bundle, std::string* out) {
  const BundleFields& fields = Fields();
  Sink sink(out);
  PutTag(sink, wire_fields::kBundle, WireType::kBytes);
  const std::size_t length = OpenLength(sink, 3);
  PutText(fields.bundle, "id", bundle.id, sink);
  PutCode(fields.bundle, "type", bundle.type, sink);
  PutInstant(fields.bundle, "timestamp", bundle.timestamp_us, sink);
  if (bundle.total) PutNumber(sink, FindMember(fields.bundle, "total")->field, *bundle.total);
  for (const auto& [relation, url] : bundle.links) {
    PutTag(sink, FindMember(fields.bundle, "link")->field, WireType::kBytes);
    const std::size_t link = OpenLength(sink, 1);
    PutText(fields.link, "relation", relation, sink);
    PutText(fields.link, "url", url, sink);
    CloseLength(sink, link, 1);
  }
  for (const NewEntry& entry : bundle.entries) PutEntry(entry, sink);
  CloseLength(sink, length, 3);
}

void AppendOutcome(const Issues& issues, std::string* out) {
  const Type& outcome = *FindResource("OperationOutcome");
  const Type& issue_type = TypeOf(outcome, "issue");
  Sink sink(out);
  PutTag(sink, wire_fields::kOperationOutcome, WireType::kBytes);
  const std::size_t length = OpenLength(sink, 2);
  for (const Issue& issue : issues) {
    PutTag(sink, FindMember(outcome, "issue")->field, WireType::kBytes);
    const std::size_t item = OpenLength(sink, 1);
    PutCode(issue_type, "severity", SeverityCode(issue.severity), sink);
    PutCode(issue_type, "code", issue.code, sink);
    PutText(issue_type, "diagnostics", issue.text, sink);
    PutText(issue_type, "expression", issue.expression, sink);
    CloseLength(sink, item, 1);
  }
  CloseLength(sink, length, 2);
}

}  // namespace handoff::fhir
