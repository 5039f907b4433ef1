// From verb and path to a FHIR interaction (FHIR R4 http.html#summary).
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "gateway/http/message.h"
#include "gateway/rest/outcome.h"

namespace handoff::rest {

// Under which path FHIR is served.
inline constexpr char kMount[] = "fhir";

enum class Interaction {
  kCapabilities,
  kRead,
  kVread,
  kSearch,
  kCreate,
  kUpdate,
  kTransaction,  // a batch too
  kProcessMessage,
  kValidate,
};

// "read", "search", ...: for metrics.
const char* NameOf(Interaction interaction);

struct Route {
  Interaction interaction = Interaction::kCapabilities;
  std::string type;
  std::string id;
  std::uint64_t version = 0;
};

// A Failure for what is not served: 404 for a path that means nothing, 405 with Allow for one that
// does under another verb.
std::variant<Route, Failure> FindRoute(http::Verb verb, std::string_view path);

// Resource types that are read and written by name. Bundle, MessageHeader, OperationOutcome and
// Parameters carry others and are not.
bool IsServedType(std::string_view type);

}  // namespace handoff::rest
