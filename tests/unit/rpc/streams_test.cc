// Streams: what a client gets, from where it resumes, and how a stream ends.
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "handoff/v1/services.grpc.pb.h"
#include "tests/unit/rpc/rpc_stack.h"

namespace handoff::rpc {
namespace {

using ::handoff::testing::RpcStack;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;

constexpr char kStream[] = "nha/transitions";

// Transitions.Watch of one party, read one by one.
class Watching {
 public:
  Watching(RpcStack& stack, const std::string& party, const std::string& resume_token = "")
      : stub_(stack.Stub<v1::Transitions>()), call_(stack.As(party)) {
    v1::WatchRequest request;
    request.set_resume_token(resume_token);
    reader_ = stub_->Watch(call_.get(), request);
  }

  // The next item; empty if the stream has ended.
  v1::TransitionItem Next() {
    v1::TransitionItem item;
    if (!reader_->Read(&item)) item.Clear();
    return item;
  }
  // How the server ends the stream, after what it sent before.
  grpc::Status Finish() {
    v1::TransitionItem item;
    while (reader_->Read(&item)) {
    }
    return reader_->Finish();
  }
  grpc::Status Cancel() {
    call_->TryCancel();
    return Finish();
  }

 private:
  std::unique_ptr<v1::Transitions::Stub> stub_;
  std::unique_ptr<grpc::ClientContext> call_;
  std::unique_ptr<grpc::ClientReader<v1::TransitionItem>> reader_;
};

class StreamsTest : public ::testing::Test {
 protected:
  // Sends discharges of these patients; returns the ids of the payer's deliveries, in order.
  std::vector<std::string> Discharge(int from, int to) {
    for (int patient = from; patient <= to; ++patient) stack_.Submit("discharge", patient);
    std::vector<std::string> ids;
    const auto items = stack_.store->ReadStream(kStream, 0, 1'000);
    EXPECT_TRUE(items.ok()) << items.status();
    for (const v1::Delivery& item : *items) ids.push_back(item.id());
    return ids;
  }

  // As many copies of the payer's first delivery as would fill the pipes of any transport.
  void Fill(int copies) {
    const auto items = stack_.store->ReadStream(kStream, 0, 1);
    ASSERT_TRUE(items.ok() && !items->empty());
    store::Batch batch;
    for (int i = 0; i < copies; ++i) {
      v1::Delivery copy = items->front();
      copy.set_id("copy-" + std::to_string(i));
      batch.append.push_back({kStream, std::move(copy)});
    }
    ASSERT_TRUE(stack_.store->CommitAndWait(std::move(batch)).ok());
  }

  grpc::Status Acknowledge(const std::string& party, const std::string& token) {
    v1::AcknowledgeRequest request;
    request.set_resume_token(token);
    v1::AcknowledgeResponse response;
    const auto call = stack_.As(party);
    return stack_.Stub<v1::Transitions>()->Acknowledge(call.get(), request, &response);
  }

  RpcStack stack_;
};

TEST_F(StreamsTest, WatchSendsWhatIsKeptThenWhatComes) {
  stack_.Start();
  const auto ids = Discharge(1, 3);
  ASSERT_EQ(ids.size(), 3u);
  Watching watching(stack_, "nha");
  for (const std::string& id : ids) {
    const v1::TransitionItem item = watching.Next();
    EXPECT_EQ(item.bundle().id(), id);
    EXPECT_EQ(item.event(), v1::EVENT_KIND_DISCHARGE);
    EXPECT_FALSE(item.transition().id().empty());
    EXPECT_FALSE(item.resume_token().empty());
  }
  const auto more = Discharge(4, 4);
  EXPECT_EQ(watching.Next().bundle().id(), more.back());
  EXPECT_EQ(watching.Cancel().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(StreamsTest, WatchResumesAfterADisconnectWithoutSkipOrRepeat) {
  stack_.Start();
  const auto ids = Discharge(1, 6);
  std::string token;
  std::vector<std::string> seen;
  {
    Watching first(stack_, "nha");
    for (int i = 0; i < 4; ++i) {
      v1::TransitionItem item = first.Next();
      if (i == 2) token = item.resume_token();  // the fourth was sent, but is not handled
      if (i <= 2) seen.push_back(item.bundle().id());
    }
    first.Cancel();
  }
  stack_.Start();
  Watching second(stack_, "nha", token);
  for (int i = 0; i < 3; ++i) seen.push_back(second.Next().bundle().id());
  EXPECT_EQ(seen, ids);
  second.Cancel();
}

TEST_F(StreamsTest, WatchKeepsTheOrderWhenItIsCancelledAmidManyItemsAndResumed) {
  stack_.narrative_bytes = 1'000;
  stack_.Start();
  std::vector<std::string> ids = Discharge(1, 1);
  Fill(300);
  for (int i = 0; i < 300; ++i) ids.push_back("copy-" + std::to_string(i));
  std::vector<std::string> seen;
  std::string token;
  for (const std::size_t until : {7u, 100u, 101u, 301u}) {
    Watching watching(stack_, "nha", token);
    while (seen.size() < until) {
      v1::TransitionItem item = watching.Next();
      ASSERT_FALSE(item.resume_token().empty());
      token = item.resume_token();
      seen.push_back(item.bundle().id());
    }
    watching.Cancel();
  }
  EXPECT_EQ(seen, ids);
}

TEST_F(StreamsTest, ATokenThatComesBackAcknowledges) {
  stack_.Start();
  Discharge(1, 3);
  v1::TransitionItem item;
  {
    Watching first(stack_, "nha");
    first.Next();
    item = first.Next();
    first.Cancel();
  }
  EXPECT_EQ(stack_.Position(kStream), 0u);
  Watching second(stack_, "nha", item.resume_token());
  second.Next();
  const auto items = stack_.store->ReadStream(kStream, 0, 10);
  ASSERT_TRUE(items.ok());
  EXPECT_EQ(stack_.Position(kStream), (*items)[1].sequence());
  for (int i = 0; i < 3; ++i) {
    const auto kinds = stack_.LedgerOf((*items)[i].event().message_id(), "nha");
    if (i < 2) {
      EXPECT_THAT(kinds, Contains(v1::LedgerEntry::DELIVERED));
    } else {
      EXPECT_THAT(kinds, Not(Contains(v1::LedgerEntry::DELIVERED)));
    }
  }
  EXPECT_EQ(stack_.metrics.Deliveries("nha", "delivered").Value(), 2);
  second.Cancel();
}

TEST_F(StreamsTest, AcknowledgeSettlesAndWatchGoesOnAfterIt) {
  stack_.Start();
  const auto ids = Discharge(1, 3);
  Watching first(stack_, "nha");
  const std::string token = first.Next().resume_token();
  ASSERT_TRUE(Acknowledge("nha", token).ok());
  ASSERT_TRUE(Acknowledge("nha", token).ok());
  first.Cancel();
  Watching second(stack_, "nha");
  EXPECT_EQ(second.Next().bundle().id(), ids[1]);
  second.Cancel();
}

TEST_F(StreamsTest, RefuseATokenOfAnotherPartyOrStream) {
  stack_.Start();
  Discharge(1, 1);
  std::string token;
  {
    Watching watching(stack_, "nha");
    token = watching.Next().resume_token();
    watching.Cancel();
  }
  Watching other(stack_, "lfm", token);
  EXPECT_EQ(other.Next().resume_token(), "");
  EXPECT_EQ(other.Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Acknowledge("lfm", token).error_code(), grpc::StatusCode::INVALID_ARGUMENT);

  v1::WatchRequest request;
  request.set_resume_token(token);
  const auto call = stack_.As("nha");
  const auto plans = stack_.Stub<v1::CarePlans>()->WatchStatus(call.get(), request);
  v1::PlanStatusUpdate update;
  EXPECT_FALSE(plans->Read(&update));
  EXPECT_EQ(plans->Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(StreamsTest, PassOverWhatPolicyWithholdsAndSayItOnce) {
  std::string hidden;
  stack_.withhold = [&](const v1::Delivery& delivery) {
    return delivery.id() == hidden ? "label: behavioral health" : "";
  };
  stack_.Start();
  const auto ids = Discharge(1, 3);
  hidden = ids[1];
  for (int round = 0; round < 2; ++round) {
    Watching watching(stack_, "nha");
    EXPECT_EQ(watching.Next().bundle().id(), ids[0]);
    const v1::TransitionItem last = watching.Next();
    EXPECT_EQ(last.bundle().id(), ids[2]);
    watching.Cancel();
    if (round == 1) {
      EXPECT_TRUE(Acknowledge("nha", last.resume_token()).ok());
    }
  }
  const auto items = stack_.store->ReadStream(kStream, 0, 10);
  ASSERT_TRUE(items.ok());
  EXPECT_EQ(stack_.Position(kStream), items->back().sequence());
  int withheld = 0;
  for (const auto kind : stack_.LedgerOf((*items)[1].event().message_id(), "nha")) {
    withheld += kind == v1::LedgerEntry::WITHHELD ? 1 : 0;
    EXPECT_NE(kind, v1::LedgerEntry::DELIVERED);
  }
  EXPECT_EQ(withheld, 1);
}

TEST_F(StreamsTest, ASlowReaderHoldsOnlyItsOwnStream) {
  stack_.narrative_bytes = 64 << 10;
  stack_.Start();
  Discharge(1, 1);
  Fill(200);
  Watching slow(stack_, "nha");
  slow.Next();
  Watching quick(stack_, "nha");
  for (int i = 0; i <= 200; ++i) ASSERT_FALSE(quick.Next().resume_token().empty()) << i;
  const v1::Receipt receipt = stack_.Submit("discharge", 2);
  EXPECT_FALSE(quick.Next().resume_token().empty());
  for (int i = 1; i <= 201; ++i) ASSERT_FALSE(slow.Next().resume_token().empty()) << i;
  quick.Cancel();
  slow.Cancel();
}

TEST_F(StreamsTest, EndWithUnavailableAtShutdown) {
  stack_.Start();
  const auto ids = Discharge(1, 1);
  Watching idle(stack_, "nha");
  EXPECT_EQ(idle.Next().bundle().id(), ids[0]);
  const auto inbox_call = stack_.As("htf");
  const auto inbox = stack_.Stub<v1::Referrals>()->Inbox(inbox_call.get());
  const auto submit_call = stack_.As("mrmc");
  const auto submit = stack_.Stub<v1::Intake>()->SubmitStream(submit_call.get());
  v1::SubmitRequest request;
  request.set_fhir_json(RpcStack::Message("discharge", 2));
  ASSERT_TRUE(submit->Write(request));
  v1::Receipt receipt;
  ASSERT_TRUE(submit->Read(&receipt));
  v1::InboxRequest open;
  ASSERT_TRUE(inbox->Write(open));

  stack_.server().Shutdown(std::chrono::seconds(10));
  EXPECT_EQ(idle.Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(inbox->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(submit->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(stack_.metrics.streams_open.Value(), 0);
}

TEST_F(StreamsTest, ShutdownCutsOffAClientThatDoesNotRead) {
  stack_.narrative_bytes = 64 << 10;
  stack_.Start();
  Discharge(1, 1);
  Fill(200);
  Watching slow(stack_, "nha");
  slow.Next();
  stack_.server().Shutdown(std::chrono::milliseconds(100));
  EXPECT_FALSE(slow.Finish().ok());
}

TEST_F(StreamsTest, RefuseMoreThanAPartyMayOpen) {
  ServerOptions options;
  options.hub.max_streams_per_party = 1;
  stack_.Start(options);
  Discharge(1, 1);
  Watching first(stack_, "nha");
  first.Next();
  Watching second(stack_, "nha");
  EXPECT_TRUE(second.Next().resume_token().empty());
  EXPECT_EQ(second.Finish().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  first.Cancel();
}

TEST_F(StreamsTest, WatchStatusSendsPlansWithoutTheirStory) {
  stack_.Start();
  stack_.Submit("discharge", 1);
  const auto call = stack_.As("nha");
  const auto reader = stack_.Stub<v1::CarePlans>()->WatchStatus(call.get(), v1::WatchRequest());
  v1::PlanStatusUpdate update;
  ASSERT_TRUE(reader->Read(&update));
  EXPECT_FALSE(update.resume_token().empty());
  EXPECT_FALSE(update.plan().plan_id().empty());
  EXPECT_NE(update.event(), v1::EVENT_KIND_UNSPECIFIED);
  call->TryCancel();
  while (reader->Read(&update)) {
  }
  reader->Finish();
}

TEST_F(StreamsTest, WatchEndsWithItsToken) {
  stack_.Start();
  Discharge(1, 1);
  Watching watching(stack_, "nha");
  EXPECT_NE(watching.Next().resume_token(), "");
  stack_.clock.Advance(std::chrono::minutes(10));
  Discharge(2, 2);
  EXPECT_EQ(watching.Next().resume_token(), "");
  EXPECT_EQ(watching.Finish().error_code(), grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(StreamsTest, SubmitStreamAnswersInOrder) {
  stack_.Start();
  constexpr int kMessages = 150;
  const auto call = stack_.As("mrmc");
  const auto stream = stack_.Stub<v1::Intake>()->SubmitStream(call.get());
  std::thread sender([&] {
    for (int i = 0; i < kMessages; ++i) {
      v1::SubmitRequest request;
      // Every third is refused for its content, which is an answer too.
      request.set_fhir_json(i % 3 == 0 ? "{}" : RpcStack::Message("discharge", i));
      ASSERT_TRUE(stream->Write(request));
    }
    stream->WritesDone();
  });
  std::vector<v1::Receipt> receipts;
  v1::Receipt receipt;
  while (stream->Read(&receipt)) receipts.push_back(receipt);
  sender.join();
  const grpc::Status status = stream->Finish();
  EXPECT_TRUE(status.ok()) << status.error_message();
  ASSERT_EQ(receipts.size(), static_cast<std::size_t>(kMessages));
  for (int i = 0; i < kMessages; ++i) EXPECT_EQ(receipts[i].accepted(), i % 3 != 0) << i;
}

// Others write about the same person, so that plans are made again.
TEST_F(StreamsTest, SubmitStreamTakesEffectInOrder) {
  stack_.Start();
  stack_.Submit("discharge");
  const auto update = [](const std::string& id, int value) {
    v1::SubmitRequest request;
    request.set_fhir_json(R"({"resourceType":"Bundle","type":"transaction","entry":[
        {"request":{"method":"PUT","url":"Observation/)" +
                          id + R"("},
         "resource":{"resourceType":"Observation","id":")" +
                          id + R"(","status":"final",
           "code":{"text":"v)" +
                          std::to_string(value) + R"("},
           "subject":{"reference":"Patient/odalys-brightwater"}}}]})");
    return request;
  };
  const auto send = [&](const std::string& id) {
    const auto call = stack_.As("mrmc");
    const auto stream = stack_.Stub<v1::Intake>()->SubmitStream(call.get());
    for (int value = 0; value < 16; ++value) ASSERT_TRUE(stream->Write(update(id, value)));
    stream->WritesDone();
    std::uint64_t version = 0;
    for (v1::Receipt receipt; stream->Read(&receipt);) {
      EXPECT_EQ(receipt.entries(0).resource().version(), ++version);
    }
    EXPECT_EQ(version, 16u);
    EXPECT_TRUE(stream->Finish().ok());
  };
  std::thread other([&] { send("b"); });
  send("a");
  other.join();
}

TEST_F(StreamsTest, SubmitStreamEndsAtARequestWithoutContent) {
  stack_.Start();
  const auto call = stack_.As("mrmc");
  const auto stream = stack_.Stub<v1::Intake>()->SubmitStream(call.get());
  v1::SubmitRequest request;
  request.set_fhir_json(RpcStack::Message("discharge", 1));
  ASSERT_TRUE(stream->Write(request));
  ASSERT_TRUE(stream->Write(v1::SubmitRequest()));
  v1::Receipt receipt;
  ASSERT_TRUE(stream->Read(&receipt));
  EXPECT_TRUE(receipt.accepted());
  EXPECT_FALSE(stream->Read(&receipt));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(StreamsTest, InboxAcknowledgesAndEndsWhenTheClientHasSaidAll) {
  stack_.Start();
  stack_.Submit("discharge");
  const v1::Receipt receipt = stack_.Submit("referral");
  const auto call = stack_.As("htf");
  const auto stream = stack_.Stub<v1::Referrals>()->Inbox(call.get());
  ASSERT_TRUE(stream->Write(v1::InboxRequest()));
  v1::ReferralItem item;
  ASSERT_TRUE(stream->Read(&item));
  EXPECT_EQ(item.event(), v1::EVENT_KIND_REFERRAL_REQUESTED);
  EXPECT_EQ(item.referral().performer(), "htf");
  ASSERT_EQ(item.resources_size(), 1);
  EXPECT_TRUE(item.resources(0).has_patient());

  v1::InboxRequest done;
  done.set_acknowledge(item.resume_token());
  ASSERT_TRUE(stream->Write(done));
  stream->WritesDone();
  EXPECT_FALSE(stream->Read(&item));
  const grpc::Status status = stream->Finish();
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_GT(stack_.Position("htf/referrals"), 0u);
  EXPECT_THAT(stack_.LedgerOf(receipt.message_id(), "htf"), Contains(v1::LedgerEntry::DELIVERED));
}

// The version that an item carries stays good for the performer's answer.
TEST_F(StreamsTest, AcknowledgingARequestMarksItDeliveredAndLeavesItsVersion) {
  stack_.Start();
  stack_.Submit("discharge");
  stack_.Submit("referral");
  v1::ReferralItem item;
  {
    const auto call = stack_.As("htf");
    const auto stream = stack_.Stub<v1::Referrals>()->Inbox(call.get());
    ASSERT_TRUE(stream->Write(v1::InboxRequest()));
    ASSERT_TRUE(stream->Read(&item));
    v1::InboxRequest done;
    done.set_acknowledge(item.resume_token());
    ASSERT_TRUE(stream->Write(done));
    stream->WritesDone();
    ASSERT_TRUE(stream->Finish().ok());
  }
  v1::ListReferralsRequest delivered;
  delivered.set_state(v1::REFERRAL_STATE_DELIVERED);
  v1::ListReferralsResponse listed;
  const auto list = stack_.As("htf");
  ASSERT_TRUE(stack_.Stub<v1::Referrals>()->List(list.get(), delivered, &listed).ok());
  ASSERT_EQ(listed.referrals_size(), 1);
  EXPECT_EQ(listed.referrals(0).version(), item.referral().version());

  v1::UpdateReferralRequest accept;
  accept.set_referral_id(item.referral().id());
  accept.set_to(v1::REFERRAL_STATE_ACCEPTED);
  accept.set_expected_version(item.referral().version());
  v1::Referral referral;
  const auto update = stack_.As("htf");
  const grpc::Status status = stack_.Stub<v1::Referrals>()->Update(update.get(), accept, &referral);
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(referral.state(), v1::REFERRAL_STATE_ACCEPTED);
}

// Which other party is asked, and how it goes on there, is not for who was asked first.
TEST_F(StreamsTest, InboxTellsWhoIsNotAskedAnyMore) {
  stack_.Start();
  stack_.Submit("discharge");
  stack_.Submit("referral");
  const auto call = stack_.As("htf");
  const auto stream = stack_.Stub<v1::Referrals>()->Inbox(call.get());
  ASSERT_TRUE(stream->Write(v1::InboxRequest()));
  v1::ReferralItem asked;
  ASSERT_TRUE(stream->Read(&asked));

  std::string other = RpcStack::Message("referral");
  for (const auto& [from, to] : {std::pair("\"HTF\"", "\"LLP\""), {"mrmc-referral", "second"}}) {
    for (auto at = other.find(from); at != std::string::npos; at = other.find(from))
      other.replace(at, std::strlen(from), to);
  }
  stack_.SubmitContent(other);
  v1::ReferralItem item;
  ASSERT_TRUE(stream->Read(&item));
  EXPECT_EQ(item.event(), v1::EVENT_KIND_RETRACTION);
  v1::Referral told;
  told.set_id(asked.referral().id());
  told.set_state(v1::REFERRAL_STATE_CANCELLED);
  EXPECT_EQ(item.referral().ShortDebugString(), told.ShortDebugString());
  call->TryCancel();
  stream->Finish();
}

TEST_F(StreamsTest, InboxResumesWithoutAcknowledging) {
  stack_.Start();
  stack_.Submit("discharge");
  stack_.Submit("referral");
  std::string token;
  for (int round = 0; round < 2; ++round) {
    const auto call = stack_.As("htf");
    const auto stream = stack_.Stub<v1::Referrals>()->Inbox(call.get());
    ASSERT_TRUE(stream->Write(v1::InboxRequest()));
    v1::ReferralItem item;
    ASSERT_TRUE(stream->Read(&item));
    token = item.resume_token();
    call->TryCancel();
    stream->Finish();
  }
  EXPECT_EQ(stack_.Position("htf/referrals"), 0u);
}

TEST_F(StreamsTest, InboxRefusesAnAcknowledgementOfNothing) {
  stack_.Start();
  const auto call = stack_.As("htf");
  const auto stream = stack_.Stub<v1::Referrals>()->Inbox(call.get());
  v1::InboxRequest request;
  request.set_acknowledge("nonsense");
  ASSERT_TRUE(stream->Write(request));
  v1::ReferralItem item;
  EXPECT_FALSE(stream->Read(&item));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

}  // namespace
}  // namespace handoff::rpc
