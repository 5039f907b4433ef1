// An intake with the demo's parties and messages on the in-memory store.
#pragma once

#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "fhir-mappings/runtime/resource.h"
#include "gateway/base/config_node.h"
#include "gateway/base/log.h"
#include "gateway/intake/held_persons.h"
#include "gateway/intake/pipeline.h"
#include "gateway/store/memory/memory_store.h"
#include "handoff/v1/exchange.pb.h"
#include "tests/support/fake_clock.h"
#include "tests/support/read_file.h"
#include "tests/support/status_matchers.h"

namespace handoff::intake {

inline std::string DemoMessage(const std::string& name) {
  return testing::ReadFile("config/demo/messages/" + name + ".json");
}

inline std::vector<v1::EventKind> Kinds(const std::vector<v1::Delivery>& deliveries) {
  std::vector<v1::EventKind> kinds;
  for (const v1::Delivery& delivery : deliveries) kinds.push_back(delivery.event().kind());
  return kinds;
}

inline std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

class IntakeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    log::SetMinimum(log::Level::kWarning);
    LoadRules({});
    auto services = std::make_shared<Services>();
    services->store = store_.get();
    services->clock = &clock_;
    services->metrics = &metrics_;
    services->rules = [this] { return rules_; };
    services->max_entries = 100;
    services->base_url = "https://gw.example/fhir";
    held_persons_ = std::make_unique<HeldPersons>(services);
    intake_ = std::make_unique<Intake>(std::move(services));
  }

  // The demo's rules, with values of the parties replaced.
  void LoadRules(const std::vector<directory::Override>& overrides) {
    ConfigErrors errors;
    auto rules = std::make_shared<Rules>();
    rules->directory = directory::Directory::Load("config/demo/parties", overrides, errors);
    rules->events =
        care::EventRules::Load(*ConfigNode::Load("fhir-mappings/terminology/events.yaml"),
                               *ConfigNode::Load("fhir-mappings/terminology/needs.yaml"),
                               errors);
    rules->routes = care::Routes::Load(*ConfigNode::Load("config/routes.yaml"), errors);
    rules->profiles = std::make_shared<fhir::ProfileSet>(
        fhir::ProfileSet::Load(ConfigNode::LoadFolder("config/profiles", errors), errors));
    ASSERT_TRUE(errors.empty()) << errors.list().front();
    rules_ = std::move(rules);
  }

  v1::Receipt Accept(Submission submission) {
    std::promise<absl::StatusOr<v1::Receipt>> answered;
    intake_->Accept(std::move(submission), [&](absl::StatusOr<v1::Receipt> receipt) {
      answered.set_value(std::move(receipt));
    });
    absl::StatusOr<v1::Receipt> receipt = answered.get_future().get();
    EXPECT_THAT(receipt, testing::IsOk());
    return receipt.ok() ? *receipt : v1::Receipt();
  }

  static Submission Bundle(std::string content, const char* sender = "mrmc") {
    Submission submission;
    submission.sender = PartyKey(sender);
    submission.content = std::move(content);
    return submission;
  }

  static Submission Update(const char* sender,
                           const std::string& type,
                           const std::string& id,
                           std::string content,
                           std::string if_match = {}) {
    Submission submission = Bundle(std::move(content), sender);
    submission.interaction = Interaction::kUpdate;
    submission.type = type;
    submission.id = id;
    submission.if_match = std::move(if_match);
    return submission;
  }

  v1::StoredResource Stored(const std::string& type, const std::string& id) {
    auto stored = store_->GetSnapshot()->Read({type, id});
    EXPECT_TRUE(stored.ok() && *stored != nullptr) << type << "/" << id;
    v1::StoredResource resource;
    if (stored.ok() && *stored) resource.ParseFromString(std::string((*stored)->record()));
    return resource;
  }

  v1::Resource Parsed(const std::string& type, const std::string& id) {
    v1::Resource resource;
    EXPECT_TRUE(resource.ParseFromString(Stored(type, id).resource()));
    return resource;
  }

  std::vector<v1::Delivery> Pending(const std::string& recipient) {
    return store_->ListDeliveries(v1::DELIVERY_STATE_PENDING, recipient, "", 100).value();
  }

  std::vector<v1::Delivery> Stream(const std::string& stream) {
    return store_->ReadStream(stream, 0, 100).value();
  }

  testing::FakeClock clock_;
  Metrics metrics_;
  std::unique_ptr<store::Store> store_ = store::OpenMemoryStore({});
  std::shared_ptr<const Rules> rules_;
  std::unique_ptr<HeldPersons> held_persons_;
  std::unique_ptr<Intake> intake_;
};

}  // namespace handoff::intake
