#include "gateway/rest/etag.h"
#include "gateway/rest/interactions.h"

namespace handoff::rest {
namespace {

// FHIR R4 http.html#cread. If-None-Match counts alone where it is given (RFC 9110 13.2.2).
bool IsKnownToCaller(const http::Headers& headers, const access::Visible& visible) {
  if (headers.Has("If-None-Match")) {
    return NamesVersion(headers.Get("If-None-Match"), visible.name.version());
  }
  const auto since = ParseHttpDate(headers.Get("If-Modified-Since"));
  return since && std::chrono::floor<std::chrono::seconds>(visible.updated) <= *since;
}

}  // namespace

void Read(Call& call) {
  const access::Reader& reader = call.shared().parts.reader;
  const ResourceKey key{call.route.type, call.route.id};
  const absl::StatusOr<access::Visible> visible =
      call.route.interaction == Interaction::kVread
          ? reader.VRead(call.party, key, call.route.version)
          : reader.Read(call.party, key);
  if (!visible.ok()) return call.Fail(visible.status());
  http::Response response;
  if (IsKnownToCaller(call.request.headers, *visible)) {
    response.status = 304;
  } else {
    response = ResourceResponse(200, visible->encoded, call.preferences.pretty);
  }
  response.headers.emplace_back("ETag", FormatETag(visible->name.version()));
  response.headers.emplace_back("Last-Modified", FormatHttpDate(visible->updated));
  call.Answer(std::move(response));
}

}  // namespace handoff::rest
