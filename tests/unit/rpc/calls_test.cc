// Unary calls: who may make them, and what they answer.
#include <chrono>
#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>

#include "handoff/v1/services.grpc.pb.h"
#include "tests/unit/rpc/rpc_stack.h"

namespace handoff::rpc {
namespace {

using ::handoff::testing::RpcStack;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class CallsTest : public ::testing::Test {
 protected:
  CallsTest() { stack_.Start(); }

  grpc::Status Submit(std::unique_ptr<grpc::ClientContext> call,
                      const v1::SubmitRequest& request,
                      v1::Receipt* receipt) {
    return stack_.Stub<v1::Intake>()->Submit(call.get(), request, receipt);
  }

  grpc::Status GetTransition(const std::string& party, const std::string& id) {
    v1::GetTransitionRequest request;
    request.set_transition_id(id);
    const auto call = stack_.As(party);
    return stack_.Stub<v1::Transitions>()->Get(call.get(), request, &item_);
  }

  grpc::Status Move(const std::string& party, const v1::UpdateReferralRequest& request) {
    const auto call = stack_.As(party);
    return stack_.Stub<v1::Referrals>()->Update(call.get(), request, &referral_);
  }

  // The id of the referral that the demo's hospital sends to htf.
  std::string Refer() {
    stack_.Submit("discharge");
    stack_.Submit("referral");
    const auto call = stack_.As("htf");
    v1::ListReferralsResponse response;
    const grpc::Status status =
        stack_.Stub<v1::Referrals>()->List(call.get(), v1::ListReferralsRequest(), &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(response.referrals_size(), 1);
    return response.referrals_size() == 1 ? response.referrals(0).id() : "";
  }

  RpcStack stack_;
  v1::TransitionItem item_;
  v1::Referral referral_;
};

TEST_F(CallsTest, RefuseACallWithoutAToken) {
  v1::Receipt receipt;
  const grpc::Status status =
      Submit(std::make_unique<grpc::ClientContext>(), v1::SubmitRequest(), &receipt);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(CallsTest, RefuseATokenThatIsNotOurs) {
  auto call = std::make_unique<grpc::ClientContext>();
  call->AddMetadata("authorization", "Bearer eyJhbGciOiJub25lIn0.e30.");
  v1::Receipt receipt;
  const grpc::Status status = Submit(std::move(call), v1::SubmitRequest(), &receipt);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(CallsTest, RefuseWhatNoScopeOfTheTokenAllows) {
  v1::SubmitRequest request;
  request.set_fhir_json(RpcStack::Message("discharge"));
  v1::Receipt receipt;
  const grpc::Status status = Submit(stack_.As("mrmc", {"system/CarePlan.rs"}), request, &receipt);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(stack_.store->GetStatistics().commits, 0u);
}

TEST_F(CallsTest, SubmitAcceptsAMessage) {
  v1::SubmitRequest request;
  request.set_fhir_json(RpcStack::Message("discharge"));
  v1::Receipt receipt;
  const grpc::Status status = Submit(stack_.As("mrmc"), request, &receipt);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_TRUE(receipt.accepted()) << receipt.DebugString();
  EXPECT_GE(receipt.deliveries(), 1u);
  EXPECT_EQ(stack_.metrics.Requests("rpc", "Intake.Submit", 0).Value(), 1);
}

TEST_F(CallsTest, SubmitAnswersARefusalWithIssues) {
  v1::SubmitRequest request;
  request.set_fhir_json(R"({"resourceType":"Patient","gender":"sideways"})");
  v1::Receipt receipt;
  const grpc::Status status = Submit(stack_.As("mrmc"), request, &receipt);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_FALSE(receipt.accepted());
  EXPECT_GE(receipt.issues_size(), 1);
}

TEST_F(CallsTest, SubmitTakesAResourceOfTheModel) {
  v1::SubmitRequest request;
  request.mutable_resource()->mutable_organization()->set_name("A new clinic");
  v1::Receipt receipt;
  const grpc::Status status = Submit(stack_.As("mrmc"), request, &receipt);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_TRUE(receipt.accepted()) << receipt.DebugString();
}

TEST_F(CallsTest, SubmitRefusesARequestWithoutContent) {
  v1::Receipt receipt;
  const grpc::Status status = Submit(stack_.As("mrmc"), v1::SubmitRequest(), &receipt);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(CallsTest, RefuseAMessageOverTheLimit) {
  ServerOptions options;
  options.max_message_bytes = 4'096;
  stack_.Start(options);
  v1::SubmitRequest request;
  request.set_fhir_json(std::string(5'000, ' '));
  v1::Receipt receipt;
  const grpc::Status status = Submit(stack_.As("mrmc"), request, &receipt);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(CallsTest, GetTransitionShowsAStayToWhomItConcerns) {
  stack_.Submit("discharge");
  const auto items = stack_.store->ReadStream("nha/transitions", 0, 10);
  ASSERT_TRUE(items.ok());
  ASSERT_EQ(items->size(), 1u);
  const std::string id = items->front().event().transition_id();
  grpc::Status status = GetTransition("nha", id);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(item_.transition().id(), id);
  EXPECT_EQ(item_.event(), v1::EVENT_KIND_DISCHARGE);
  EXPECT_EQ(GetTransition("htf", id).error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(GetTransition("nha", "none").error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(CallsTest, PlanStatusIsListedForThePayer) {
  stack_.Submit("discharge");
  v1::ListStatusResponse response;
  const auto call = stack_.As("nha");
  const grpc::Status status =
      stack_.Stub<v1::CarePlans>()->ListStatus(call.get(), v1::ListStatusRequest(), &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_EQ(response.plans_size(), 1);

  v1::GetStatusRequest request;
  request.set_plan_id(response.plans(0).plan_id());
  v1::PlanStatus plan;
  const auto again = stack_.As("nha");
  ASSERT_TRUE(stack_.Stub<v1::CarePlans>()->GetStatus(again.get(), request, &plan).ok());
  EXPECT_EQ(plan.plan_id(), response.plans(0).plan_id());
}

TEST_F(CallsTest, ExplainTellsTheSenderItsMessage) {
  const v1::Receipt receipt = stack_.Submit("discharge");
  v1::ExplainRequest request;
  request.set_message_id(receipt.message_id());
  v1::ExplainResponse response;
  const auto call = stack_.As("mrmc");
  const grpc::Status status = stack_.Stub<v1::Ledger>()->Explain(call.get(), request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.receipt().message_id(), receipt.message_id());
  EXPECT_GE(response.entries_size(), 2);
  const auto other = stack_.As("htf");
  EXPECT_EQ(stack_.Stub<v1::Ledger>()->Explain(other.get(), request, &response).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

TEST_F(CallsTest, UpdateMovesAReferral) {
  v1::UpdateReferralRequest request;
  request.set_referral_id(Refer());
  request.set_to(v1::REFERRAL_STATE_ACCEPTED);
  const grpc::Status status = Move("htf", request);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(referral_.state(), v1::REFERRAL_STATE_ACCEPTED);
}

TEST_F(CallsTest, UpdateRefusesAnIllegalMoveByName) {
  v1::UpdateReferralRequest request;
  request.set_referral_id(Refer());
  request.set_to(v1::REFERRAL_STATE_COMPLETED);
  const grpc::Status status = Move("htf", request);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), HasSubstr("requested"));
  EXPECT_THAT(status.error_message(), HasSubstr("completed"));
  EXPECT_THAT(status.error_message(), HasSubstr("performer"));
}

TEST_F(CallsTest, UpdateRefusesAVersionThatIsNotCurrent) {
  v1::UpdateReferralRequest request;
  request.set_referral_id(Refer());
  request.set_to(v1::REFERRAL_STATE_ACCEPTED);
  request.set_expected_version(99);
  EXPECT_EQ(Move("htf", request).error_code(), grpc::StatusCode::ABORTED);
}

TEST_F(CallsTest, UpdateDoesNotFindWhatIsNotThere) {
  v1::UpdateReferralRequest request;
  request.set_referral_id("none");
  request.set_to(v1::REFERRAL_STATE_ACCEPTED);
  EXPECT_EQ(Move("htf", request).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(CallsTest, AdminIsForOperatorsOnly) {
  v1::ListDeliveriesRequest request;
  request.set_state(v1::DELIVERY_STATE_PENDING);
  v1::ListDeliveriesResponse response;
  const auto admin = stack_.Stub<v1::Admin>();
  const auto hospital = stack_.As("mrmc");
  EXPECT_EQ(admin->ListDeliveries(hospital.get(), request, &response).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
  v1::GatewayStatus gateway;
  const auto agency = stack_.As("htf");
  EXPECT_EQ(admin->GetGatewayStatus(agency.get(), {}, &gateway).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
  v1::Delivery delivery;
  const auto practice = stack_.As("lfm");
  EXPECT_EQ(admin->Replay(practice.get(), v1::ReplayRequest(), &delivery).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
  const auto payer = stack_.As("nha");
  EXPECT_EQ(admin->Discard(payer.get(), v1::DiscardRequest(), &delivery).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(CallsTest, AdminTellsWhatWaitsAndSinceWhen) {
  stack_.clock.Advance(std::chrono::hours(24));  // ids never go back to before those of other tests
  const std::int64_t sent_us = ToMicros(stack_.clock.Now());
  stack_.Submit("discharge");
  stack_.clock.Advance(std::chrono::minutes(7));
  v1::GatewayStatus status;
  const auto call = stack_.As("operations");
  ASSERT_TRUE(stack_.Stub<v1::Admin>()->GetGatewayStatus(call.get(), {}, &status).ok());
  EXPECT_TRUE(status.ready());
  EXPECT_EQ(status.now_us(), sent_us + 7 * 60'000'000LL);
  std::vector<std::string> backlogs;
  for (const v1::GatewayStatus::Backlog& one : status.backlogs()) {
    backlogs.push_back(one.party() + " " + one.topic() + " " + std::to_string(one.count()));
    EXPECT_EQ(one.state(), v1::DELIVERY_STATE_PENDING);
    EXPECT_EQ(one.oldest_us() / 1000, sent_us / 1000);
  }
  EXPECT_THAT(backlogs, ElementsAre("lfm  3", "nha transitions 1", "nha plans 2"));
}

TEST_F(CallsTest, AdminListsReplaysAndDiscards) {
  stack_.Submit("discharge");
  v1::ListDeliveriesRequest list;
  list.set_state(v1::DELIVERY_STATE_PENDING);
  list.set_page_size(1);
  v1::ListDeliveriesResponse response;
  const auto admin = stack_.Stub<v1::Admin>();
  const auto first = stack_.As("operations");
  ASSERT_TRUE(admin->ListDeliveries(first.get(), list, &response).ok());
  ASSERT_EQ(response.deliveries_size(), 1);

  v1::Delivery dead = response.deliveries(0);
  dead.set_state(v1::DELIVERY_STATE_DEAD);
  store::Batch batch;
  batch.settle.push_back(dead);
  ASSERT_TRUE(stack_.store->CommitAndWait(std::move(batch)).ok());
  v1::ReplayRequest replay;
  replay.set_delivery_id(dead.id());
  v1::Delivery delivery;
  const auto second = stack_.As("operations");
  grpc::Status status = admin->Replay(second.get(), replay, &delivery);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(delivery.state(), v1::DELIVERY_STATE_PENDING);

  v1::DiscardRequest discard;
  discard.set_delivery_id(dead.id());
  discard.set_reason("test");
  const auto third = stack_.As("operations");
  status = admin->Discard(third.get(), discard, &delivery);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION) << status.error_message();
}

TEST_F(CallsTest, AnOperatorReleasesAHeldPerson) {
  store::Batch batch;
  v1::Person& person = batch.persons.emplace_back();
  person.set_id(7);
  person.set_held(true);
  v1::Delivery& doubt = batch.enqueue.emplace_back();
  doubt.set_id("d1");
  doubt.set_person_id(7);
  doubt.set_state(v1::DELIVERY_STATE_HELD);
  ASSERT_TRUE(stack_.store->CommitAndWait(std::move(batch)).ok());
  const auto admin = stack_.Stub<v1::Admin>();
  const auto release = [&](const char* party, std::uint64_t id, v1::ReleasePersonResponse* answer) {
    v1::ReleasePersonRequest request;
    request.set_person_id(id);
    request.set_reason("asked the ward");
    return admin->ReleasePerson(stack_.As(party).get(), request, answer).error_code();
  };
  v1::ListDeliveriesRequest list;
  list.set_state(v1::DELIVERY_STATE_HELD);
  v1::ListDeliveriesResponse listed;
  ASSERT_TRUE(admin->ListDeliveries(stack_.As("operations").get(), list, &listed).ok());
  EXPECT_EQ(listed.deliveries_size(), 1);

  v1::ReleasePersonResponse released;
  EXPECT_EQ(release("lfm", 7, &released), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(release("operations", 8, &released), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(release("operations", 7, &released), grpc::StatusCode::OK);
  EXPECT_EQ(released.released(), 1u);
  EXPECT_EQ(release("operations", 7, &released), grpc::StatusCode::FAILED_PRECONDITION);
}

TEST(ServerTest, RefusesPlainTextWhereOthersReachIt) {
  RpcStack stack;
  stack.Start();
  ServerOptions options;
  options.address = "0.0.0.0";
  EXPECT_EQ(stack.TryStart(options).code(), absl::StatusCode::kInvalidArgument);
  options.address = "localhost";
  EXPECT_EQ(stack.TryStart(options).code(), absl::StatusCode::kInvalidArgument);
}

TEST(ServerTest, RefusesAPortThatIsTaken) {
  RpcStack stack;
  stack.Start();
  ServerOptions options;
  options.port = stack.server().port();
  EXPECT_EQ(stack.TryStart(options).code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace handoff::rpc
