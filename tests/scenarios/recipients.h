// Those who are told: a practice that is pushed to over HTTP, and a payer that watches a stream.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include <grpcpp/grpcpp.h>

#include "gateway/http/http_server.h"
#include "tests/scenarios/arrivals.h"
#include "tests/scenarios/stays.h"

namespace handoff::scenario {

// Takes POST /fhir/$process-message. One delivery in fifty it takes and then answers 503, as a
// server that falls over at the wrong moment does: it is told again.
class Practice {
 public:
  static absl::StatusOr<std::unique_ptr<Practice>> Start(std::uint16_t port, const Stays& stays);

  std::uint16_t port() const { return server_->port(); }
  const Arrivals& arrivals() const { return arrivals_; }

 private:
  explicit Practice(const Stays& stays) : stays_(stays) {}
  void Handle(const http::Request& request, http::Respond respond);

  const Stays& stays_;
  Arrivals arrivals_{Arrivals::Repeats::kOfTheLast};
  std::atomic<std::uint32_t> calls_{0};
  std::unique_ptr<http::HttpServer> server_;  // last: its thread uses all of the above
};

// Opens Transitions.Watch again whenever it ends: with the token of the last item, and now and then
// with none, as a payer that lost its own notes.
class Payer {
 public:
  Payer(const std::string& address, std::string token, const Stays& stays);
  ~Payer();

  const Arrivals& arrivals() const { return arrivals_; }
  // The stay that the gateway says a message belongs to; empty: it did not arrive.
  std::string TransitionOf(MessageNumber number) const;

 private:
  void Run();
  void Watch(grpc::ClientContext& call, const std::string& resume);

  const std::string token_;
  const Stays& stays_;
  const std::shared_ptr<grpc::Channel> channel_;
  Arrivals arrivals_{Arrivals::Repeats::kOfAny};
  std::string last_;  // resume token, of the thread

  mutable absl::Mutex mutex_;
  std::map<MessageNumber, std::string> transitions_ ABSL_GUARDED_BY(mutex_);
  grpc::ClientContext* call_ ABSL_GUARDED_BY(mutex_) = nullptr;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace handoff::scenario
