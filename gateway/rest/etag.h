// Version ids and times in HTTP header fields (FHIR R4 http.html#versioning).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/base/clock.h"

namespace handoff::rest {

// W/"3".
std::string FormatETag(std::uint64_t version);

// The version of W/"3" or "3"; nullopt for anything else, `*` and lists included.
std::optional<std::string> ParseETag(std::string_view value);

// Whether an If-None-Match value names `version` or is `*`.
bool NamesVersion(std::string_view if_none_match, std::uint64_t version);

// RFC 9110 IMF-fixdate: "Sun, 06 Nov 1994 08:49:37 GMT".
std::string FormatHttpDate(Timestamp t);
std::optional<Timestamp> ParseHttpDate(std::string_view value);

}  // namespace handoff::rest
