#include "gateway/store/resource_version.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

namespace handoff::store {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

constexpr std::uint32_t NumberTag(int field) {
  return WireFormatLite::MakeTag(field, WireFormatLite::WIRETYPE_VARINT);
}
constexpr std::uint32_t BytesTag(int field) {
  return WireFormatLite::MakeTag(field, WireFormatLite::WIRETYPE_LENGTH_DELIMITED);
}

// Calls `visit(tag, number, bytes)` for each field: of the two the one that it has. False at
// damage.
template <class Visit>
bool ForEachField(std::string_view message, const Visit& visit) {
  CodedInputStream in(reinterpret_cast<const std::uint8_t*>(message.data()),
                      static_cast<int>(message.size()));
  while (const std::uint32_t tag = in.ReadTag()) {
    std::uint64_t number = 0;
    std::string_view bytes;
    switch (WireFormatLite::GetTagWireType(tag)) {
      case WireFormatLite::WIRETYPE_VARINT:
        if (!in.ReadVarint64(&number)) return false;
        break;
      case WireFormatLite::WIRETYPE_LENGTH_DELIMITED: {
        std::uint32_t length = 0;
        if (!in.ReadVarint32(&length)) return false;
        const auto at = static_cast<std::size_t>(in.CurrentPosition());
        if (length > message.size() - at || !in.Skip(static_cast<int>(length))) return false;
        bytes = message.substr(at, length);
        break;
      }
      default:
        return false;
    }
    if (!visit(tag, number, bytes)) return false;
  }
  return in.ConsumedEntireMessage();
}

}  // namespace

absl::StatusOr<std::shared_ptr<const ResourceVersion>> ResourceVersion::Read(
    std::string_view record) {
  auto resource = std::make_shared<ResourceVersion>(Private(), record);
  if (!resource->Parse()) return absl::DataLossError("a record is damaged");
  return resource;
}

bool ResourceVersion::Parse() {
  using Stored = v1::StoredResource;
  return ForEachField(record_, [this](auto tag, std::uint64_t number, std::string_view bytes) {
    switch (tag) {
      case BytesTag(Stored::kNameFieldNumber):
        return ParseName(bytes);
      case NumberTag(Stored::kUpdatedUsFieldNumber):
        updated_us_ = static_cast<std::int64_t>(number);
        break;
      case NumberTag(Stored::kPersonIdFieldNumber):
        person_id_ = number;
        break;
      case BytesTag(Stored::kOwnerFieldNumber):
        owner_ = bytes;
        break;
      case BytesTag(Stored::kMessageIdFieldNumber):
        message_id_ = bytes;
        break;
      case NumberTag(Stored::kDeletedFieldNumber):
        deleted_ = number != 0;
        break;
      case BytesTag(Stored::kResourceFieldNumber):
        resource_ = bytes;
        break;
      default:
        break;
    }
    return true;
  });
}

bool ResourceVersion::ParseName(std::string_view name) {
  using Name = v1::ResourceName;
  return ForEachField(name, [this](auto tag, std::uint64_t number, std::string_view bytes) {
    if (tag == BytesTag(Name::kTypeFieldNumber)) type_ = bytes;
    if (tag == BytesTag(Name::kIdFieldNumber)) id_ = bytes;
    if (tag == NumberTag(Name::kVersionFieldNumber)) version_ = number;
    return true;
  });
}

v1::ResourceName ResourceVersion::name() const {
  v1::ResourceName name;
  name.set_type(type_.data(), type_.size());
  name.set_id(id_.data(), id_.size());
  name.set_version(version_);
  return name;
}

std::vector<std::string_view> ResourceVersion::tokens() const {
  std::vector<std::string_view> tokens;
  ForEachField(record_, [&tokens](auto tag, std::uint64_t, std::string_view bytes) {
    if (tag == BytesTag(v1::StoredResource::kTokensFieldNumber)) tokens.push_back(bytes);
    return true;
  });
  return tokens;
}

}  // namespace handoff::store
