#include "connectors/curl/http_sender.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include <curl/curl.h>

#include "connectors/curl/outcome.h"

namespace handoff::connectors {
namespace {

using Done = absl::AnyInvocable<void(Outcome)>;

constexpr std::size_t kMaxAnswerBytes = 64 * 1024;
constexpr const char* kStopped = "stopped";
constexpr const char* kQueueFull = "too many attempts under way";

struct EasyDeleter {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct MultiDeleter {
  void operator()(CURLM* handle) const { curl_multi_cleanup(handle); }
};
struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Easy = std::unique_ptr<CURL, EasyDeleter>;
using Multi = std::unique_ptr<CURLM, MultiDeleter>;
using HeaderList = std::unique_ptr<curl_slist, ListDeleter>;

struct Attempt {
  Target target;
  HttpPost post;
  Done done;
};

// An attempt that has left the queue.
struct Transfer {
  Attempt attempt;
  HeaderList headers;
  Easy easy;
  std::size_t answer_bytes = 0;
};

bool HasControl(std::string_view text) {
  return std::any_of(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

const char* Describe(CURLcode code) {
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return "timeout";
    case CURLE_COULDNT_RESOLVE_HOST:
      return "host name not found";
    case CURLE_COULDNT_CONNECT:
      return "cannot connect";
    case CURLE_PEER_FAILED_VERIFICATION:
      return "TLS verification failed";
    case CURLE_SSL_CONNECT_ERROR:
      return "TLS handshake failed";
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
      return "TLS files of the endpoint cannot be used";
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
      return "connection lost";
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
      return "URL of the endpoint cannot be used";
    default:
      return "network error";
  }
}

// Throws the answer away, and gives up reading one that is too long.
std::size_t CountAnswer(char*, std::size_t size, std::size_t n, void* transfer) {
  std::size_t& seen = static_cast<Transfer*>(transfer)->answer_bytes;
  seen += size * n;
  return seen > kMaxAnswerBytes ? 0 : size * n;
}

void SetString(CURL* easy, CURLoption option, const std::string& value) {
  if (!value.empty()) curl_easy_setopt(easy, option, value.c_str());
}

// Everything that is the same for all requests. `easy` is fresh or was reset.
bool SetFixedOptions(CURL* easy) {
  return curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1}) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2}) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &CountAnswer) == CURLE_OK;
}

bool SetRequestOptions(Transfer& transfer) {
  CURL* const easy = transfer.easy.get();
  const Target& target = transfer.attempt.target;
  const HttpPost& post = transfer.attempt.post;
  curl_easy_setopt(easy, CURLOPT_URL, post.url.c_str());
  curl_easy_setopt(easy, CURLOPT_POST, 1L);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(post.body.size()));
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, post.body.data());
  curl_easy_setopt(easy,
                   CURLOPT_TIMEOUT_MS,
                   static_cast<long>(std::max<std::int64_t>(target.timeout.count(), 1)));
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_PRIVATE, &transfer);
  if (!target.ca_file.empty()) {
    // A given CA is the only one trusted: without the second line the system's folder still counts.
    curl_easy_setopt(easy, CURLOPT_CAINFO, target.ca_file.c_str());
    curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
  }
  SetString(easy, CURLOPT_SSLCERT, target.client_cert_file);
  SetString(easy, CURLOPT_SSLKEY, target.client_key_file);
  // No "Expect: 100-continue": it costs a round trip, and peers that do not know it cost a second.
  curl_slist* list = curl_slist_append(nullptr, "Expect:");
  for (const std::string& header : post.headers) {
    if (HasControl(header)) {
      curl_slist_free_all(list);
      return false;
    }
    list = curl_slist_append(list, header.c_str());
  }
  transfer.headers.reset(list);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, list);
  return true;
}

Outcome OutcomeOf(const Transfer& transfer, CURLcode code) {
  long status = 0;
  curl_easy_getinfo(transfer.easy.get(), CURLINFO_RESPONSE_CODE, &status);
  const bool too_long = code == CURLE_WRITE_ERROR && transfer.answer_bytes > kMaxAnswerBytes;
  if (code != CURLE_OK && !too_long) return OutcomeOfFailure(Describe(code));
  curl_off_t wait = 0;  // 0 if the header is absent
  curl_easy_getinfo(transfer.easy.get(), CURLINFO_RETRY_AFTER, &wait);
  const std::optional<std::chrono::seconds> retry_after =
      wait == 0 ? std::nullopt : std::optional(std::chrono::seconds(wait));
  return OutcomeOfStatus(static_cast<int>(status), retry_after);
}

}  // namespace

class HttpSender::Worker {
 public:
  Worker(const HttpSenderOptions& options, Multi multi)
      : options_(options), multi_(std::move(multi)), thread_([this] { Run(); }) {}
  ~Worker() { Stop(); }

  void Post(Attempt attempt) {
    const char* refused = nullptr;
    {
      absl::MutexLock lock(&mutex_);
      if (stopping_) {
        refused = kStopped;
      } else if (admitted_ >= options_.max_queued + options_.max_in_flight) {
        refused = kQueueFull;
      } else {
        ++admitted_;
        waiting_.push_back(std::move(attempt));
      }
    }
    if (refused != nullptr) {
      attempt.done(OutcomeOfFailure(refused));
    } else {
      curl_multi_wakeup(multi_.get());
    }
  }

  void Stop() {
    {
      absl::MutexLock lock(&mutex_);
      stopping_ = true;
    }
    curl_multi_wakeup(multi_.get());
    std::call_once(joined_, [this] { thread_.join(); });
  }

 private:
  void Run() {
    while (TakeUp()) {
      int running = 0;
      curl_multi_perform(multi_.get(), &running);
      const bool finished = Finish();
      // After a finished one another may take its place at once; otherwise a wakeup ends the wait.
      if (!finished) curl_multi_poll(multi_.get(), nullptr, 0, 10'000, nullptr);
    }
    End();
  }

  // Starts what there is room for. False when it is time to stop.
  bool TakeUp() {
    std::deque<Attempt> taken;
    {
      absl::MutexLock lock(&mutex_);
      if (stopping_) return false;
      while (!waiting_.empty() && transfers_.size() + taken.size() < options_.max_in_flight) {
        taken.push_back(std::move(waiting_.front()));
        waiting_.pop_front();
      }
    }
    for (Attempt& attempt : taken) Start(std::move(attempt));
    return true;
  }

  void Start(Attempt attempt) {
    auto transfer = std::make_unique<Transfer>();
    transfer->attempt = std::move(attempt);
    transfer->easy = TakeHandle();
    CURL* const easy = transfer->easy.get();
    if (easy == nullptr || !SetFixedOptions(easy)) {
      Complete(*transfer, OutcomeOfFailure("out of memory"));
    } else if (!SetRequestOptions(*transfer)) {
      Complete(*transfer, OutcomeOfFailure("a header of the request cannot be sent"));
    } else if (curl_multi_add_handle(multi_.get(), easy) != CURLM_OK) {
      Complete(*transfer, OutcomeOfFailure("network error"));
    } else {
      transfers_.emplace(easy, std::move(transfer));
    }
  }

  bool Finish() {
    bool any = false;
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode code = message->data.result;
      const auto found = transfers_.find(message->easy_handle);
      std::unique_ptr<Transfer> transfer = std::move(found->second);
      transfers_.erase(found);
      curl_multi_remove_handle(multi_.get(), transfer->easy.get());
      Outcome outcome = OutcomeOf(*transfer, code);
      PutBack(std::move(transfer->easy));
      Complete(*transfer, std::move(outcome));
      any = true;
    }
    return any;
  }

  void Complete(Transfer& transfer, Outcome outcome) {
    {
      absl::MutexLock lock(&mutex_);
      --admitted_;
    }
    transfer.attempt.done(std::move(outcome));
  }

  void End() {
    for (auto& [easy, transfer] : transfers_) {
      curl_multi_remove_handle(multi_.get(), easy);
      transfer->attempt.done(OutcomeOfFailure(kStopped));
    }
    transfers_.clear();
    std::deque<Attempt> rest;
    {
      absl::MutexLock lock(&mutex_);
      rest.swap(waiting_);
    }
    for (Attempt& attempt : rest) attempt.done(OutcomeOfFailure(kStopped));
  }

  Easy TakeHandle() {
    if (idle_.empty()) return Easy(curl_easy_init());
    Easy easy = std::move(idle_.back());
    idle_.pop_back();
    return easy;
  }

  void PutBack(Easy easy) {
    curl_easy_reset(easy.get());
    idle_.push_back(std::move(easy));
  }

  const HttpSenderOptions options_;

  absl::Mutex mutex_;
  std::deque<Attempt> waiting_ ABSL_GUARDED_BY(mutex_);
  std::size_t admitted_ ABSL_GUARDED_BY(mutex_) = 0;  // waiting or on the wire
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  // The thread's own, but for curl_multi_wakeup, which any thread may call.
  const Multi multi_;
  std::unordered_map<CURL*, std::unique_ptr<Transfer>> transfers_;
  std::vector<Easy> idle_;

  std::once_flag joined_;
  std::thread thread_;
};

absl::StatusOr<std::unique_ptr<HttpSender>> HttpSender::Create(const HttpSenderOptions& options) {
  if (options.max_in_flight < 1 || options.max_in_flight > 10'000) {
    return absl::InvalidArgumentError("max_in_flight must be 1..10000");
  }
  if (options.max_queued > 1'000'000) {
    return absl::InvalidArgumentError("max_queued must be 0..1000000");
  }
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  Multi multi(started == CURLE_OK ? curl_multi_init() : nullptr);
  if (multi == nullptr) return absl::InternalError("libcurl cannot start");
  curl_multi_setopt(multi.get(), CURLMOPT_MAXCONNECTS, static_cast<long>(options.max_in_flight));
  curl_multi_setopt(multi.get(), CURLMOPT_PIPELINING, long{CURLPIPE_NOTHING});
  return std::unique_ptr<HttpSender>(
      new HttpSender(std::make_unique<Worker>(options, std::move(multi))));
}

HttpSender::HttpSender(std::unique_ptr<Worker> worker) : worker_(std::move(worker)) {}
HttpSender::~HttpSender() = default;

void HttpSender::Post(const Target& target, HttpPost post, absl::AnyInvocable<void(Outcome)> done) {
  post.headers.insert(post.headers.end(), target.headers.begin(), target.headers.end());
  post.headers.push_back("User-Agent: handoff/" HANDOFF_VERSION);
  if (!target.bearer_token.empty()) {
    post.headers.push_back("Authorization: Bearer " + target.bearer_token);
  }
  worker_->Post({.target = target, .post = std::move(post), .done = std::move(done)});
}

void HttpSender::Stop() { worker_->Stop(); }

}  // namespace handoff::connectors
