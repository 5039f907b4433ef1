// What the services share, and how one call is authenticated, run and ended.
#pragma once

#include <exception>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "gateway/base/error.h"
#include "gateway/base/ids.h"
#include "gateway/base/worker_pool.h"
#include "gateway/rpc/acknowledger.h"
#include "gateway/rpc/resume_token.h"
#include "gateway/rpc/server.h"
#include "gateway/rpc/stream_hub.h"
#include "gateway/rpc/stream_pump.h"
#include "gateway/rpc/withheld_recorder.h"

namespace handoff::rpc {

// One method of a service, and what a token must allow for it: an interaction letter of SMART v2
// (c, r, u, d, s) on a resource type; null if no scope is asked for.
struct Method {
  const char* name;  // for metrics and logs: "Referrals.Get"
  const char* type;
  char interaction;
};

// Thread safety: all methods may be called concurrently.
class Context {
 public:
  Context(const ServerOptions& options, ServerParts parts);

  // The party whose token came with the call. A stream asks again for each item: it ends with the
  // token, or when the client is taken from the directory.
  //
  // Errors: kUnauthenticated; kPermissionDenied if no scope of the token allows `method`.
  absl::StatusOr<PartyKey> Authenticate(const grpc::CallbackServerContext& call,
                                        const Method& method) const;

  // Counts the call, logs what is our fault, and makes what the client is told.
  grpc::Status End(grpc::CallbackServerContext& call,
                   const Method& method,
                   const absl::Status& status) const;

  // Opens the pump of `party`'s stream of `topic`.
  absl::StatusOr<std::shared_ptr<StreamPump>> OpenPump(const PartyKey& party,
                                                       std::string_view topic,
                                                       StreamSink& sink);

  store::Store& store() { return parts_.store; }
  intake::Intake& intake() { return parts_.intake; }
  const access::Reader& reader() const { return parts_.reader; }
  absl::StatusOr<Rendered> Compose(const v1::Delivery& delivery, store::Snapshot& snapshot) const {
    return parts_.compose(delivery, snapshot);
  }
  std::shared_ptr<const directory::Directory> directory() const { return parts_.directory(); }
  delivery::DeadLetters& dead_letters() { return parts_.dead_letters; }
  intake::HeldPersons& held_persons() { return parts_.held_persons; }
  const Clock& clock() const { return parts_.clock; }
  const std::string& version() const { return version_; }
  Timestamp started() const { return started_; }
  const ResumeTokens& tokens() const { return tokens_; }
  WorkerPool& pool() { return pool_; }
  StreamHub& hub() { return hub_; }
  Acknowledger& acknowledger() { return acknowledger_; }

 private:
  const ServerParts parts_;
  const std::string version_;
  const Timestamp started_;
  const StreamPumpOptions pump_options_;
  const ResumeTokens tokens_;

  // In the order in which they need each other.
  StreamHub hub_;
  WithheldRecorder withheld_;
  WorkerPool pool_;
  StreamRounds rounds_;
  Acknowledger acknowledger_;
};

// Runs `work` and turns what it throws into a Status.
template <class Work>
absl::Status Guarded(Work& work) noexcept {
  try {
    return work();
  } catch (const std::exception& e) {
    return MakeError(ErrorId::kInternal, "the gateway failed", e.what());
  }
}

// Answers a unary call from a thread of the pool: `work(party)` fills the response. `method` is
// static.
template <class Work>
grpc::ServerUnaryReactor* AnswerOnPool(Context& context,
                                       grpc::CallbackServerContext* call,
                                       const Method& method,
                                       Work work) {
  grpc::ServerUnaryReactor* const reactor = call->DefaultReactor();
  absl::StatusOr<PartyKey> party = context.Authenticate(*call, method);
  if (!party.ok()) {
    reactor->Finish(context.End(*call, method, party.status()));
    return reactor;
  }
  const bool taken = context.pool().Submit(
      [&context, call, &method, reactor, party = *std::move(party), work = std::move(work)] {
        auto run = [&] { return work(party); };
        reactor->Finish(context.End(*call, method, Guarded(run)));
      });
  if (!taken) {
    reactor->Finish(context.End(
        *call, method, MakeError(ErrorId::kTooMany, "too many calls wait for an answer")));
  }
  return reactor;
}

}  // namespace handoff::rpc
