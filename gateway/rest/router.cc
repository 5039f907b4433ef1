#include "gateway/rest/router.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <span>
#include <vector>

#include "fhir-mappings/runtime/resource.h"
#include "gateway/base/error.h"
#include "gateway/base/ids.h"
#include "gateway/http/query.h"

namespace handoff::rest {
namespace {

using Routed = std::variant<Route, Failure>;

constexpr std::size_t kMaxTypeLength = 64;

bool IsLetter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

bool IsRead(http::Verb verb) { return verb == http::Verb::kGet || verb == http::Verb::kHead; }

Failure Unknown(std::string_view what) { return {MakeError(ErrorId::kNotFound, what), 0, {}}; }

Failure NotAllowed(const char* allow) {
  return {MakeError(ErrorId::kUnsupported, "this interaction is not supported here"),
          405,
          {{"Allow", allow}}};
}

// A type without a map is one if the smallest resource of it can be read.
bool IsResourceType(std::string_view type) {
  if (type.empty() || type.size() > kMaxTypeLength ||
      !std::all_of(type.begin(), type.end(), IsLetter)) {
    return false;
  }
  const std::vector<std::string_view> mapped = fhir::MappedTypes();
  if (std::find(mapped.begin(), mapped.end(), type) != mapped.end()) return true;
  std::string json = "{\"resourceType\":\"";
  json += type;
  json += "\"}";
  std::string encoded;
  fhir::Issues issues;
  return fhir::ReadJson(json, {}, &encoded, &issues);
}

Routed RouteType(http::Verb verb, std::string type) {
  if (IsRead(verb)) return Route{Interaction::kSearch, std::move(type), {}, 0};
  if (verb == http::Verb::kPost) return Route{Interaction::kCreate, std::move(type), {}, 0};
  return NotAllowed("GET, HEAD, POST");
}

Routed RouteInstance(http::Verb verb, std::string type, const std::string& id) {
  if (id == "_search") {
    if (verb == http::Verb::kPost) return Route{Interaction::kSearch, std::move(type), {}, 0};
    return NotAllowed("POST");
  }
  if (id.front() == '$' || id.front() == '_') return Unknown("no such operation");
  if (verb == http::Verb::kPut) {
    if (!IsResourceId(id)) return Failure{MakeError(ErrorId::kInvalidRequest, "not an id"), 0, {}};
    return Route{Interaction::kUpdate, std::move(type), id, 0};
  }
  if (!IsRead(verb)) return NotAllowed("GET, HEAD, PUT");
  if (!IsResourceId(id)) return Unknown("no such resource");
  return Route{Interaction::kRead, std::move(type), id, 0};
}

Routed RouteVersion(http::Verb verb, std::string type, std::string id, std::string_view version) {
  if (!IsRead(verb)) return NotAllowed("GET, HEAD");
  Route route{Interaction::kVread, std::move(type), std::move(id), 0};
  const auto [end, error] =
      std::from_chars(version.data(), version.data() + version.size(), route.version);
  if (error != std::errc() || end != version.data() + version.size() || !IsResourceId(route.id)) {
    return Unknown("no such resource");
  }
  return route;
}

Routed RouteBelow(http::Verb verb, std::span<std::string> parts) {
  if (parts.empty()) {
    if (verb == http::Verb::kPost) return Route{Interaction::kTransaction, {}, {}, 0};
    return NotAllowed("POST");
  }
  if (parts.size() == 1 && parts[0] == "metadata") {
    if (IsRead(verb)) return Route{Interaction::kCapabilities, {}, {}, 0};
    return NotAllowed("GET, HEAD");
  }
  if (parts.size() == 1 && parts[0] == "$process-message") {
    if (verb == http::Verb::kPost) return Route{Interaction::kProcessMessage, {}, {}, 0};
    return NotAllowed("POST");
  }
  if (parts[0].starts_with('$')) return Unknown("no such operation");
  if (parts.size() == 2 && parts[1] == "$validate" && IsResourceType(parts[0])) {
    if (verb == http::Verb::kPost) return Route{Interaction::kValidate, std::move(parts[0]), {}, 0};
    return NotAllowed("POST");
  }
  if (!IsServedType(parts[0])) return Unknown("no such resource type");
  if (parts.size() == 1) return RouteType(verb, std::move(parts[0]));
  if (parts.size() == 2) return RouteInstance(verb, std::move(parts[0]), parts[1]);
  if (parts.size() == 4 && parts[2] == "_history") {
    return RouteVersion(verb, std::move(parts[0]), std::move(parts[1]), parts[3]);
  }
  return Unknown("no such path");
}

}  // namespace

const char* NameOf(Interaction interaction) {
  switch (interaction) {
    case Interaction::kCapabilities:
      return "capabilities";
    case Interaction::kRead:
      return "read";
    case Interaction::kVread:
      return "vread";
    case Interaction::kSearch:
      return "search";
    case Interaction::kCreate:
      return "create";
    case Interaction::kUpdate:
      return "update";
    case Interaction::kTransaction:
      return "transaction";
    case Interaction::kProcessMessage:
      return "process-message";
    case Interaction::kValidate:
      return "validate";
  }
  return "unknown";
}

Routed FindRoute(http::Verb verb, std::string_view path) {
  absl::StatusOr<std::vector<std::string>> segments = http::PathSegments(path);
  if (!segments.ok()) return Failure{segments.status(), 0, {}};
  if (segments->empty() || segments->front() != kMount) return Unknown("no such path");
  return RouteBelow(verb, std::span(*segments).subspan(1));
}

bool IsServedType(std::string_view type) {
  return type != "Bundle" && type != "MessageHeader" && type != "OperationOutcome" &&
         type != "Parameters" && IsResourceType(type);
}

}  // namespace handoff::rest
