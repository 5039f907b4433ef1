#include "tests/scenarios/recipients.h"

#include <optional>
#include <utility>

#include "fhir-mappings/runtime/resource.h"
#include "gateway/app/demo/partners.h"
#include "handoff/v1/services.grpc.pb.h"

namespace handoff::scenario {
namespace {

constexpr std::uint32_t kFallsOverEvery = 50;
constexpr int kForgetsEvery = 5;

std::optional<Notice> ReadNotice(const Stays& stays, const std::string& json) {
  std::string encoded;
  fhir::Issues issues;
  v1::Resource resource;
  if (!fhir::ReadJson(json, {}, &encoded, &issues) || !resource.ParseFromString(encoded))
    return std::nullopt;
  return stays.Read(resource.bundle());
}

// The gateway is away for a moment in every round: do not wait long before the next attempt.
std::shared_ptr<grpc::Channel> OpenChannel(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 20);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 50);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Practice>> Practice::Start(std::uint16_t port, const Stays& stays) {
  std::unique_ptr<Practice> practice(new Practice(stays));
  http::HttpServerOptions options;
  options.port = port;
  auto server = http::HttpServer::Start(
      options, [self = practice.get()](http::Request request, http::Respond respond) {
        self->Handle(request, std::move(respond));
      });
  if (!server.ok()) return server.status();
  practice->server_ = *std::move(server);
  return practice;
}

void Practice::Handle(const http::Request& request, http::Respond respond) {
  const std::optional<Notice> notice =
      request.path() == "/fhir/$process-message" ? ReadNotice(stays_, request.body) : std::nullopt;
  if (notice) {
    arrivals_.Put(*notice);
  } else {
    arrivals_.PutUnreadable();
  }
  const bool falls_over = ++calls_ % kFallsOverEvery == 0;
  std::move(respond)(http::Response{falls_over ? 503 : 200, "", {}, ""});
}

Payer::Payer(const std::string& address, std::string token, const Stays& stays)
    : token_(std::move(token)),
      stays_(stays),
      channel_(OpenChannel(address)),
      thread_([this] { Run(); }) {}

Payer::~Payer() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    if (call_ != nullptr) call_->TryCancel();
  }
  thread_.join();
}

std::string Payer::TransitionOf(MessageNumber number) const {
  absl::MutexLock lock(&mutex_);
  const auto found = transitions_.find(number);
  return found == transitions_.end() ? std::string() : found->second;
}

void Payer::Run() {
  for (int opened = 1;; ++opened) {
    channel_->WaitForConnected(std::chrono::system_clock::now() + std::chrono::milliseconds(200));
    grpc::ClientContext call;
    demo::Authorize(token_, &call);
    {
      absl::MutexLock lock(&mutex_);
      if (stopping_) return;
      call_ = &call;
    }
    Watch(call, opened % kForgetsEvery == 0 ? std::string() : last_);
    absl::MutexLock lock(&mutex_);
    call_ = nullptr;
  }
}

void Payer::Watch(grpc::ClientContext& call, const std::string& resume) {
  v1::WatchRequest request;
  request.set_resume_token(resume);
  const auto reader = v1::Transitions::NewStub(channel_)->Watch(&call, request);
  v1::TransitionItem item;
  while (reader->Read(&item)) {
    const std::optional<Notice> notice = stays_.Read(item.bundle());
    last_ = item.resume_token();
    if (!notice) {
      arrivals_.PutUnreadable();
      continue;
    }
    {
      absl::MutexLock lock(&mutex_);
      transitions_[notice->number] = item.transition().id();
    }
    arrivals_.Put(*notice);
  }
}

}  // namespace handoff::scenario
