#include "gateway/policy/label_scan.h"

#include <cstdint>

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include "handoff/v1/exchange.pb.h"

namespace handoff::policy {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

// Every mapped resource has these where Patient has them; a Bundle has no `contained`.
constexpr int kMeta = v1::Patient::kMetaFieldNumber;
constexpr int kContained = v1::Patient::kContainedFieldNumber;
static_assert(kMeta == v1::Encounter::kMetaFieldNumber && kMeta == v1::Bundle::kMetaFieldNumber);
static_assert(kContained == v1::Encounter::kContainedFieldNumber &&
              kContained == v1::MessageHeader::kContainedFieldNumber);

// Calls `visit(number, bytes)` for every field of a message that has bytes. Stops at damage.
template <class Visit>
void ForEachField(std::string_view message, const Visit& visit) {
  CodedInputStream in(reinterpret_cast<const std::uint8_t*>(message.data()),
                      static_cast<int>(message.size()));
  while (const std::uint32_t tag = in.ReadTag()) {
    if (WireFormatLite::GetTagWireType(tag) != WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
      if (!WireFormatLite::SkipField(&in, tag)) return;
      continue;
    }
    std::uint32_t length = 0;
    if (!in.ReadVarint32(&length)) return;
    const auto at = static_cast<std::size_t>(in.CurrentPosition());
    if (length > message.size() - at || !in.Skip(static_cast<int>(length))) return;
    visit(WireFormatLite::GetTagFieldNumber(tag), message.substr(at, length));
  }
}

void VisitMeta(std::string_view bytes, const std::function<void(std::string_view)>& visit) {
  v1::Meta meta;
  if (!meta.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return;
  for (const v1::SecurityLabel& label : meta.security()) visit(label.code());
}

}  // namespace

void VisitLabels(std::string_view encoded,
                 const std::function<void(std::string_view code)>& visit) {
  ForEachField(encoded, [&](int type, std::string_view resource) {
    const bool unmapped = type == v1::Resource::kOpaqueFieldNumber;
    const int meta = unmapped ? v1::OpaqueResource::kMetaFieldNumber : kMeta;
    ForEachField(resource, [&](int number, std::string_view bytes) {
      if (number == meta) VisitMeta(bytes, visit);
      if (number == kContained && !unmapped) VisitLabels(bytes, visit);
    });
  });
}

std::string_view UnmappedJson(std::string_view encoded) {
  std::string_view json;
  ForEachField(encoded, [&](int type, std::string_view resource) {
    if (type != v1::Resource::kOpaqueFieldNumber) return;
    ForEachField(resource, [&](int number, std::string_view bytes) {
      if (number == v1::OpaqueResource::kJsonFieldNumber) json = bytes;
    });
  });
  return json;
}

}  // namespace handoff::policy
