#include "gateway/rest/interactions.h"

namespace handoff::rest {

void Capabilities(Call& call) {
  const Shared& shared = call.shared();
  http::Response response;
  response.headers.emplace_back("ETag", shared.capabilities_etag);
  if (call.request.headers.Get("If-None-Match") == shared.capabilities_etag) {
    response.status = 304;
  } else {
    response.content_type = kFhirJson;
    response.body = call.preferences.pretty ? shared.capabilities_pretty : shared.capabilities;
  }
  call.Answer(std::move(response));
}

}  // namespace handoff::rest
