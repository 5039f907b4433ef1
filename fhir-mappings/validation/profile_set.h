// Profiles as data: what an implementation guide demands of a resource beyond R4
// (config/profiles/*.yaml).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/config_node.h"

namespace handoff::fhir {

namespace internal {
struct Profile;
}

// Thread safety: constant after Load.
class ProfileSet {
 public:
  ProfileSet();
  ~ProfileSet();
  ProfileSet(ProfileSet&&) noexcept;
  ProfileSet& operator=(ProfileSet&&) noexcept;

  // Reads every document: a profile, or a list of them. What is wrong is added to `errors` with
  // file:line:column; a profile with a mistake is left out.
  static ProfileSet Load(const std::vector<ConfigNode>& documents, ConfigErrors& errors);

  // The profile of a canonical url, of which a version may follow behind `|`; null if none has both.
  const internal::Profile* Find(std::string_view canonical) const;

  // The urls that are known, in the order of the files.
  std::vector<std::string_view> Urls() const;

 private:
  std::vector<std::unique_ptr<internal::Profile>> profiles_;
};

}  // namespace handoff::fhir
