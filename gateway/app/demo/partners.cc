#include "gateway/app/demo/partners.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <curl/curl.h>
#include <google/protobuf/util/json_util.h>
#include <grpcpp/grpcpp.h>

#include "fhir-mappings/runtime/resource.h"
#include "handoff/v1/exchange.pb.h"

namespace handoff::demo {
namespace {

std::string ToText(const google::protobuf::Message& message) {
  std::string text;
  (void)google::protobuf::util::MessageToJsonString(message, &text);
  return text;
}

// "discharge" of notification-discharge, from the MessageHeader.
std::string EventOf(const fhir::BundleView& bundle) {
  v1::Resource header;
  if (bundle.entries.empty() || !fhir::ParseResource(bundle.entries[0].resource, &header)) {
    return {};
  }
  const std::string& code = header.message_header().event_coding().code();
  constexpr std::string_view kPrefix = "notification-";
  return code.starts_with(kPrefix) ? code.substr(kPrefix.size()) : code;
}

std::string EventName(v1::EventKind kind) {
  std::string name = v1::EventKind_Name(kind).substr(std::string_view("EVENT_KIND_").size());
  std::transform(name.begin(), name.end(), name.begin(), [](char c) {
    return c == '_' ? '-' : static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  });
  return name;
}

template <class Item>
std::string ReferralOf(const Item& item) {
  if constexpr (std::is_same_v<Item, v1::ReferralItem>) {
    return item.referral().id();
  } else {
    return {};
  }
}

std::size_t Collect(char* data, std::size_t size, std::size_t count, void* into) {
  static_cast<std::string*>(into)->append(data, size * count);
  return size * count;
}

}  // namespace

void Mailbox::Put(Message message) {
  absl::MutexLock lock(&mutex_);
  const bool seen = std::any_of(
      messages_.begin(), messages_.end(), [&](const Message& m) { return m.id == message.id; });
  if (seen) {
    ++repeats_;
  } else {
    messages_.push_back(std::move(message));
  }
}

bool Mailbox::WaitFor(std::size_t count, std::chrono::milliseconds timeout) const {
  absl::MutexLock lock(&mutex_);
  const auto there = [this, count]()
                         ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return messages_.size() >= count; };
  return mutex_.AwaitWithTimeout(absl::Condition(&there), absl::FromChrono(timeout));
}

std::vector<Mailbox::Message> Mailbox::messages() const {
  absl::MutexLock lock(&mutex_);
  return messages_;
}

std::size_t Mailbox::repeats() const {
  absl::MutexLock lock(&mutex_);
  return repeats_;
}

absl::StatusOr<std::unique_ptr<FhirPartner>> FhirPartner::Start() {
  std::unique_ptr<FhirPartner> partner(new FhirPartner);
  auto server = http::HttpServer::Start(
      {}, [self = partner.get()](http::Request request, http::Respond respond) {
        self->Handle(request, std::move(respond));
      });
  if (!server.ok()) return server.status();
  partner->server_ = *std::move(server);
  return partner;
}

std::string FhirPartner::url() const {
  return "http://127.0.0.1:" + std::to_string(server_->port()) + "/fhir";
}

void FhirPartner::SetDown(bool down) { down_ = down; }

void FhirPartner::Handle(const http::Request& request, http::Respond respond) {
  std::string encoded;
  fhir::Issues issues;
  std::optional<fhir::BundleView> bundle;
  if (fhir::ReadJson(request.body, {}, &encoded, &issues)) bundle = fhir::ReadBundle(encoded);
  if (down_ || request.path() != "/fhir/$process-message" || !bundle) {
    std::move(respond)(http::Response{down_ ? 503 : 400, "", {}, ""});
    return;
  }
  mailbox_.Put({std::string(bundle->id), EventOf(*bundle), {}, request.body});
  std::move(respond)(http::Response{200, "", {}, ""});
}

void Authorize(const std::string& token, grpc::ClientContext* context) {
  context->AddMetadata("authorization", "Bearer " + token);
}

StreamPartner::StreamPartner(Kind kind, std::string address, std::string token)
    : kind_(kind),
      token_(std::move(token)),
      channel_(grpc::CreateChannel(address, grpc::InsecureChannelCredentials())),
      thread_([this] { Run(); }) {}

StreamPartner::~StreamPartner() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    if (call_ != nullptr) call_->TryCancel();
  }
  thread_.join();
}

bool StreamPartner::stopping() {
  absl::MutexLock lock(&mutex_);
  return stopping_;
}

template <class Item, class Reader>
void StreamPartner::Drain(Reader& reader) {
  Item item;
  while (reader.Read(&item)) {
    resume_ = item.resume_token();
    mailbox_.Put({item.resume_token(), EventName(item.event()), ReferralOf(item), ToText(item)});
  }
}

void StreamPartner::RunInbox(grpc::ClientContext& context) {
  const auto stream = v1::Referrals::NewStub(channel_)->Inbox(&context);
  v1::InboxRequest request;
  request.set_resume_token(resume_);
  stream->Write(request);
  v1::ReferralItem item;
  while (stream->Read(&item)) {
    resume_ = item.resume_token();
    mailbox_.Put({item.resume_token(), EventName(item.event()), ReferralOf(item), ToText(item)});
    v1::InboxRequest handled;
    handled.set_acknowledge(item.resume_token());
    stream->Write(handled);
  }
}

void StreamPartner::Run() {
  while (!stopping()) {
    channel_->WaitForConnected(std::chrono::system_clock::now() + std::chrono::milliseconds(200));
    grpc::ClientContext context;
    Authorize(token_, &context);
    {
      absl::MutexLock lock(&mutex_);
      if (stopping_) return;
      call_ = &context;
    }
    v1::WatchRequest watch;
    watch.set_resume_token(resume_);
    if (kind_ == Kind::kTransitions) {
      const auto reader = v1::Transitions::NewStub(channel_)->Watch(&context, watch);
      Drain<v1::TransitionItem>(*reader);
    } else if (kind_ == Kind::kPlans) {
      const auto reader = v1::CarePlans::NewStub(channel_)->WatchStatus(&context, watch);
      Drain<v1::PlanStatusUpdate>(*reader);
    } else {
      RunInbox(context);
    }
    absl::MutexLock lock(&mutex_);
    call_ = nullptr;
  }
}

absl::StatusOr<HttpAnswer> Post(const std::string& url,
                                const std::string& token,
                                const std::string& body) {
  CURL* curl = curl_easy_init();
  curl_slist* headers = curl_slist_append(nullptr, "Content-Type: application/fhir+json");
  headers = curl_slist_append(headers, ("Authorization: Bearer " + token).c_str());
  headers = curl_slist_append(headers, "Expect:");
  HttpAnswer answer;
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.data());
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &Collect);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer.body);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, 30L);
  curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
  const CURLcode code = curl_easy_perform(curl);
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  curl_slist_free_all(headers);
  curl_easy_cleanup(curl);
  if (code != CURLE_OK) return absl::UnavailableError(curl_easy_strerror(code));
  answer.status = static_cast<int>(status);
  return answer;
}

}  // namespace handoff::demo
