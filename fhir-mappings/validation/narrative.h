// The XHTML of a narrative (FHIR R4 narrative.html).
#pragma once

#include <string_view>

namespace handoff::fhir::internal {

struct NarrativeFindings {
  bool allowed = true;   // txt-1: well formed, with elements and attributes that are allowed only
  bool content = false;  // txt-2: some text that is no white space, or an image
};

// `div` is the text of Narrative.div.
NarrativeFindings CheckNarrative(std::string_view div);

}  // namespace handoff::fhir::internal
