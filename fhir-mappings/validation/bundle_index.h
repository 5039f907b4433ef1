// Which entry of a Bundle a reference means (FHIR R4 bundle.html#references).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "fhir-mappings/runtime/resource.h"
#include "fhir-mappings/validation/item.h"

namespace handoff::fhir::internal {

// Where a RESTful url ("https://x/fhir/Patient/1", a version may follow) has its parts; nullopt if
// it is none.
struct RestUrl {
  std::string_view base;  // with its last slash
  std::string_view type;
  std::string_view id;
};
std::optional<RestUrl> ParseRestUrl(std::string_view url);

// Whether R4 has a resource type of this name.
bool IsResourceType(std::string_view name);

// Whether a uri has a scheme.
bool IsAbsolute(std::string_view uri);

// Views into the entries of a Bundle, without the Resource around it.
std::vector<BundleEntry> ReadEntries(std::string_view bundle);

// Views into the Bundle. It is read when the first reference is looked up.
class BundleIndex {
 public:
  explicit BundleIndex(const Item& bundle) : bundle_(bundle) {}

  // By fullUrl, and version if the reference has one, as the rules have it; `from` is the fullUrl
  // of the entry with the reference. `matches`, if it is not null, tells how many entries fit.
  std::optional<Item> Find(const ReferenceView& reference,
                           std::string_view from,
                           std::size_t* matches = nullptr) const;
  // By type and id alone.
  std::optional<Item> FindByName(const ReferenceView& reference) const;

  // "document", "message", ...
  std::string_view type() const;

 private:
  struct Entry {
    std::string_view url;
    std::string version;
    std::string_view encoded;
    bool operator<(const Entry& other) const {
      return std::tie(url, version) < std::tie(other.url, other.version);
    }
  };

  void Read() const;

  const Item bundle_;
  mutable bool type_read_ = false;
  mutable std::string_view type_;
  mutable bool read_ = false;
  mutable std::vector<Entry> by_url_;  // sorted, those without fullUrl left out
  mutable absl::flat_hash_map<std::string, std::string_view> by_name_;
};

}  // namespace handoff::fhir::internal
