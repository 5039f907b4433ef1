#include "gateway/rpc/move.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/status_matchers.h"

namespace handoff::rpc {
namespace {

using ::handoff::testing::StatusIs;

v1::Receipt RefusedWith(unsigned status) {
  v1::Receipt receipt;
  receipt.set_http_status(status);
  v1::Receipt::Issue& warning = *receipt.add_issues();
  warning.set_severity(v1::ISSUE_SEVERITY_WARNING);
  warning.set_text("unknown member");
  v1::Receipt::Issue& error = *receipt.add_issues();
  error.set_severity(v1::ISSUE_SEVERITY_ERROR);
  error.set_text("cannot go from requested to completed as performer");
  return receipt;
}

TEST(RefusalTest, HasTheCodeOfItsHttpStatusAndTheTextOfItsFirstError) {
  const struct {
    unsigned http;
    absl::StatusCode code;
  } cases[] = {{400, absl::StatusCode::kInvalidArgument},
               {403, absl::StatusCode::kPermissionDenied},
               {404, absl::StatusCode::kNotFound},
               {409, absl::StatusCode::kAborted},
               {412, absl::StatusCode::kAborted},
               {422, absl::StatusCode::kFailedPrecondition}};
  for (const auto& [http, code] : cases) {
    EXPECT_THAT(RefusalOf(RefusedWith(http)), StatusIs(code, "from requested to completed"))
        << http;
  }
}

TEST(RefusalTest, IsNoneForWhatWasAccepted) {
  v1::Receipt receipt;
  receipt.set_accepted(true);
  HANDOFF_EXPECT_OK(RefusalOf(receipt));
}

TEST(MoveTest, CarriesAllThatTheRequestSays) {
  v1::UpdateReferralRequest request;
  request.set_referral_id("r1");
  request.set_to(v1::REFERRAL_STATE_COMPLETED);
  request.set_reason("done");
  request.set_expected_version(3);
  request.add_outputs()->mutable_opaque()->set_type("Procedure");
  const intake::Submission move = ToMove(PartyKey("htf"), request);
  EXPECT_EQ(move.interaction, intake::Interaction::kMove);
  EXPECT_EQ(move.sender, PartyKey("htf"));
  EXPECT_EQ(move.id, "r1");
  EXPECT_EQ(move.move.to, v1::REFERRAL_STATE_COMPLETED);
  EXPECT_EQ(move.move.reason, "done");
  EXPECT_EQ(move.move.expected_version, 3u);
  v1::UpdateReferralRequest kept;
  ASSERT_TRUE(kept.ParseFromString(move.content));
  EXPECT_EQ(kept.reason(), "done");
  ASSERT_EQ(move.move.outputs.size(), 1u);
  v1::Resource output;
  ASSERT_TRUE(output.ParseFromString(move.move.outputs[0]));
  EXPECT_EQ(output.opaque().type(), "Procedure");
}

}  // namespace
}  // namespace handoff::rpc
