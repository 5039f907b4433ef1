// The XHTML of a narrative (FHIR R4 narrative.html).
#pragma once

#include <string_view>

namespace handoff::fhir::internal {

// txt-1: `div`, the text of Narrative.div, is well formed, one div, with elements and attributes
// that are allowed only.
bool IsAllowedNarrative(std::string_view div);

// txt-2: it has some text that is no white space, or an image.
bool HasNarrativeContent(std::string_view div);

}  // namespace handoff::fhir::internal
