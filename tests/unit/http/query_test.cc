#include "gateway/http/query.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/status_matchers.h"

namespace handoff::http {
namespace {

using ::handoff::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST(QueryTest, DecodesPairsInOrder) {
  HANDOFF_ASSERT_OK_AND_ASSIGN(
      const auto params, QueryParams::Parse("date=ge2026-01-01&date=lt2026%2D02&&x&y=a+b%2Bc=d"));
  EXPECT_THAT(params.all(),
              ElementsAre(Pair("date", "ge2026-01-01"),
                          Pair("date", "lt2026-02"),
                          Pair("x", ""),
                          Pair("y", "a b+c=d")));
  EXPECT_THAT(params.All("date"), ElementsAre("ge2026-01-01", "lt2026-02"));
  EXPECT_EQ(params.Get("y"), "a b+c=d");
  EXPECT_TRUE(params.Has("x"));
  EXPECT_FALSE(params.Has("z"));
}

TEST(QueryTest, RefusesWhatIsNotText) {
  for (const char* bad : {"a=%", "a=%4", "a=%4g", "%zz=1", "a=%00", "a=%ff", "a=%c3", "a=\xff"}) {
    EXPECT_THAT(QueryParams::Parse(bad), StatusIs(absl::StatusCode::kInvalidArgument, "URL"))
        << bad;
  }
}

TEST(QueryTest, TakesAsManyParametersAsItSaysAndNoMore) {
  std::string query = "a=1";
  for (std::size_t i = 1; i < QueryParams::kMaxParams; ++i) query += "&a=1";
  HANDOFF_EXPECT_OK(QueryParams::Parse(query));
  EXPECT_THAT(QueryParams::Parse(query + "&a=1"),
              StatusIs(absl::StatusCode::kInvalidArgument, "too many"));
}

TEST(QueryTest, SplitsAPathIntoDecodedSegments) {
  const auto segments = [](std::string_view path) { return PathSegments(path).value(); };
  EXPECT_THAT(segments("/fhir/Goal/a%2Fb"), ElementsAre("fhir", "Goal", "a/b"));
  EXPECT_THAT(segments("/fhir/a+b/"), ElementsAre("fhir", "a+b"));
  EXPECT_THAT(segments("/"), IsEmpty());
  EXPECT_THAT(segments(""), IsEmpty());
  for (const char* bad : {"//", "/a//b", "/a/../b", "/%2e%2E/b", "/./a", "/%"}) {
    EXPECT_THAT(PathSegments(bad), StatusIs(absl::StatusCode::kInvalidArgument, "")) << bad;
  }
}

TEST(QueryTest, EncodesWhatItDecodes) {
  const std::string text = "a b/c?d&e=f+g%h\xc3\xa9~-._";
  EXPECT_EQ(PercentEncode(text), "a%20b%2Fc%3Fd%26e%3Df%2Bg%25h%C3%A9~-._");
  EXPECT_EQ(PercentDecode(PercentEncode(text)).value(), text);
}

}  // namespace
}  // namespace handoff::http
