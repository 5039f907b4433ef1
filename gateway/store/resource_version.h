// One version of a resource as it was read: its record, looked into without message objects. Who
// delivers reads a dozen for each message and asks little of each.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "gateway/base/ids.h"
#include "handoff/v1/model.pb.h"

namespace handoff::store {

// What v1::StoredResource says, by the same names. Views hold as long as the object does.
//
// Thread safety: constant.
class ResourceVersion {
  struct Private {};

 public:
  // `record`: an encoded v1::StoredResource; kDataLoss if it is none.
  static absl::StatusOr<std::shared_ptr<const ResourceVersion>> Read(std::string_view record);

  ResourceVersion(Private, std::string_view record) : record_(record) {}
  ResourceVersion(const ResourceVersion&) = delete;
  ResourceVersion& operator=(const ResourceVersion&) = delete;

  std::string_view type() const { return type_; }
  std::string_view id() const { return id_; }
  std::uint64_t version() const { return version_; }
  ResourceKey key() const { return {std::string(type_), std::string(id_)}; }
  // Made anew.
  v1::ResourceName name() const;

  std::int64_t updated_us() const { return updated_us_; }
  std::uint64_t person_id() const { return person_id_; }
  std::string_view owner() const { return owner_; }
  std::string_view message_id() const { return message_id_; }
  bool deleted() const { return deleted_; }
  // Searched for anew.
  std::vector<std::string_view> tokens() const;
  std::string_view resource() const { return resource_; }

  // All of it, encoded.
  std::string_view record() const { return record_; }

 private:
  bool Parse();
  bool ParseName(std::string_view name);

  const std::string record_;
  std::string_view type_;
  std::string_view id_;
  std::string_view owner_;
  std::string_view message_id_;
  std::string_view resource_;
  std::uint64_t version_ = 0;
  std::uint64_t person_id_ = 0;
  std::int64_t updated_us_ = 0;
  bool deleted_ = false;
};

}  // namespace handoff::store
