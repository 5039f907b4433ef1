// A connector that answers what the test says, and a renderer that decides what the test says.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

#include "connectors/api/connector.h"
#include "gateway/delivery/renderer.h"

namespace handoff::delivery::testing {

inline connectors::Outcome Delivered() {
  return {.kind = connectors::Outcome::Kind::kDelivered, .text = "HTTP 200", .retry_after = {}};
}
inline connectors::Outcome Failed(std::optional<std::chrono::seconds> retry_after = {}) {
  return {
      .kind = connectors::Outcome::Kind::kRetry, .text = "HTTP 503", .retry_after = retry_after};
}
inline connectors::Outcome Refused() {
  return {.kind = connectors::Outcome::Kind::kRefused, .text = "HTTP 404", .retry_after = {}};
}

struct Sent {
  std::string party;
  connectors::Outbound message;
};

// Thread safety: all methods may be called concurrently.
class ScriptedConnector final : public connectors::Connector {
 public:
  // What a party answers at once; without a script an attempt waits for Answer().
  using Script = std::function<connectors::Outcome(const connectors::Outbound&)>;
  void SetScript(const std::string& party, Script script) {
    absl::MutexLock lock(&mutex_);
    scripts_[party] = std::move(script);
  }

  void Send(const connectors::Target& target,
            connectors::Outbound message,
            absl::AnyInvocable<void(connectors::Outcome)> done) override {
    std::optional<connectors::Outcome> outcome;
    {
      absl::MutexLock lock(&mutex_);
      if (stopped_) {
        outcome = Stopped();
      } else if (const auto script = scripts_.find(target.party); script != scripts_.end()) {
        outcome = script->second(message);
      } else {
        waiting_.emplace(message.delivery_id, std::move(done));
      }
      sent_.push_back({target.party, std::move(message)});
    }
    if (outcome) done(*std::move(outcome));
  }

  void Stop() override {
    std::map<std::string, absl::AnyInvocable<void(connectors::Outcome)>> cut;
    {
      absl::MutexLock lock(&mutex_);
      stopped_ = true;
      cut.swap(waiting_);
    }
    for (auto& [id, done] : cut) done(Stopped());
  }

  void AwaitSent(std::size_t n) {
    const auto enough = [this, n]()
                            ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return sent_.size() >= n; };
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(&enough));
  }
  // Waits until the delivery is under way, and ends it.
  void Answer(const std::string& delivery_id, connectors::Outcome outcome) {
    const auto there = [&]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
      return waiting_.contains(delivery_id);
    };
    absl::AnyInvocable<void(connectors::Outcome)> done;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(&there));
      done = std::move(waiting_.extract(delivery_id).mapped());
    }
    done(std::move(outcome));
  }
  std::vector<Sent> sent() {
    absl::MutexLock lock(&mutex_);
    return sent_;
  }
  std::vector<std::string> SentIds() {
    absl::MutexLock lock(&mutex_);
    std::vector<std::string> ids;
    for (const Sent& sent : sent_) ids.push_back(sent.message.delivery_id);
    return ids;
  }
  std::size_t SentTo(const std::string& party) {
    absl::MutexLock lock(&mutex_);
    return static_cast<std::size_t>(std::count_if(
        sent_.begin(), sent_.end(), [&](const Sent& sent) { return sent.party == party; }));
  }

 private:
  static connectors::Outcome Stopped() {
    return {.kind = connectors::Outcome::Kind::kRetry, .text = "stopped", .retry_after = {}};
  }

  absl::Mutex mutex_;
  std::map<std::string, Script> scripts_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, absl::AnyInvocable<void(connectors::Outcome)>> waiting_
      ABSL_GUARDED_BY(mutex_);
  std::vector<Sent> sent_ ABSL_GUARDED_BY(mutex_);
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
};

// Everything may leave unless the test says otherwise.
class ScriptedRenderer final : public Renderer {
 public:
  using Decision = std::function<absl::StatusOr<Rendering>(const v1::Delivery&)>;
  void Decide(const std::string& delivery_id, Decision decision) {
    absl::MutexLock lock(&mutex_);
    decisions_[delivery_id] = std::move(decision);
  }
  void SetMaxInFlight(std::size_t n) {
    absl::MutexLock lock(&mutex_);
    max_in_flight_ = n;
  }

  absl::StatusOr<Rendering> Render(const v1::Delivery& delivery, Timestamp) override {
    absl::MutexLock lock(&mutex_);
    const auto decision = decisions_.find(delivery.id());
    return decision == decisions_.end() ? Allow(delivery) : decision->second(delivery);
  }
  std::size_t MaxInFlight(const std::string&) override {
    absl::MutexLock lock(&mutex_);
    return max_in_flight_;
  }

  static Rendering Allow(const v1::Delivery& delivery) {
    Ready ready;
    ready.connector = "fake";
    ready.target.party = delivery.recipient();
    ready.operation = "$process-message";
    ready.body = "{}";
    v1::ResourceName& name = ready.carried.resources.emplace_back();
    name.set_type("Encounter");
    name.set_id("e1");
    name.set_version(1);
    return ready;
  }

 private:
  absl::Mutex mutex_;
  std::map<std::string, Decision> decisions_ ABSL_GUARDED_BY(mutex_);
  std::size_t max_in_flight_ ABSL_GUARDED_BY(mutex_) = 8;
};

}  // namespace handoff::delivery::testing
