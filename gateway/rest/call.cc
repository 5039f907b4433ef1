#include "gateway/rest/call.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "gateway/base/error.h"
#include "gateway/base/log.h"

namespace handoff::rest {
namespace {

constexpr std::size_t kMaxRequestIdLength = 64;

// The peer's own id if it is one that can be repeated as it is, or one of ours.
std::string RequestIdOf(const http::Headers& headers, const Clock& clock) {
  const std::string_view given = headers.Get("X-Request-Id");
  const bool safe = !given.empty() && given.size() <= kMaxRequestIdLength &&
                    std::all_of(given.begin(), given.end(), [](char c) {
                      return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                             (c >= 'a' && c <= 'z') || c == '-' || c == '_' || c == '.';
                    });
  return safe ? std::string(given) : MintId('q', ToMicros(clock.Now()));
}

bool IsOurFault(const absl::Status& status) {
  const int http = ErrorOf(status).http;
  return http == 500 || http == 503;
}

}  // namespace

Call::Call(std::shared_ptr<const Shared> shared,
           http::Request incoming,
           absl::AnyInvocable<void(http::Response)> respond)
    : request(std::move(incoming)),
      shared_(std::move(shared)),
      respond_(std::move(respond)),
      request_id_(RequestIdOf(request.headers, shared_->parts.clock)) {}

void Call::Answer(http::Response response) {
  if (answered_) return;
  answered_ = true;
  response.headers.emplace_back("X-Request-Id", request_id_);
  if (!message_id.empty()) response.headers.emplace_back("Handoff-Message-Id", message_id);
  shared_->parts.metrics.Requests("rest", operation, response.status).Increment();
  respond_(std::move(response));
}

void Call::Fail(const Failure& failure) {
  if (IsOurFault(failure.status)) {
    log::Error("rest_failed",
               {{"operation", operation}, {"party", party}, {"status", failure.status}});
  }
  Answer(FailureResponse(failure, preferences.pretty));
}

void RunStep(Call& call, absl::FunctionRef<void()> step) {
  try {
    step();
  } catch (const std::exception& e) {
    call.Fail(MakeError(ErrorId::kInternal, "the gateway failed", e.what()));
  }
}

}  // namespace handoff::rest
