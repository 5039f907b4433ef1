// An engine on an in-memory store, with everything around it in the test's hand.
#pragma once

#include <memory>
#include <random>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "gateway/base/metrics.h"
#include "gateway/delivery/engine.h"
#include "tests/support/fake_clock.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/delivery/observed_store.h"
#include "tests/unit/delivery/scripted_peer.h"

namespace handoff::delivery::testing {

class EngineFixture : public ::testing::Test {
 protected:
  ~EngineFixture() override { StopEngine(); }

  void StartEngine(EngineOptions options = {}) {
    connector_ = std::make_unique<ScriptedConnector>();
    engine_ = std::make_unique<Engine>(EngineParts{.store = store_,
                                                   .clock = clock_,
                                                   .renderer = renderer_,
                                                   .metrics = metrics_,
                                                   .connectors = {{"fake", connector_.get()}}},
                                       options,
                                       std::mt19937_64(7));
    store_.SetListener([this](const store::Store::Notice& notice) {
      if (notice.deliveries) engine_->Wake();
    });
  }
  void StopEngine() {
    store_.SetListener(nullptr);
    engine_.reset();
  }

  // Its message is "m-<id>".
  v1::Delivery ADelivery(const std::string& id,
                         const std::string& recipient,
                         std::uint64_t person) {
    v1::Delivery delivery;
    delivery.set_id(id);
    delivery.set_recipient(recipient);
    delivery.set_person_id(person);
    delivery.set_view("treatment-full");
    delivery.set_channel("push");
    delivery.set_state(v1::DELIVERY_STATE_PENDING);
    delivery.set_created_us(ToMicros(clock_.Now()));
    delivery.set_due_us(ToMicros(clock_.Now()));
    delivery.mutable_event()->set_kind(v1::EVENT_KIND_DISCHARGE);
    delivery.mutable_event()->set_message_id("m-" + id);
    return delivery;
  }
  void Enqueue(std::vector<v1::Delivery> deliveries) {
    store::Batch batch;
    batch.enqueue = std::move(deliveries);
    HANDOFF_ASSERT_OK(store_.CommitAndWait(std::move(batch)));
  }
  void Enqueue(const std::string& id, const std::string& recipient, std::uint64_t person) {
    Enqueue({ADelivery(id, recipient, person)});
  }
  void SetHeld(std::uint64_t person_id, bool held) {
    store::Batch batch;
    v1::Person& person = batch.persons.emplace_back();
    person.set_id(person_id);
    person.set_held(held);
    HANDOFF_ASSERT_OK(store_.CommitAndWait(std::move(batch)));
  }
  // Returns when the engine has gone over all that is due now: it takes what has been due longest
  // first, and nothing has been due for less long than this delivery to a party of its own.
  void LetItLook() {
    clock_.Advance(std::chrono::microseconds(1));
    const std::string id = "barrier" + std::to_string(++barriers_);
    connector_->SetScript("barrier", [](const connectors::Outbound&) { return Delivered(); });
    Enqueue(id, "barrier", static_cast<std::uint64_t>(barriers_));
    store_.AwaitRecorded(id);
  }
  void Advance(std::chrono::microseconds by) {
    clock_.Advance(by);
    engine_->Wake();
  }
  double Count(const std::string& party, const char* outcome) {
    return metrics_.Deliveries(party, outcome).Value();
  }

  handoff::testing::FakeClock clock_;
  Metrics metrics_;
  ScriptedRenderer renderer_;
  ObservedStore store_;
  std::unique_ptr<ScriptedConnector> connector_;
  std::unique_ptr<Engine> engine_;
  int barriers_ = 0;
};

}  // namespace handoff::delivery::testing
