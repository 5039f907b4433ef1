#include "gateway/delivery/engine.h"

#include <algorithm>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/node_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "gateway/base/log.h"
#include "gateway/base/status_macros.h"
#include "gateway/delivery/conclusion.h"
#include "gateway/delivery/delivered_referrals.h"
#include "gateway/delivery/hold.h"

namespace handoff::delivery {
namespace {

using std::chrono::milliseconds;

// Heads taken from the store at a time: few enough that building them does not keep others waiting.
constexpr std::size_t kClaimBatch = 64;
// An outcome that the store did not take is offered again after this long.
constexpr milliseconds kRecordAgain = std::chrono::seconds(1);
// The scheduler looks again at least this often, should the machine's clock have been moved.
constexpr milliseconds kLongestSleep = std::chrono::minutes(1);

absl::Duration ToAbsl(milliseconds d) { return absl::Milliseconds(d.count()); }

std::string EventName(v1::EventKind kind) {
  constexpr std::string_view kPrefix = "EVENT_KIND_";
  return v1::EventKind_Name(kind).substr(kPrefix.size());
}

}  // namespace

// A delivery's life here: claimed -> rendered -> sent -> concluded -> recorded. From the claim on
// it stands in attempts_ and takes a place of its recipient's and of the engine's cap, until what
// became of it is on disk. The store and the connectors are never called with mutex_ held: their
// callbacks take it.
class Engine::Core {
 public:
  Core(EngineParts parts, const EngineOptions& options, std::mt19937_64 random)
      : parts_(std::move(parts)),
        options_(options),
        rules_{.backoff = options.backoff, .give_up = options.give_up},
        random_(random),
        scheduler_([this] { Run(); }) {}

  void Wake() {
    absl::MutexLock lock(&mutex_);
    woken_ = true;
  }

  void Stop(milliseconds grace);

 private:
  struct Recipient {
    explicit Recipient(const BreakerOptions& options) : breaker(options) {}
    Breaker breaker;
    std::size_t in_flight = 0;
    bool probe_claimed = false;  // the breaker is open, and the claim being made is its probe
  };
  struct Attempt {
    v1::Delivery delivery;
    bool probe = false;
    Carried carried;
    std::optional<Conclusion> conclusion;
    std::optional<Timestamp> record_again;  // the store did not take the conclusion
    bool claimed_again = false;             // the store leased it again before this attempt left
  };
  using Attempts = absl::node_hash_map<std::string, Attempt>;  // by delivery id

  // Runs on: the scheduler thread.
  void Run();
  void RecordAgain(Timestamp now);
  void RecordUntilDone(absl::Time deadline);
  std::vector<store::Claim> ClaimSome(Timestamp now);
  bool Wants(const std::string& recipient, Timestamp now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool Reserve(const std::string& recipient, Timestamp now);
  void Unreserve(Recipient& recipient) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Begin(v1::Delivery delivery, Timestamp now);
  std::optional<bool> Enter(const v1::Delivery& delivery);
  void Send(const v1::Delivery& delivery, Ready ready, Timestamp now);
  void ConcludeNotSent(const v1::Delivery& delivery, const absl::Status& why, Timestamp now);
  void Sleep();
  std::optional<Timestamp> NextTime(Timestamp now);

  // Runs on: any thread.
  void OnOutcome(const std::string& id, const connectors::Outcome& outcome);
  void ConcludeHere(const std::string& id, Conclusion conclusion);
  void Record(const std::string& id, const Conclusion& conclusion);
  void OnRecorded(const std::string& id, const absl::Status& status);
  bool ClaimedAgain(const std::string& id);
  void GiveBack(const std::string& id);
  void TellBreaker(Attempt& attempt, const connectors::Outcome& outcome, Timestamp now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Recipient& RecipientOf(const std::string& key) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Leave(Attempts::iterator attempt) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Count(const Conclusion& conclusion, Timestamp now);

  bool Interrupted() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return woken_ || stopping_; }
  // All that is left are outcomes that the store did not take.
  bool WokenOrDone() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return woken_ || attempts_.empty();
  }
  bool NothingOutside() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return std::all_of(attempts_.begin(), attempts_.end(), [](const auto& attempt) {
      return attempt.second.record_again.has_value();
    });
  }

  const EngineParts parts_;
  const EngineOptions options_;
  const RetryRules rules_;

  absl::Mutex mutex_;
  std::mt19937_64 random_ ABSL_GUARDED_BY(mutex_);
  Attempts attempts_ ABSL_GUARDED_BY(mutex_);
  std::size_t reserved_ ABSL_GUARDED_BY(mutex_) = 0;  // claims being made, and attempts_
  absl::node_hash_map<std::string, Recipient> recipients_ ABSL_GUARDED_BY(mutex_);
  bool woken_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool cut_ ABSL_GUARDED_BY(mutex_) = false;  // attempts that fail now were cut off by Stop()

  absl::Mutex stop_mutex_;  // held by the one that stops
  std::thread scheduler_;
};

void Engine::Core::Run() {
  while (true) {
    {
      absl::MutexLock lock(&mutex_);
      if (stopping_) return;
      woken_ = false;
    }
    const Timestamp now = parts_.clock.Now();
    RecordAgain(now);
    std::vector<store::Claim> claims = ClaimSome(now);
    for (store::Claim& claim : claims) Begin(std::move(claim.delivery), now);
    if (claims.empty()) Sleep();
  }
}

void Engine::Core::RecordAgain(Timestamp now) {
  std::vector<std::pair<std::string, Conclusion>> ready;
  {
    absl::MutexLock lock(&mutex_);
    for (auto& [id, attempt] : attempts_) {
      if (!attempt.record_again || *attempt.record_again > now) continue;
      attempt.record_again.reset();
      ready.emplace_back(id, *attempt.conclusion);
    }
  }
  for (const auto& [id, conclusion] : ready) Record(id, conclusion);
}

std::vector<store::Claim> Engine::Core::ClaimSome(Timestamp now) {
  std::size_t room = 0;
  {
    absl::MutexLock lock(&mutex_);
    room = options_.max_in_flight - std::min(reserved_, options_.max_in_flight);
  }
  if (room == 0) return {};
  return parts_.store.ClaimDue(
      now, options_.lease, std::min(room, kClaimBatch), [this, now](const std::string& recipient) {
        return Reserve(recipient, now);
      });
}

bool Engine::Core::Wants(const std::string& key, Timestamp now) {
  const Recipient& recipient = RecipientOf(key);
  const std::size_t cap = std::max<std::size_t>(parts_.renderer.MaxInFlight(key), 1);
  return recipient.in_flight < cap && recipient.breaker.Allows(now);
}

bool Engine::Core::Reserve(const std::string& key, Timestamp now) {
  absl::MutexLock lock(&mutex_);
  if (!Wants(key, now)) return false;
  Recipient& recipient = RecipientOf(key);
  recipient.probe_claimed = recipient.breaker.Begin();
  ++recipient.in_flight;
  ++reserved_;
  return true;
}

void Engine::Core::Unreserve(Recipient& recipient) {
  if (std::exchange(recipient.probe_claimed, false)) recipient.breaker.CancelProbe();
  --recipient.in_flight;
  --reserved_;
}

// Puts a claimed delivery into attempts_; returns whether it is its recipient's probe, or nullopt
// if it is not to be attempted.
std::optional<bool> Engine::Core::Enter(const v1::Delivery& delivery) {
  bool stopping = false;
  {
    absl::MutexLock lock(&mutex_);
    Recipient& recipient = RecipientOf(delivery.recipient());
    stopping = stopping_;
    const auto [known, fresh] = attempts_.try_emplace(delivery.id());
    Attempt& attempt = known->second;
    if (fresh && !stopping) {
      attempt.delivery = delivery;
      attempt.probe = std::exchange(recipient.probe_claimed, false);
      return attempt.probe;
    }
    // Its lease ran out before its outcome was recorded, or the retry was due before OnRecorded()
    // heard of it.
    attempt.claimed_again = true;
    if (fresh) attempts_.erase(known);
    Unreserve(recipient);
  }
  if (stopping) parts_.store.Release(delivery.id());
  return std::nullopt;
}

void Engine::Core::Begin(v1::Delivery delivery, Timestamp now) {
  const std::optional<bool> probe = Enter(delivery);
  if (!probe) return;
  if (*probe && TooOld(delivery, rules_, now)) {
    ConcludeHere(delivery.id(), ConcludeGaveUp(delivery, now));
    return;
  }
  absl::StatusOr<Rendering> rendering = parts_.renderer.Render(delivery, now);
  if (!rendering.ok()) {
    ConcludeNotSent(delivery, rendering.status(), now);
  } else if (const Withheld* withheld = std::get_if<Withheld>(&*rendering)) {
    ConcludeHere(delivery.id(), ConcludeWithheld(delivery, *withheld, now));
  } else {
    Send(delivery, std::get<Ready>(*std::move(rendering)), now);
  }
}

void Engine::Core::Send(const v1::Delivery& delivery, Ready ready, Timestamp now) {
  const auto connector = parts_.connectors.find(ready.connector);
  if (connector == parts_.connectors.end()) {
    ConcludeNotSent(delivery, absl::FailedPreconditionError("no connector for this endpoint"), now);
    return;
  }
  {
    absl::MutexLock lock(&mutex_);
    attempts_.at(delivery.id()).carried = std::move(ready.carried);
  }
  connectors::Outbound message{.delivery_id = delivery.id(),
                               .message_id = delivery.event().message_id(),
                               .event = EventName(delivery.event().kind()),
                               .operation = std::move(ready.operation),
                               .body = std::move(ready.body),
                               .attempt = delivery.attempts() + 1};
  connector->second->Send(
      ready.target,
      std::move(message),
      [this, id = delivery.id()](const connectors::Outcome& outcome) { OnOutcome(id, outcome); });
}

void Engine::Core::ConcludeNotSent(const v1::Delivery& delivery,
                                   const absl::Status& why,
                                   Timestamp now) {
  log::Warning("delivery.not_sent",
               {{"party", PartyKey(delivery.recipient())},
                {"delivery", log::Safe(delivery.id())},
                {"error", why}});
  std::optional<Conclusion> conclusion;
  {
    absl::MutexLock lock(&mutex_);
    conclusion = ConcludeUnsent(delivery, why, rules_, now, random_);
  }
  ConcludeHere(delivery.id(), *std::move(conclusion));
}

// Without a word from the recipient.
void Engine::Core::ConcludeHere(const std::string& id, Conclusion conclusion) {
  {
    absl::MutexLock lock(&mutex_);
    Attempt& attempt = attempts_.at(id);
    if (std::exchange(attempt.probe, false)) {
      RecipientOf(attempt.delivery.recipient()).breaker.CancelProbe();
    }
    attempt.conclusion = conclusion;
  }
  Record(id, conclusion);
}

void Engine::Core::OnOutcome(const std::string& id, const connectors::Outcome& outcome) {
  const Timestamp now = parts_.clock.Now();
  const bool failed = outcome.kind == connectors::Outcome::Kind::kRetry;
  std::optional<Conclusion> conclusion;
  {
    absl::MutexLock lock(&mutex_);
    Attempt& attempt = attempts_.at(id);
    if (!(cut_ && failed)) {
      TellBreaker(attempt, outcome, now);
      conclusion = Conclude(attempt.delivery, outcome, attempt.carried, rules_, now, random_);
      attempt.conclusion = conclusion;
      if (conclusion->result == Result::kDelivered && ConcernsReferral(attempt.delivery)) {
        // It takes a read, for which the connector's thread must not wait.
        attempt.record_again = now;
        woken_ = true;
        return;
      }
    }
  }
  if (conclusion) {
    Record(id, *conclusion);
  } else {
    GiveBack(id);
  }
}

void Engine::Core::Record(const std::string& id, const Conclusion& conclusion) {
  store::Batch batch = BatchOf(conclusion);
  if (conclusion.result == Result::kDelivered) {
    const absl::Status status =
        AddDeliveredReferrals(parts_.store, {&conclusion.delivery, 1}, parts_.clock.Now(), &batch);
    if (!status.ok()) return OnRecorded(id, status);
  }
  if (conclusion.result == Result::kHeld) {
    const absl::StatusOr<bool> held = CommitWhileHeld(parts_.store, conclusion.delivery, &batch);
    if (!held.ok()) return OnRecorded(id, held.status());
    if (!*held) return GiveBack(id);
  }
  parts_.store.Commit(std::move(batch), [this, id](const absl::StatusOr<store::Committed>& done) {
    OnRecorded(id, done.status());
  });
}

void Engine::Core::OnRecorded(const std::string& id, const absl::Status& status) {
  const Timestamp now = parts_.clock.Now();
  if (!status.ok()) {
    // A referral or person that changed in between is read again at once.
    const bool moved = absl::IsAborted(status);
    if (!moved) {
      log::Warning("delivery.not_recorded", {{"delivery", log::Safe(id)}, {"error", status}});
    }
    absl::MutexLock lock(&mutex_);
    attempts_.at(id).record_again = moved ? now : now + kRecordAgain;
    woken_ = true;
    return;
  }
  std::optional<Conclusion> conclusion;
  {
    absl::MutexLock lock(&mutex_);
    conclusion = std::move(attempts_.at(id).conclusion);
  }
  Count(*conclusion, now);
  while (ClaimedAgain(id)) parts_.store.Release(id);
}

// True if the store has leased the delivery anew: nobody but this attempt can end that lease.
// False, and the attempt is gone; then nothing may be touched, since Stop() may have waited for it.
bool Engine::Core::ClaimedAgain(const std::string& id) {
  absl::MutexLock lock(&mutex_);
  const auto attempt = attempts_.find(id);
  if (std::exchange(attempt->second.claimed_again, false)) return true;
  Leave(attempt);
  return false;
}

// As if it had not been claimed: it stays at the head of its lane, due.
void Engine::Core::GiveBack(const std::string& id) {
  parts_.store.Release(id);
  absl::MutexLock lock(&mutex_);
  Leave(attempts_.find(id));
}

void Engine::Core::Leave(Attempts::iterator attempt) {
  --RecipientOf(attempt->second.delivery.recipient()).in_flight;
  --reserved_;
  attempts_.erase(attempt);
  woken_ = true;
}

void Engine::Core::TellBreaker(Attempt& attempt,
                               const connectors::Outcome& outcome,
                               Timestamp now) {
  Breaker& breaker = RecipientOf(attempt.delivery.recipient()).breaker;
  const bool probe = std::exchange(attempt.probe, false);
  const PartyKey party(attempt.delivery.recipient());
  if (outcome.kind != connectors::Outcome::Kind::kRetry) {
    if (breaker.OnSuccess()) log::Info("delivery.breaker_closed", {{"party", party}});
  } else if (breaker.OnFailure(now, probe, outcome.retry_after)) {
    log::Warning("delivery.breaker_opened", {{"party", party}});
  }
}

Engine::Core::Recipient& Engine::Core::RecipientOf(const std::string& key) {
  return recipients_.try_emplace(key, options_.breaker).first->second;
}

void Engine::Core::Count(const Conclusion& conclusion, Timestamp now) {
  const v1::Delivery& delivery = conclusion.delivery;
  parts_.metrics.Deliveries(delivery.recipient(), Name(conclusion.result)).Increment();
  if (conclusion.result == Result::kDelivered) {
    const std::chrono::duration<double> took = now - FromMicros(delivery.created_us());
    parts_.metrics.delivery_seconds.Observe(took.count());
  }
  const bool dead = delivery.state() == v1::DELIVERY_STATE_DEAD;
  log::Write(dead ? log::Level::kWarning : log::Level::kDebug,
             "delivery.attempted",
             {{"party", PartyKey(delivery.recipient())},
              {"message", MessageId(delivery.event().message_id())},
              {"delivery", log::Safe(delivery.id())},
              {"result", Name(conclusion.result)},
              {"attempts", delivery.attempts()},
              {"error", log::Safe(delivery.last_error())}});
}

void Engine::Core::Sleep() {
  const Timestamp now = parts_.clock.Now();
  const std::optional<Timestamp> next = NextTime(now);
  milliseconds wait = kLongestSleep;
  if (next) {
    // A millisecond at least, so that a lane that is due but cannot be claimed yet is no busy loop.
    wait = std::clamp(std::chrono::ceil<milliseconds>(*next - now), milliseconds(1), wait);
  }
  absl::MutexLock lock(&mutex_);
  mutex_.AwaitWithTimeout(absl::Condition(this, &Core::Interrupted), ToAbsl(wait));
}

// When there may be something to do, unless woken.
std::optional<Timestamp> Engine::Core::NextTime(Timestamp now) {
  std::optional<Timestamp> next;
  const auto at = [&next](std::optional<Timestamp> t) {
    if (t && (!next || *t < *next)) next = t;
  };
  bool full = false;
  {
    absl::MutexLock lock(&mutex_);
    full = reserved_ >= options_.max_in_flight;
    for (const auto& [id, attempt] : attempts_) at(attempt.record_again);
    for (const auto& [key, recipient] : recipients_) {
      const std::optional<Timestamp> probe = recipient.breaker.ProbeAt();
      if (probe && *probe > now) at(probe);
    }
  }
  if (full) return next;  // the end of an attempt wakes
  at(parts_.store.NextDue([this, now](const std::string& key) {
    absl::MutexLock lock(&mutex_);
    return Wants(key, now);
  }));
  return next;
}

// What the scheduler would record if it still ran.
void Engine::Core::RecordUntilDone(absl::Time deadline) {
  while (true) {
    {
      absl::MutexLock lock(&mutex_);
      woken_ = false;
    }
    RecordAgain(parts_.clock.Now());
    absl::MutexLock lock(&mutex_);
    if (!woken_ && NothingOutside()) return;  // what is left the store does not take
    if (!mutex_.AwaitWithTimeout(absl::Condition(this, &Core::WokenOrDone), deadline - absl::Now()))
      return;
  }
}

void Engine::Core::Stop(milliseconds grace) {
  absl::MutexLock one(&stop_mutex_);
  if (!scheduler_.joinable()) return;
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  scheduler_.join();
  RecordUntilDone(absl::Now() + ToAbsl(grace));
  {
    absl::MutexLock lock(&mutex_);
    cut_ = true;
  }
  for (const auto& [kind, connector] : parts_.connectors) connector->Stop();
  RecordAgain(parts_.clock.Now());
  std::vector<std::string> unrecorded;
  {
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(this, &Core::NothingOutside));
    for (const auto& [id, attempt] : attempts_) unrecorded.push_back(id);
  }
  for (const std::string& id : unrecorded) GiveBack(id);
}

Engine::Engine(EngineParts parts, const EngineOptions& options, std::mt19937_64 random)
    : core_(std::make_unique<Core>(std::move(parts), options, random)) {}

Engine::~Engine() { Stop(std::chrono::milliseconds(0)); }

void Engine::Wake() { core_->Wake(); }

void Engine::Stop(std::chrono::milliseconds grace) { core_->Stop(grace); }

}  // namespace handoff::delivery
