// A partner that is told by webhook and keeps what it is told.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

#include "gateway/http/http_server.h"

namespace handoff::testing {

// Thread safety: all methods may be called concurrently.
class NoticePartner {
 public:
  static absl::StatusOr<std::unique_ptr<NoticePartner>> Start() {
    std::unique_ptr<NoticePartner> partner(new NoticePartner);
    auto server = http::HttpServer::Start(
        {}, [self = partner.get()](http::Request request, http::Respond respond) {
          {
            absl::MutexLock lock(&self->mutex_);
            self->bodies_.push_back(std::move(request.body));
          }
          std::move(respond)(http::Response{204, "", {}, ""});
        });
    if (!server.ok()) return server.status();
    partner->server_ = *std::move(server);
    return partner;
  }

  std::string url() const {
    return "http://127.0.0.1:" + std::to_string(server_->port()) + "/hooks/handoff";
  }

  std::vector<std::string> bodies() const {
    absl::MutexLock lock(&mutex_);
    return bodies_;
  }

 private:
  NoticePartner() = default;

  mutable absl::Mutex mutex_;
  std::vector<std::string> bodies_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<http::HttpServer> server_;
};

}  // namespace handoff::testing
