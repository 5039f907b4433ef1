#include "gateway/rpc/resume_token.h"

#include <limits>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/status_matchers.h"

namespace handoff::rpc {
namespace {

using ::handoff::testing::StatusIs;

TEST(ResumeTokensTest, GiveBackTheSequenceOfTheirStream) {
  const ResumeTokens tokens("secret");
  for (const std::uint64_t sequence :
       {std::uint64_t{0}, std::uint64_t{1}, std::numeric_limits<std::uint64_t>::max()}) {
    HANDOFF_ASSERT_OK_AND_ASSIGN(
        const std::uint64_t decoded,
        tokens.Decode("nha/transitions", tokens.Encode("nha/transitions", sequence)));
    EXPECT_EQ(decoded, sequence);
  }
}

TEST(ResumeTokensTest, RefuseTokensOfAnotherStreamOrSecret) {
  const ResumeTokens tokens("secret");
  const std::string token = tokens.Encode("nha/transitions", 7);
  for (const char* stream : {"lfm/transitions", "nha/plans", ""}) {
    EXPECT_THAT(tokens.Decode(stream, token),
                StatusIs(absl::StatusCode::kInvalidArgument, "not of this stream"));
  }
  EXPECT_THAT(ResumeTokens("other").Decode("nha/transitions", token),
              StatusIs(absl::StatusCode::kInvalidArgument, "not of this stream"));
}

TEST(ResumeTokensTest, RefuseWhatIsNoToken) {
  const ResumeTokens tokens("");
  const std::string token = tokens.Encode("a/b", 7);
  // All but the last character, some of whose bits mean nothing.
  for (std::size_t i = 0; i + 1 < token.size(); ++i) {
    std::string damaged = token;
    damaged[i] = damaged[i] == 'A' ? 'B' : 'A';
    EXPECT_THAT(tokens.Decode("a/b", damaged), StatusIs(absl::StatusCode::kInvalidArgument, ""));
  }
  for (const std::string& text : {std::string("7"),
                                  std::string("\xff\xfe"),
                                  token + token,
                                  token.substr(1),
                                  std::string(100'000, 'A')}) {
    EXPECT_THAT(tokens.Decode("a/b", text), StatusIs(absl::StatusCode::kInvalidArgument, ""));
  }
}

TEST(ResumeTokensTest, DoNotShowHowFarApartSequencesAre) {
  const ResumeTokens tokens("secret");
  const std::string first = tokens.Encode("a/b", 1);
  const std::string second = tokens.Encode("a/b", 2);
  int same = 0;
  for (std::size_t i = 0; i < first.size(); ++i) same += first[i] == second[i] ? 1 : 0;
  EXPECT_LT(same, 8);
}

}  // namespace
}  // namespace handoff::rpc
