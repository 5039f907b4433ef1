#include "gateway/rpc/submit_stream.h"

#include <utility>

#include "gateway/base/error.h"
#include "gateway/rpc/submission.h"

namespace handoff::rpc {

SubmitStream* SubmitStream::Start(Context& context,
                                  grpc::CallbackServerContext* call,
                                  const Method& method) {
  std::shared_ptr<SubmitStream> stream(new SubmitStream(context, call, method));
  stream->self_ = stream;
  stream->Open();
  return stream.get();
}

SubmitStream::SubmitStream(Context& context,
                           grpc::CallbackServerContext* call,
                           const Method& method)
    : context_(context), call_(call), method_(method) {}

void SubmitStream::Open() {
  absl::StatusOr<PartyKey> party = context_.Authenticate(*call_, method_);
  absl::Status status = party.status();
  if (status.ok()) {
    party_ = *std::move(party);
    auto registration = context_.hub().Open(party_, "", weak_from_this());
    status = registration.status();
    if (status.ok()) registration_ = *std::move(registration);
  }
  if (!status.ok()) {
    absl::MutexLock lock(&mutex_);
    Stop(std::move(status));
  }
  Advance();
}

void SubmitStream::OnReadDone(bool ok) {
  std::uint64_t number = 0;
  bool accept = false;
  {
    absl::MutexLock lock(&mutex_);
    if (!ok) {
      read_all_ = true;
    } else if (!read_all_) {
      accept = true;
      number = first_ + answers_.size();
      answers_.emplace_back();
      ++unanswered_;
    }
  }
  if (accept) Accept(number);
  {
    absl::MutexLock lock(&mutex_);
    reading_ = false;
  }
  Advance();
}

void SubmitStream::Accept(std::uint64_t number) {
  if (const auto party = context_.Authenticate(*call_, method_); !party.ok())
    return Answered(number, party.status());
  absl::StatusOr<intake::Submission> submission = ToSubmission(party_, request_);
  if (!submission.ok()) return Answered(number, submission.status());
  // The answer may come on the committer's thread, which must not be kept: writing goes on in the
  // pool.
  context_.intake().Accept(
      *std::move(submission),
      [self = shared_from_this(), number](absl::StatusOr<v1::Receipt> receipt) {
        self->context_.pool().Continue([self, number, receipt = std::move(receipt)]() mutable {
          self->Answered(number, std::move(receipt));
        });
      });
}

void SubmitStream::Answered(std::uint64_t number, absl::StatusOr<v1::Receipt> receipt) {
  {
    absl::MutexLock lock(&mutex_);
    answers_[number - first_] = std::move(receipt);
    --unanswered_;
  }
  Advance();
}

void SubmitStream::OnWriteDone(bool ok) {
  {
    absl::MutexLock lock(&mutex_);
    writing_ = false;
    if (!ok) {
      cut_off_ = true;
      Stop(absl::CancelledError("the client is gone"));
    }
  }
  Advance();
}

void SubmitStream::OnShutdown() {
  {
    absl::MutexLock lock(&mutex_);
    Stop(MakeError(ErrorId::kUnavailable, "the gateway is shutting down; send the rest later"));
  }
  Advance();
}

void SubmitStream::Stop(absl::Status status) {
  read_all_ = true;
  if (status_.ok()) status_ = std::move(status);
}

void SubmitStream::Advance() {
  // gRPC never reacts within the call that starts an operation, so the lock may be held over it;
  // that keeps operations from starting after Finish().
  absl::MutexLock lock(&mutex_);
  if (ended_) return;
  if (!writing_ && !cut_off_ && !answers_.empty() && answers_.front().has_value()) Write();
  const bool all_written = answers_.empty() || (cut_off_ && unanswered_ == 0);
  if (read_all_ && all_written && !writing_) {
    ended_ = true;
    registration_.reset();
    Finish(context_.End(*call_, method_, status_));
  } else if (!read_all_ && !reading_ && unanswered_ == 0 && answers_.size() < kMaxUnwritten) {
    reading_ = true;
    StartRead(&request_);
  }
}

void SubmitStream::Write() {
  absl::StatusOr<v1::Receipt>& answer = *answers_.front();
  if (!answer.ok()) {
    cut_off_ = true;
    Stop(answer.status());
    return;
  }
  receipt_ = *std::move(answer);
  answers_.pop_front();
  ++first_;
  writing_ = true;
  StartWrite(&receipt_);
}

void SubmitStream::OnDone() { self_.reset(); }

}  // namespace handoff::rpc
