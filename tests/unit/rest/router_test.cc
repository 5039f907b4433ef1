#include "gateway/rest/router.h"

#include <gmock/gmock.h>

#include "gateway/base/error.h"

namespace handoff::rest {
namespace {

using http::Verb;

int StatusOf(Verb verb, std::string_view path) {
  const auto routed = FindRoute(verb, path);
  const auto* failure = std::get_if<Failure>(&routed);
  if (failure == nullptr) return 200;
  return failure->http != 0 ? failure->http : ErrorOf(failure->status).http;
}

std::string AllowOf(Verb verb, std::string_view path) {
  const auto routed = FindRoute(verb, path);
  const auto* failure = std::get_if<Failure>(&routed);
  return failure == nullptr || failure->headers.empty() ? "" : failure->headers[0].second;
}

TEST(RouterTest, FindsEveryInteraction) {
  const auto interaction = [](Verb verb, std::string_view path) {
    const auto routed = FindRoute(verb, path);
    const Route* route = std::get_if<Route>(&routed);
    return route == nullptr ? "none" : NameOf(route->interaction);
  };
  EXPECT_STREQ(interaction(Verb::kGet, "/fhir/metadata"), "capabilities");
  EXPECT_STREQ(interaction(Verb::kHead, "/fhir/Patient/7"), "read");
  EXPECT_STREQ(interaction(Verb::kGet, "/fhir/Patient/7/_history/2"), "vread");
  EXPECT_STREQ(interaction(Verb::kGet, "/fhir/Patient"), "search");
  EXPECT_STREQ(interaction(Verb::kPost, "/fhir/Patient/_search"), "search");
  EXPECT_STREQ(interaction(Verb::kPost, "/fhir/Patient"), "create");
  EXPECT_STREQ(interaction(Verb::kPut, "/fhir/Patient/7"), "update");
  EXPECT_STREQ(interaction(Verb::kPost, "/fhir"), "transaction");
  EXPECT_STREQ(interaction(Verb::kPost, "/fhir/"), "transaction");
  EXPECT_STREQ(interaction(Verb::kPost, "/fhir/$process-message"), "process-message");
  EXPECT_STREQ(interaction(Verb::kGet, "/fhir/Procedure/7"), "read");
}

TEST(RouterTest, TellsUnknownPathsFromVerbsThatAreNotServed) {
  for (const char* path : {"/",
                           "/other",
                           "/fhir/patient",
                           "/fhir/NoSuchType/7",
                           "/fhir/Bundle",
                           "/fhir/$validate",
                           "/fhir/Patient/7/$everything",
                           "/fhir/Patient/7/_history",
                           "/fhir/Patient/bad_id",
                           "/fhir/Patient/7/_history/x",
                           "/fhir/Patient/7/Encounter"}) {
    EXPECT_EQ(StatusOf(Verb::kGet, path), 404) << path;
  }
  EXPECT_EQ(StatusOf(Verb::kPut, "/fhir/Patient/bad_id"), 400);
  EXPECT_EQ(AllowOf(Verb::kDelete, "/fhir/Patient/7"), "GET, HEAD, PUT");
  EXPECT_EQ(AllowOf(Verb::kPatch, "/fhir/Patient"), "GET, HEAD, POST");
  EXPECT_EQ(AllowOf(Verb::kGet, "/fhir"), "POST");
  EXPECT_EQ(AllowOf(Verb::kPost, "/fhir/metadata"), "GET, HEAD");
  EXPECT_EQ(StatusOf(Verb::kDelete, "/fhir/Patient/7"), 405);
}

}  // namespace
}  // namespace handoff::rest
