#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "tests/unit/delivery/engine_fixture.h"

namespace handoff::delivery {
namespace {

using connectors::Outbound;
using std::chrono::hours;
using std::chrono::seconds;
using testing::Delivered;
using testing::Failed;
using testing::Refused;

class EngineBreakerTest : public testing::EngineFixture {
 protected:
  void SetUp() override {
    renderer_.SetMaxInFlight(1);
    StartEngine({.breaker = {.failures = 3, .open = seconds(5), .max_open = seconds(60)}});
  }

  // Lanes "<party>0" ... of one delivery each.
  std::vector<v1::Delivery> Lanes(const std::string& party, std::uint64_t n) {
    std::vector<v1::Delivery> deliveries;
    for (std::uint64_t i = 0; i < n; ++i) {
      deliveries.push_back(ADelivery(party + std::to_string(i), party, i));
    }
    return deliveries;
  }
  // Three failures of party "down", which has `lanes` lanes.
  void OpenBreaker(std::uint64_t lanes) {
    connector_->SetScript("down", [](const Outbound&) { return Failed(); });
    Enqueue(Lanes("down", lanes));
    for (const char* id : {"down0", "down1", "down2"}) store_.AwaitRecorded(id);
  }
};

TEST_F(EngineBreakerTest, StopsAttemptsToOneRecipientOnly) {
  OpenBreaker(100);
  clock_.Advance(seconds(4));
  Enqueue("d1", "nha", 1);
  connector_->Answer("d1", Delivered());
  store_.AwaitRecorded("d1");
  LetItLook();
  EXPECT_EQ(connector_->SentTo("down"), 3u);
}

TEST_F(EngineBreakerTest, SendsOneProbeAndWaitsLongerWhenItFails) {
  OpenBreaker(100);
  Advance(seconds(5));
  LetItLook();
  EXPECT_EQ(connector_->SentTo("down"), 4u);
  clock_.Advance(seconds(9));
  LetItLook();
  EXPECT_EQ(connector_->SentTo("down"), 4u);
  Advance(seconds(1));
  LetItLook();
  EXPECT_EQ(connector_->SentTo("down"), 5u);
}

TEST_F(EngineBreakerTest, DeliversAllOnceTheProbeSucceeds) {
  OpenBreaker(100);
  connector_->SetScript("down", [](const Outbound&) { return Delivered(); });
  Advance(seconds(5));
  for (int i = 0; i < 100; ++i) {
    const std::size_t failed = i < 3 ? 1 : 0;
    const v1::Delivery recorded = store_.AwaitRecorded("down" + std::to_string(i), failed + 1);
    EXPECT_EQ(recorded.state(), v1::DELIVERY_STATE_DELIVERED);
  }
}

TEST_F(EngineBreakerTest, ARefusalIsAnAnswer) {
  connector_->SetScript("picky", [](const Outbound&) { return Refused(); });
  Enqueue(Lanes("picky", 20));
  for (int i = 0; i < 20; ++i) store_.AwaitRecorded("picky" + std::to_string(i));
  EXPECT_EQ(connector_->SentTo("picky"), 20u);
}

TEST_F(EngineBreakerTest, WhatIsTooOldDoesNotWaitForTheRecipientToComeBack) {
  OpenBreaker(20);
  Advance(hours(7 * 24));
  for (int i = 0; i < 20; ++i) {
    const std::string id = "down" + std::to_string(i);
    const std::size_t attempted = i < 3 ? 1 : 0;
    const v1::Delivery recorded = store_.AwaitRecorded(id, attempted + 1);
    EXPECT_EQ(recorded.state(), v1::DELIVERY_STATE_DEAD);
    EXPECT_EQ(recorded.attempts(), attempted);
  }
  EXPECT_EQ(connector_->SentTo("down"), 3u);
  EXPECT_EQ(store_.LedgerOf("m-down19").at(0).text(),
            "gave up without an attempt: the recipient does not answer");
}

TEST_F(EngineBreakerTest, AProbeThatIsWithheldLeavesTheNextOneToProbe) {
  OpenBreaker(3);
  for (int i = 0; i < 3; ++i) {
    renderer_.Decide("down" + std::to_string(i),
                     [](const v1::Delivery&) { return Withheld{"no consent"}; });
  }
  Advance(seconds(5));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(store_.AwaitRecorded("down" + std::to_string(i), 2).state(),
              v1::DELIVERY_STATE_WITHHELD);
  }
}

}  // namespace
}  // namespace handoff::delivery
