// What a request says of formats and preferences (FHIR R4 http.html#mime-type, #ops).
#pragma once

#include <optional>
#include <string_view>

#include "gateway/access/search.h"
#include "gateway/http/message.h"
#include "gateway/http/query.h"
#include "gateway/rest/outcome.h"

namespace handoff::rest {

struct Preferences {
  enum class Return { kDefault, kMinimal, kRepresentation, kOutcome };
  bool pretty = false;
  Return what = Return::kDefault;
  access::Handling handling = access::Handling::kStrict;
};

// Of `_pretty` and Prefer; what is not understood is ignored.
Preferences ReadPreferences(const http::Headers& headers, const http::QueryParams& query);

// 406 unless the answer may be FHIR R4 JSON, by `_format` or else by Accept.
std::optional<Failure> CheckAccept(const http::Headers& headers, const http::QueryParams& query);

enum class Content { kFhir, kForm };

// 415 unless the body is what `wanted` says, in UTF-8.
std::optional<Failure> CheckContentType(const http::Headers& headers, Content wanted);

}  // namespace handoff::rest
