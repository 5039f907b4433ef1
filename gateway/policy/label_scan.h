// The security labels of an encoded resource: finding them without parsing what else is in it, and
// keeping them on what they cover.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace handoff::policy {

// The code of a label whose extent or meaning cannot be told: DS4P labels parts of a resource, and
// a label may be malformed.
inline constexpr char kInlineLabel[] = "inline";

// Calls `visit` for every code in meta.security of the resource and of the resources contained in
// it, in DocumentReference.securityLabel and Composition.confidentiality. False if it could not
// read all of it: what it says of labels is not all there is.
[[nodiscard]] bool VisitLabels(std::string_view encoded,
                               const std::function<void(std::string_view code)>& visit);

// A Bundle's own labels and those of its MessageHeader cover all that it brings (FHIR R4
// security-labels.html#core: a high-water mark): puts them on each of its resources. Does nothing
// without such labels.
void SpreadLabels(std::string* encoded_bundle);

// Labels are sticky: puts those of the version before on the next one, where it lacks them.
void CarryLabels(std::string_view before, std::string* encoded);

// The JSON of a resource that has no map; empty for any other.
std::string_view UnmappedJson(std::string_view encoded);

}  // namespace handoff::policy
