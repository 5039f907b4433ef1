// One page of a search, by walking the records of the persons that the caller may know of.
//
// The store finds candidates by what is stored; whether one matches is decided on what the caller
// may see of it. `next` is given only when a further match was found, so that its presence tells
// nothing of what is hidden. One call looks at no more than 20'000 candidates, then gives what it
// has with `next`.
#pragma once

#include <optional>
#include <vector>

#include "absl/status/statusor.h"

#include "gateway/access/reader.h"
#include "gateway/access/search.h"
#include "gateway/access/viewer.h"
#include "gateway/base/ids.h"

namespace handoff::access {

// `persons`: look at their records alone; nullopt: at those of everyone whom the caller may know
// of, and at those of no one. The page token of `request` must come from a search with the same.
absl::StatusOr<SearchPage> RunSearch(Viewer& viewer,
                                     const SearchRequest& request,
                                     const std::optional<std::vector<PersonId>>& persons);

// The persons that parameters of `request` name (patient, subject; Patient?identifier), or nullopt.
absl::StatusOr<std::optional<std::vector<PersonId>>> PersonsNamed(Viewer& viewer,
                                                                  const SearchRequest& request);

// The person known by "system|value", or nullopt.
absl::StatusOr<std::optional<PersonId>> PersonByIdentifier(Viewer& viewer, std::string_view token);

}  // namespace handoff::access
