#include <string>
#include <string_view>

#include "fhir-mappings/runtime/date_wire.h"
#include "fhir-mappings/runtime/json_text.h"
#include "fhir-mappings/runtime/resource.h"
#include "fhir-mappings/runtime/rewriter.h"
#include "fhir-mappings/runtime/tables.h"
#include "fhir-mappings/runtime/type_lookup.h"
#include "fhir-mappings/runtime/wire.h"
#include "fhir-mappings/runtime/wire_fields.h"

namespace handoff::fhir {
namespace {

using namespace internal;

absl::Status Damaged() { return absl::DataLossError("the encoded resource is damaged"); }

// `old` with the new version and time in front.
std::string NewMeta(std::string_view old, const RewriteOptions& options) {
  std::string meta;
  Sink out(&meta);
  if (options.version_id) PutBytes(out, wire_fields::kMetaVersionId, *options.version_id);
  if (options.updated_us) {
    PutTag(out, wire_fields::kMetaLastUpdated, WireType::kBytes);
    const std::size_t length = OpenLength(out, 1);
    EncodeDateTime(InstantFromMicros(*options.updated_us), out);
    CloseLength(out, length, 1);
  }
  WireReader reader(old);
  for (WireField field; reader.Next(field);) {
    const bool replaced = (field.number == wire_fields::kMetaVersionId && options.version_id) ||
                          (field.number == wire_fields::kMetaLastUpdated && options.updated_us);
    if (!replaced) out.Append(field.whole);
  }
  out.Finish();
  return meta;
}

// The fields of a resource message that Rewrite may replace; the rest is `rest`.
struct Parts {
  std::string_view type;  // OpaqueResource only
  std::string_view id;
  std::string_view meta;
  std::string_view json;  // OpaqueResource only
  std::string rest;
};

bool Split(std::string_view wire, bool opaque, Parts& parts) {
  const std::uint32_t id = opaque ? wire_fields::kOpaqueId : wire_fields::kResourceId;
  const std::uint32_t meta = opaque ? wire_fields::kOpaqueMeta : wire_fields::kResourceMeta;
  WireReader reader(wire);
  parts.rest.reserve(wire.size());
  for (WireField field; reader.Next(field);) {
    const bool bytes = field.type == WireType::kBytes;
    if (bytes && field.number == id) {
      parts.id = field.bytes;
    } else if (bytes && field.number == meta) {
      parts.meta = field.bytes;
    } else if (bytes && opaque && field.number == wire_fields::kOpaqueType) {
      parts.type = field.bytes;
    } else if (bytes && opaque && field.number == wire_fields::kOpaqueJson) {
      parts.json = field.bytes;
    } else {
      parts.rest += field.whole;
    }
  }
  return reader.ok();
}

// The changed id and meta stand in the JSON of an opaque resource too.
absl::Status RewriteOpaque(std::string_view wire, const RewriteOptions& options, Sink& out) {
  Parts parts;
  if (!Split(wire, /*opaque=*/true, parts) || !parts.rest.empty()) return Damaged();
  const bool new_meta = options.version_id || options.updated_us;
  const std::string meta = new_meta ? NewMeta(parts.meta, options) : std::string(parts.meta);
  std::string meta_json;
  if (new_meta) {
    const absl::Status status = WriteElement(kTables.types[kTables.meta_type], meta, &meta_json);
    if (!status.ok()) return status;
  }
  JsonEdit edit;
  edit.id = options.id ? std::string_view(*options.id) : std::string_view();
  edit.meta = meta_json;
  std::string json;
  {
    Sink text(&json);
    if (AppendEditedJson(parts.json, edit, text) != JsonResult::kWritten) return Damaged();
  }
  PutBytes(out, wire_fields::kOpaqueType, parts.type);
  const std::string_view id = options.id ? std::string_view(*options.id) : parts.id;
  if (!id.empty()) PutBytes(out, wire_fields::kOpaqueId, id);
  if (!meta.empty()) PutBytes(out, wire_fields::kOpaqueMeta, meta);
  PutTag(out, wire_fields::kOpaqueJson, WireType::kBytes);
  const std::size_t length = OpenLength(out, 2);
  bool gone = false;
  if (!Rewriter(options.reference, out).Json(json, gone) || gone) return Damaged();
  CloseLength(out, length, 2);
  return absl::OkStatus();
}

absl::Status RewriteMapped(const Type& type,
                           std::string_view wire,
                           const RewriteOptions& options,
                           Sink& out) {
  const bool new_meta = options.version_id || options.updated_us;
  if (!options.id && !new_meta)
    return Rewriter(options.reference, out).Message(type, wire) ? absl::OkStatus() : Damaged();
  Parts parts;
  if (!Split(wire, /*opaque=*/false, parts)) return Damaged();
  const std::string_view id = options.id ? std::string_view(*options.id) : parts.id;
  if (!id.empty()) PutBytes(out, wire_fields::kResourceId, id);
  const std::string meta = new_meta ? NewMeta(parts.meta, options) : std::string(parts.meta);
  if (!meta.empty()) PutBytes(out, wire_fields::kResourceMeta, meta);
  return Rewriter(options.reference, out).Message(type, parts.rest) ? absl::OkStatus() : Damaged();
}

}  // namespace

absl::Status Rewrite(std::string_view encoded, const RewriteOptions& options, std::string* out) {
  WireReader reader(encoded);
  WireField field;
  WireField second;
  if (!reader.Next(field) || field.type != WireType::kBytes || reader.Next(second) || !reader.ok())
    return Damaged();
  const Type* const type = FindResource(field.number);
  if (type == nullptr && field.number != wire_fields::kOpaque) return Damaged();
  constexpr std::size_t kGrowth = 128;  // an id or a reference may become longer
  Sink sink(out);
  sink.Room(encoded.size() + kGrowth);
  const std::size_t guess = VarintSize(field.bytes.size());
  PutTag(sink, field.number, WireType::kBytes);
  const std::size_t length = OpenLength(sink, guess);
  const absl::Status status = type == nullptr ? RewriteOpaque(field.bytes, options, sink)
                                              : RewriteMapped(*type, field.bytes, options, sink);
  if (status.ok()) CloseLength(sink, length, guess);
  return status;
}

}  // namespace handoff::fhir
