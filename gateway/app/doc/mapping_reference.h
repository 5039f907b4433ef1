// `handoff doc mappings`: what becomes of each FHIR element, as Markdown.
//
// Written from the tables that the reader and the writer run on and from the descriptors of
// handoff.v1, so that it cannot disagree with either.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace handoff::doc {

// Writes the reference of `type`, a resource or data type; of all if it is empty.
// Errors: kNotFound: there is no map for `type`; the message lists the resources that have one.
absl::Status WriteMappingReference(std::string_view type, std::ostream& out);

}  // namespace handoff::doc
