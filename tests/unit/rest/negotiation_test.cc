#include "gateway/rest/negotiation.h"

#include <gtest/gtest.h>

#include "gateway/rest/etag.h"

namespace handoff::rest {
namespace {

http::QueryParams Query(std::string_view text) { return *http::QueryParams::Parse(text); }

bool Accepts(std::string_view accept, std::string_view query = "") {
  http::Headers headers;
  if (!accept.empty()) headers.Add("Accept", accept);
  return !CheckAccept(headers, Query(query)).has_value();
}

bool Takes(std::string_view type, Content wanted) {
  http::Headers headers;
  headers.Add("Content-Type", type);
  return !CheckContentType(headers, wanted).has_value();
}

TEST(NegotiationTest, AcceptsJsonInItsForms) {
  EXPECT_TRUE(Accepts(""));
  EXPECT_TRUE(Accepts("*/*"));
  EXPECT_TRUE(Accepts("application/fhir+json; fhirVersion=4.0"));
  EXPECT_TRUE(Accepts("text/html, application/JSON;q=0.5"));
  EXPECT_FALSE(Accepts("application/fhir+xml"));
  EXPECT_FALSE(Accepts("application/fhir+json; fhirVersion=3.0"));
  EXPECT_FALSE(Accepts("application/json;q=0, text/html"));
}

TEST(NegotiationTest, LetsFormatOverrideAccept) {
  EXPECT_TRUE(Accepts("application/fhir+xml", "_format=json"));
  EXPECT_TRUE(Accepts("", "_format=application/fhir+json"));
  EXPECT_TRUE(Accepts("", "_format=application/fhir%2Bjson"));
  EXPECT_FALSE(Accepts("application/fhir+json", "_format=xml"));
}

TEST(NegotiationTest, TakesUtf8JsonOnly) {
  EXPECT_TRUE(Takes("application/fhir+json; charset=UTF-8", Content::kFhir));
  EXPECT_TRUE(Takes("application/json", Content::kFhir));
  EXPECT_FALSE(Takes("application/fhir+json; charset=latin1", Content::kFhir));
  EXPECT_FALSE(Takes("application/fhir+xml", Content::kFhir));
  EXPECT_TRUE(Takes("application/x-www-form-urlencoded", Content::kForm));
  EXPECT_FALSE(Takes("application/fhir+json", Content::kForm));
}

TEST(NegotiationTest, ReadsPreferences) {
  http::Headers headers;
  headers.Add("Prefer", "respond-async, return=minimal; handling=lenient");
  const Preferences preferences = ReadPreferences(headers, Query("_pretty=true"));
  EXPECT_TRUE(preferences.pretty);
  EXPECT_EQ(preferences.what, Preferences::Return::kMinimal);
  EXPECT_EQ(preferences.handling, access::Handling::kLenient);
}

TEST(ETagTest, ReadsOneVersion) {
  EXPECT_EQ(ParseETag("W/\"3\""), "3");
  EXPECT_EQ(ParseETag(" \"3\" "), "3");
  for (const char* bad : {"", "3", "*", "W/3", "\"\"", "W/\"3\", W/\"4\""}) {
    EXPECT_FALSE(ParseETag(bad)) << bad;
  }
  EXPECT_TRUE(NamesVersion("W/\"2\", W/\"3\"", 3));
  EXPECT_TRUE(NamesVersion("*", 3));
  EXPECT_FALSE(NamesVersion("W/\"33\"", 3));
}

TEST(ETagTest, WritesAndReadsHttpDates) {
  const Timestamp t = FromMicros(784'111'777'000'000);
  EXPECT_EQ(FormatHttpDate(t), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(ParseHttpDate("Sun, 06 Nov 1994 08:49:37 GMT"), t);
  for (const char* bad : {"", "Sun, 31 Feb 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT"}) {
    EXPECT_FALSE(ParseHttpDate(bad)) << bad;
  }
}

}  // namespace
}  // namespace handoff::rest
