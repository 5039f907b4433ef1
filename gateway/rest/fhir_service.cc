#include "gateway/rest/fhir_service.h"

#include <utility>
#include <variant>

#include "gateway/access/scope.h"
#include "gateway/base/bytes.h"
#include "gateway/base/error.h"
#include "gateway/rest/call.h"
#include "gateway/rest/capability.h"
#include "gateway/rest/interactions.h"

namespace handoff::rest {
namespace {

bool HasBody(Interaction interaction) {
  return interaction == Interaction::kCreate || interaction == Interaction::kUpdate ||
         interaction == Interaction::kTransaction || interaction == Interaction::kProcessMessage ||
         interaction == Interaction::kValidate;
}

// 406, 415, or nothing to object to.
std::optional<Failure> CheckFormats(const Call& call) {
  if (auto failure = CheckAccept(call.request.headers, call.query)) return failure;
  if (HasBody(call.route.interaction)) {
    return CheckContentType(call.request.headers, Content::kFhir);
  }
  const bool posted_search = call.route.interaction == Interaction::kSearch &&
                             call.request.verb == http::Verb::kPost && !call.request.body.empty();
  if (posted_search) return CheckContentType(call.request.headers, Content::kForm);
  return std::nullopt;
}

Failure Unauthenticated(const absl::Status& status, const http::Headers& headers) {
  // RFC 6750 3.1: no error code for one who has not tried.
  const char* challenge =
      headers.Has("Authorization") ? "Bearer error=\"invalid_token\"" : "Bearer";
  return {status, 0, {{"WWW-Authenticate", challenge}}};
}

// The letter of SMART v2 and the type that a token must allow. Of what carries many resources it is
// the carrier.
bool IsInScope(const Route& route, const std::vector<std::string>& scopes) {
  switch (route.interaction) {
    case Interaction::kCapabilities:
      return true;
    case Interaction::kRead:
    case Interaction::kVread:
      return access::Allows(scopes, route.type, 'r');
    case Interaction::kSearch:
      return access::Allows(scopes, route.type, 's');
    case Interaction::kCreate:
    case Interaction::kValidate:  // who may send it may ask whether it is right
      return access::Allows(scopes, route.type, 'c');
    case Interaction::kUpdate:
      return access::Allows(scopes, route.type, 'u');
    case Interaction::kTransaction:
    case Interaction::kProcessMessage:
      return access::Allows(scopes, "Bundle", 'c');
  }
  return false;
}

void Dispatch(const CallPtr& call) {
  switch (call->route.interaction) {
    case Interaction::kCapabilities:
      return Capabilities(*call);
    case Interaction::kRead:
    case Interaction::kVread:
      return Read(*call);
    case Interaction::kSearch:
      return Search(*call);
    case Interaction::kCreate:
      return Create(call);
    case Interaction::kUpdate:
      return Update(call);
    case Interaction::kTransaction:
      return Transaction(call);
    case Interaction::kProcessMessage:
      return ProcessMessage(call);
    case Interaction::kValidate:
      return Validate(*call);
  }
}

}  // namespace

struct FhirService::Core : Shared {};

FhirService::FhirService(FhirServiceOptions options, FhirServiceParts parts)
    : core_([&] {
        const CapabilityOptions about{
            options.base_url, options.software_version, parts.clock.Now()};
        std::string plain = CapabilityStatement(about, false);
        std::string pretty = CapabilityStatement(about, true);
        std::string etag = "W/\"" + Sha256Hex(plain).substr(0, 16) + "\"";
        return std::make_shared<const Core>(Core{{std::move(options),
                                                  std::move(parts),
                                                  std::move(plain),
                                                  std::move(pretty),
                                                  std::move(etag)}});
      }()) {}

std::optional<http::Response> FhirService::Admit(const http::Request& head) const {
  const absl::StatusOr<security::Principal> caller = core_->parts.verifier.VerifyAuthorization(
      head.headers.Get("Authorization"), core_->parts.clock.Now());
  if (caller.ok()) return std::nullopt;
  std::optional<http::Response> refusal;
  Call call(core_, head, [&refusal](http::Response response) { refusal = std::move(response); });
  call.Fail(Unauthenticated(caller.status(), head.headers));
  return refusal;
}

void FhirService::Handle(http::Request request,
                         absl::AnyInvocable<void(http::Response)> respond) const {
  const auto call = std::make_shared<Call>(core_, std::move(request), std::move(respond));
  absl::StatusOr<http::QueryParams> query = http::QueryParams::Parse(call->request.query());
  if (!query.ok()) return call->Fail(query.status());
  call->query = *std::move(query);
  call->preferences = ReadPreferences(call->request.headers, call->query);

  std::variant<Route, Failure> route = FindRoute(call->request.verb, call->request.path());
  const bool open = std::holds_alternative<Route>(route) &&
                    std::get<Route>(route).interaction == Interaction::kCapabilities;
  std::vector<std::string> scopes;
  if (!open) {
    absl::StatusOr<security::Principal> caller = core_->parts.verifier.VerifyAuthorization(
        call->request.headers.Get("Authorization"), core_->parts.clock.Now());
    if (!caller.ok()) return call->Fail(Unauthenticated(caller.status(), call->request.headers));
    call->party = std::move(caller->party);
    scopes = std::move(caller->scopes);
  }
  if (const Failure* failure = std::get_if<Failure>(&route)) return call->Fail(*failure);
  call->route = std::get<Route>(std::move(route));
  call->operation = NameOf(call->route.interaction);
  if (!IsInScope(call->route, scopes)) {
    return call->Fail(MakeError(ErrorId::kForbidden, "no scope of the token allows this"));
  }
  if (const auto failure = CheckFormats(*call)) return call->Fail(*failure);
  if (open) return Capabilities(*call);
  if (!core_->parts.executor.submit([call] { RunStep(*call, [&] { Dispatch(call); }); })) {
    call->Fail(MakeError(ErrorId::kTooMany, "too many requests wait for an answer"));
  }
}

}  // namespace handoff::rest
