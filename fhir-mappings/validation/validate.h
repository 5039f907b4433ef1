// What FHIR R4 and profiles demand of a resource beyond its structure.
//
// The reader (runtime/resource.h) has checked structure: cardinality, types, primitive forms,
// required bindings. What is checked here: the invariants of the maps, what references may point
// to, contained resources, Bundles, narratives, and the profiles that a resource claims or that are
// asked for.
//
// Thread safety: free functions, no shared state. No I/O.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "fhir-mappings/runtime/issue.h"

namespace handoff::fhir {

class ProfileSet;

struct ValidateOptions {
  // The profiles that are known; null: none is checked.
  const ProfileSet* profiles = nullptr;
  // Urls of profiles to check besides those in meta.profile; unknown ones are an error.
  std::vector<std::string> claimed{};
  // Urls of profiles that every resource of their type must meet, wherever it stands; unknown ones
  // are passed over.
  std::vector<std::string> demanded{};
  // Good practice too, which R4 does not demand: dom-6, that a resource has a narrative.
  bool best_practice = true;
  // Issues listed; further ones are counted, and errors come before warnings.
  std::size_t max_issues = 100;
};

// Appends what is wrong with an encoded resource, and with all resources in it, to `*issues`. What
// is no encoded resource is one fatal issue.
void Validate(std::string_view encoded, const ValidateOptions& options, Issues* issues);

}  // namespace handoff::fhir
