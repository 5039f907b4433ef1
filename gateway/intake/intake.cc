#include "gateway/intake/intake.h"

#include <atomic>
#include <deque>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

#include "gateway/base/error.h"
#include "gateway/base/log.h"
#include "gateway/care/referral.h"
#include "gateway/care/routes.h"
#include "gateway/intake/move.h"
#include "gateway/intake/pipeline.h"

namespace handoff::intake {
namespace {

// A plan that loses a race this often gives up: the caller is told to repeat. So many that all get
// through where eight senders write about one person without a pause; sixteen were too few.
constexpr int kMaxAttempts = 128;
// Plans waiting to be made again. Beyond it the caller is told to repeat at once.
constexpr std::size_t kMaxWaiting = 4'096;

}  // namespace

// One accepted call, from bytes to answer.
struct Work {
  Submission submission;
  Request request;
  fhir::Issues warnings;
  MessageId id;
  Timestamp received;
  Answer answer;
  int attempt = 0;
};

// Thread safety: all methods may be called concurrently. Plans made again run on one thread of
// their own, since a commit's callback must not block.
class Pipeline : public std::enable_shared_from_this<Pipeline> {
 public:
  explicit Pipeline(std::shared_ptr<const Services> services)
      : services_(std::move(services)), again_([this] { RunAgain(); }) {}

  ~Pipeline() {
    {
      absl::MutexLock lock(&mutex_);
      stopping_ = true;
    }
    again_.join();
  }

  void Accept(Submission submission, Answer answer) {
    auto work = std::make_unique<Work>();
    work->submission = std::move(submission);
    work->answer = std::move(answer);
    work->received = services_->clock->Now();
    work->id = MessageId(MintId('m', ToMicros(work->received)));
    int http_status = 0;
    if (work->submission.interaction != Interaction::kMove && !Read(*work, &http_status)) {
      Plan refusal = Refusal(work->submission.sender,
                             work->id,
                             work->received,
                             work->request.kind,
                             work->submission.content,
                             work->warnings,
                             http_status);
      Commit(std::move(work), std::move(refusal));
      return;
    }
    PlanAndCommit(std::move(work));
  }

 private:
  void PlanAndCommit(std::unique_ptr<Work> work) {
    const std::shared_ptr<store::Snapshot> snapshot = services_->store->GetSnapshot();
    const std::shared_ptr<const Rules> rules = services_->rules();
    absl::StatusOr<Plan> plan = MakeOne(snapshot, *rules, *work);
    if (!plan.ok()) {
      Finish(std::move(work), plan.status());
    } else if (plan->repeat) {
      Count(*work, "repeated");
      Prepare(*work, plan->receipt);
      Finish(std::move(work), std::move(plan->receipt));
    } else {
      Commit(std::move(work), *std::move(plan));
    }
  }

  // As strict as the sender's party is configured. False if the message is refused.
  bool Read(Work& work, int* http_status) const {
    const std::shared_ptr<const Rules> rules = services_->rules();
    const directory::Party* const sender = rules->directory->Find(work.submission.sender);
    fhir::ReadOptions options{services_->limits, {}};
    if (sender != nullptr) options.tolerances = sender->tolerances;
    if (!Decode(work.submission,
                options,
                services_->max_entries,
                &work.request,
                &work.warnings,
                http_status)) {
      return false;
    }
    if (sender == nullptr || !sender->rules) return true;
    *http_status = 422;
    return MeetsRules(
        {.profiles = rules->profiles.get(), .demanded = sender->profiles, .best_practice = false},
        *sender->rules,
        &work.request,
        &work.warnings);
  }

  absl::StatusOr<Plan> MakeOne(const std::shared_ptr<store::Snapshot>& snapshot,
                               const Rules& rules,
                               Work& work) const {
    if (work.submission.interaction == Interaction::kMove) {
      absl::StatusOr<MoveRequest> move =
          DecodeMove(*snapshot, work.submission, services_->limits, work.received);
      if (!move.ok()) return move.status();
      if (move->http_status != 0) {
        return Refusal(work.submission.sender,
                       work.id,
                       work.received,
                       "move",
                       work.submission.content,
                       move->issues,
                       move->http_status);
      }
      work.request = std::move(move->request);
    }
    return MakePlan(snapshot,
                    rules,
                    Arrival{work.submission,
                            work.request,
                            work.warnings,
                            work.id,
                            work.received,
                            services_->base_url});
  }

  static void Prepare(const Work& work, const v1::Receipt& receipt) {
    if (work.submission.prepare) work.submission.prepare(receipt);
  }

  void Commit(std::unique_ptr<Work> work, Plan plan) {
    Prepare(*work, plan.receipt);
    store::Batch batch = std::move(plan.batch);
    auto done =
        [self = shared_from_this(), work = std::move(work), receipt = std::move(plan.receipt)](
            absl::StatusOr<store::Committed> committed) mutable {
          self->Committed(std::move(work), std::move(receipt), committed.status());
        };
    services_->store->Commit(std::move(batch), std::move(done));
  }

  void Committed(std::unique_ptr<Work> work, v1::Receipt receipt, const absl::Status& status) {
    if (status.ok()) {
      Report(*work, receipt);
      Finish(std::move(work), std::move(receipt));
      return;
    }
    if (status.code() != absl::StatusCode::kAborted) {
      Finish(std::move(work), status);
      return;
    }
    services_->metrics->commit_conflicts.Increment();
    if (++work->attempt >= kMaxAttempts || !Enqueue(work)) {
      Finish(std::move(work),
             MakeError(ErrorId::kCommitConflict, "others were faster too often: repeat the call"));
    }
  }

  void Report(const Work& work, const v1::Receipt& receipt) {
    Count(work, receipt.accepted() ? "accepted" : "refused");
    if (receipt.events_size() > 0 && receipt.deliveries() == 0) {
      services_->metrics->messages_untold.Increment();
    }
    const auto elapsed = services_->clock->Now() - work.received;
    services_->metrics->accept_seconds.Observe(std::chrono::duration<double>(elapsed).count());
    for (const int kind : receipt.events()) {
      services_->metrics->Events(std::string(care::KindCode(static_cast<v1::EventKind>(kind))))
          .Increment();
    }
    log::Info(receipt.accepted() ? "message_accepted" : "message_refused",
              {{"message", work.id},
               {"party", work.submission.sender},
               {"surface", work.submission.surface},
               {"status", static_cast<int>(receipt.http_status())},
               {"entries", receipt.entries_size()},
               {"events", receipt.events_size()},
               {"deliveries", static_cast<int>(receipt.deliveries())}});
  }

  void Count(const Work& work, const char* outcome) {
    services_->metrics->Messages(work.submission.surface, outcome).Increment();
  }

  void Finish(std::unique_ptr<Work> work, absl::StatusOr<v1::Receipt> answer) {
    if (!answer.ok()) {
      Count(*work, "failed");
      log::Warning(
          "message_failed",
          {{"message", work->id}, {"party", work->submission.sender}, {"error", answer.status()}});
    }
    std::move(work->answer)(std::move(answer));
  }

  // Moves `work` into the queue; false, and `work` untouched, if it is full or closing.
  bool Enqueue(std::unique_ptr<Work>& work) {
    absl::MutexLock lock(&mutex_);
    if (stopping_ || waiting_.size() >= kMaxWaiting) return false;
    waiting_.push_back(std::move(work));
    return true;
  }

  void RunAgain() {
    const auto ready = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return stopping_ || !waiting_.empty();
    };
    while (true) {
      std::unique_ptr<Work> work;
      {
        absl::MutexLock lock(&mutex_);
        mutex_.Await(absl::Condition(&ready));
        if (waiting_.empty()) return;
        work = std::move(waiting_.front());
        waiting_.pop_front();
      }
      PlanAndCommit(std::move(work));
    }
  }

  const std::shared_ptr<const Services> services_;
  absl::Mutex mutex_;
  std::deque<std::unique_ptr<Work>> waiting_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread again_;
};

Intake::Intake(std::shared_ptr<const Services> services)
    : pipeline_(std::make_shared<Pipeline>(std::move(services))) {}
Intake::~Intake() = default;

void Intake::Accept(Submission submission, Answer answer) {
  pipeline_->Accept(std::move(submission), std::move(answer));
}

}  // namespace handoff::intake
