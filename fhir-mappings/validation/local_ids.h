// What a resource contains, and which of it is referred to.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"

#include "fhir-mappings/validation/item.h"

namespace handoff::fhir::internal {

// Each part is gathered when it is first asked for, once for the whole resource.
class LocalIds {
 public:
  explicit LocalIds(const Item& resource) : resource_(resource) {}

  const Item& resource() const { return resource_; }

  // The contained resource with this id, or null.
  const Item* Contained(std::string_view id) const;

  // Whether a reference, canonical, uri or url somewhere in the resource is `#id`.
  bool Mentions(std::string_view id) const;

  // The places of contained resources whose id an earlier one has.
  const std::vector<std::size_t>& Repeated() const;

 private:
  void ReadContained() const;
  void ReadMentions() const;

  const Item resource_;
  mutable bool contained_read_ = false;
  mutable bool mentions_read_ = false;
  mutable absl::flat_hash_map<std::string, Item> contained_;
  mutable std::vector<std::size_t> repeated_;
  mutable absl::flat_hash_set<std::string> mentions_;
};

// Whether the item, or what is below it, refers to the resource that contains it: `#`.
bool MentionsContainer(const Item& item);

}  // namespace handoff::fhir::internal
