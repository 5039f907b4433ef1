// The other side of the demo network, talking to the gateway as anyone would: HTTP, gRPC, a bearer
// token.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

#include "gateway/http/http_server.h"
#include "handoff/v1/services.grpc.pb.h"

namespace handoff::demo {

// What one partner got, in order, each message once: a repeat under the same id is counted, not
// kept.
//
// Thread safety: all methods may be called concurrently.
class Mailbox {
 public:
  struct Message {
    std::string id;
    std::string event;        // "discharge", from MessageHeader or the stream
    std::string referral_id;  // of an inbox item
    std::string text;         // everything that arrived, as JSON
  };

  void Put(Message message);
  // True once `count` messages are there.
  bool WaitFor(std::size_t count, std::chrono::milliseconds timeout) const;
  std::vector<Message> messages() const;
  std::size_t repeats() const;

 private:
  mutable absl::Mutex mutex_;
  std::vector<Message> messages_ ABSL_GUARDED_BY(mutex_);
  std::size_t repeats_ ABSL_GUARDED_BY(mutex_) = 0;
};

// A partner with a FHIR server of its own: takes POST .../$process-message. While it is down it
// answers 503.
class FhirPartner {
 public:
  static absl::StatusOr<std::unique_ptr<FhirPartner>> Start();

  std::string url() const;
  void SetDown(bool down);
  Mailbox& mailbox() { return mailbox_; }

 private:
  FhirPartner() = default;
  void Handle(const http::Request& request, http::Respond respond);

  std::atomic<bool> down_{false};
  Mailbox mailbox_;
  std::unique_ptr<http::HttpServer> server_;
};

// A partner that pulls over gRPC: reconnects with its last resume token whenever the gateway goes
// away.
class StreamPartner {
 public:
  enum class Kind { kTransitions, kPlans, kReferrals };

  StreamPartner(Kind kind, std::string address, std::string token);
  ~StreamPartner();

  Mailbox& mailbox() { return mailbox_; }

 private:
  void Run();
  template <class Item, class Reader>
  void Drain(Reader& reader);
  void RunInbox(grpc::ClientContext& context);
  bool stopping();

  const Kind kind_;
  const std::string token_;
  const std::shared_ptr<grpc::Channel> channel_;
  Mailbox mailbox_;

  absl::Mutex mutex_;
  grpc::ClientContext* call_ ABSL_GUARDED_BY(mutex_) = nullptr;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::string resume_;  // of the thread
  std::thread thread_;
};

// A bearer token in the metadata of one call.
void Authorize(const std::string& token, grpc::ClientContext* context);

struct HttpAnswer {
  int status = 0;
  std::string body;
};

// Errors: kUnavailable if there is no answer.
absl::StatusOr<HttpAnswer> Post(const std::string& url,
                                const std::string& token,
                                const std::string& body);

}  // namespace handoff::demo
