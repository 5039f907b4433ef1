// Answers that are Bundles: search results, what became of the entries of a transaction or batch,
// the response to a message.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "fhir-mappings/runtime/issue.h"
#include "gateway/access/reader.h"
#include "gateway/access/search.h"
#include "gateway/http/message.h"
#include "gateway/rest/bundle_peek.h"
#include "handoff/v1/model.pb.h"

namespace handoff::rest {

// The issues of a receipt. Views point into `receipt`.
fhir::Issues IssuesOf(const v1::Receipt& receipt);

// "https://host/fhir/Patient/7".
std::string UrlOf(std::string_view base_url, const v1::ResourceName& name);
// The same with its version.
std::string VersionUrlOf(std::string_view base_url, const v1::ResourceName& name);

// Links: `self` lists the parameters that were understood, `next` is there if there is more.
http::Response SearchsetResponse(const access::SearchPage& page,
                                 const access::SearchRequest& request,
                                 std::string_view base_url,
                                 bool pretty);

// One entry for each of the request, in its order. `resources` is empty, or holds for each entry
// the encoded resource that the caller asked to see, or nothing.
http::Response TransactionResponse(const v1::Receipt& receipt,
                                   const std::vector<std::string>& resources,
                                   bool is_batch,
                                   std::string_view base_url,
                                   bool pretty);

// A message that answers a message (FHIR R4 messaging.html). Its ids and times come from the
// receipt, so a repeat gets the same bytes; Bundle.id is our id of the message.
http::Response MessageResponse(const v1::Receipt& receipt,
                               const BundlePeek& message,
                               std::string_view base_url,
                               bool pretty);

}  // namespace handoff::rest
