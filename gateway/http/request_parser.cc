#include "gateway/http/request_parser.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include <boost/asio/buffer.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

namespace handoff::http {

namespace {

namespace beast_http = boost::beast::http;
using boost::beast::string_view;
using ErrorCode = boost::beast::error_code;

// A peer that announces a large body gets no more memory than this before it has sent some.
constexpr std::uint64_t kMaxBodyReserve = 1 << 20;

std::string_view View(string_view s) { return {s.data(), s.size()}; }

bool SameToken(std::string_view a, const char* b) {
  return absl::EqualsIgnoreCase(absl::string_view(a.data(), a.size()), b);
}

Verb ToVerb(beast_http::verb verb) {
  switch (verb) {
    case beast_http::verb::get:
      return Verb::kGet;
    case beast_http::verb::head:
      return Verb::kHead;
    case beast_http::verb::post:
      return Verb::kPost;
    case beast_http::verb::put:
      return Verb::kPut;
    case beast_http::verb::patch:
      return Verb::kPatch;
    case beast_http::verb::delete_:
      return Verb::kDelete;
    case beast_http::verb::options:
      return Verb::kOptions;
    default:
      return Verb::kOther;
  }
}

// RFC 9112 3.2.2: a server takes the absolute form too. Empty if it is neither that, nor a path,
// nor "*".
std::string_view OriginForm(std::string_view target) {
  if (target == "*" || target.starts_with('/')) return target;
  const std::size_t scheme = target.find("://");
  if (scheme == std::string_view::npos) return {};
  if (!SameToken(target.substr(0, scheme), "http") &&
      !SameToken(target.substr(0, scheme), "https")) {
    return {};
  }
  const std::size_t path = target.find_first_of("/?", scheme + 3);
  if (path == std::string_view::npos) return "/";
  return target[path] == '/' ? target.substr(path) : std::string_view();
}

struct Refusal {
  int status = 0;
  std::string_view reason;
};

constexpr Refusal kMalformed{400, "the request is malformed"};
constexpr Refusal kHeaderTooLarge{431, "the header fields are too large"};

Refusal RefusalFor(const ErrorCode& error) {
  if (error == beast_http::error::header_limit) return kHeaderTooLarge;
  if (error == beast_http::error::body_limit) return {413, "the body is too large"};
  if (error == beast_http::error::bad_version)
    return {505, "only HTTP/1.0 and HTTP/1.1 are served"};
  return kMalformed;
}

}  // namespace

class RequestParser::Beast {
 public:
  Beast(std::size_t max_header_bytes, std::size_t max_body_bytes)
      : max_header_bytes_(max_header_bytes), max_body_bytes_(max_body_bytes) {
    Reset();
  }

  void Reset() { message_.emplace(*this); }

  std::size_t Put(std::string_view data);

 private:
  friend class RequestParser;

  // One request. Beast's parsers are made for one message each.
  class Message final : public beast_http::basic_parser<true> {
   public:
    explicit Message(const Beast& limits) : max_header_bytes_(limits.max_header_bytes_) {
      eager(true);
      header_limit(static_cast<std::uint32_t>(limits.max_header_bytes_));
      body_limit(limits.max_body_bytes_);
    }

    void on_request_impl(beast_http::verb verb,
                         string_view method,
                         string_view target,
                         int version,
                         ErrorCode& error) override;
    void on_response_impl(int, string_view, int, ErrorCode&) override {}
    void on_field_impl(beast_http::field field,
                       string_view name,
                       string_view value,
                       ErrorCode& error) override;
    void on_header_impl(ErrorCode& error) override;
    void on_body_init_impl(const boost::optional<std::uint64_t>& length, ErrorCode&) override;
    std::size_t on_body_impl(string_view body, ErrorCode&) override;
    void on_chunk_header_impl(std::uint64_t, string_view, ErrorCode&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, string_view body, ErrorCode& error) override {
      return on_body_impl(body, error);
    }
    void on_finish_impl(ErrorCode&) override {}

    // Padding between name and value is seen by no callback: counts what Beast took for fields that
    // go on. False when that is too much.
    bool CountPartialHeader(std::size_t taken) {
      if (is_header_done() || refusal.status != 0) return true;
      partial_header_bytes_ += taken;
      if (partial_header_bytes_ <= max_header_bytes_) return true;
      refusal = kHeaderTooLarge;
      return false;
    }

    Request request;
    Refusal refusal;
    int version = 11;
    bool continue_expected = false;

   private:
    void Refuse(Refusal why, ErrorCode& error) {
      refusal = why;
      error = beast_http::error::bad_value;
    }

    const std::size_t max_header_bytes_;
    std::size_t header_bytes_ = 0;
    std::size_t partial_header_bytes_ = 0;
  };

  const std::size_t max_header_bytes_;
  const std::size_t max_body_bytes_;
  bool started_ = false;
  std::optional<Message> message_;
};

void RequestParser::Beast::Message::on_request_impl(beast_http::verb verb,
                                                    string_view method,
                                                    string_view target,
                                                    int http_version,
                                                    ErrorCode& error) {
  header_bytes_ = method.size() + target.size();
  if (header_bytes_ > max_header_bytes_) return Refuse(kHeaderTooLarge, error);
  const std::string_view path = OriginForm(View(target));
  if (path.empty()) return Refuse({400, "the request target is malformed"}, error);
  request.verb = ToVerb(verb);
  request.target = path;
  version = http_version;
}

void RequestParser::Beast::Message::on_field_impl(beast_http::field,
                                                  string_view name,
                                                  string_view value,
                                                  ErrorCode& error) {
  // Beast applies its header limit to what it has not parsed yet, so many short fields would pass.
  header_bytes_ += name.size() + value.size() + 4;
  if (header_bytes_ > max_header_bytes_) return Refuse(kHeaderTooLarge, error);
  // A trailer must not pass for a field that was checked before the body came.
  if (!is_header_done()) request.headers.Add(View(name), View(value));
}

void RequestParser::Beast::Message::on_header_impl(ErrorCode& error) {
  const std::size_t hosts = request.headers.Count("Host");
  if (hosts > 1 || (hosts == 0 && version >= 11)) {
    return Refuse({400, "the request needs exactly one Host field"}, error);
  }
  if (request.headers.Has("Transfer-Encoding")) {
    if (version < 11) return Refuse(kMalformed, error);
    // Beast reads a body with an unknown coding as no body at all: the rest would be the next
    // request.
    if (request.headers.Count("Transfer-Encoding") > 1 ||
        !SameToken(request.headers.Get("Transfer-Encoding"), "chunked")) {
      return Refuse({501, "only the transfer coding chunked is supported"}, error);
    }
  }
  if (request.headers.Has("Expect") && version >= 11) {
    if (!SameToken(request.headers.Get("Expect"), "100-continue")) {
      return Refuse({417, "the expectation is not supported"}, error);
    }
    continue_expected = true;
  }
}

void RequestParser::Beast::Message::on_body_init_impl(const boost::optional<std::uint64_t>& length,
                                                      ErrorCode&) {
  if (length) request.body.reserve(static_cast<std::size_t>(std::min(*length, kMaxBodyReserve)));
}

std::size_t RequestParser::Beast::Message::on_body_impl(string_view body, ErrorCode&) {
  request.body.append(body.data(), body.size());
  return body.size();
}

std::size_t RequestParser::Beast::Put(std::string_view data) {
  std::size_t used = 0;
  if (!message_->got_some()) {
    // RFC 9112 2.2: empty lines before a request are passed over.
    while (data.size() - used >= 2 && data[used] == '\r' && data[used + 1] == '\n') used += 2;
    if (data.size() - used < 2) {
      started_ = started_ || !data.empty();
      return used;
    }
  }
  started_ = true;
  while (!message_->is_done() && used < data.size()) {
    const std::string_view rest = data.substr(used);
    // Beast asserts five bytes when it comes back to a last chunk. Whatever state a chunked body is
    // in, at least "0\r\n\r\n" is still to come, so waiting for them holds up no sender.
    if (message_->is_header_done() && message_->chunked() && rest.size() < 5) break;
    ErrorCode error;
    const std::size_t taken =
        message_->put(boost::asio::const_buffer(rest.data(), rest.size()), error);
    used += taken;
    if (!message_->CountPartialHeader(taken)) break;
    if (error == beast_http::error::need_more) break;
    if (error) {
      if (message_->refusal.status == 0) message_->refusal = RefusalFor(error);
      break;
    }
  }
  return used;
}

RequestParser::RequestParser(std::size_t max_header_bytes, std::size_t max_body_bytes)
    : beast_(std::make_unique<Beast>(max_header_bytes, max_body_bytes)) {}

RequestParser::~RequestParser() = default;

std::size_t RequestParser::Put(std::string_view data) { return beast_->Put(data); }

bool RequestParser::started() const { return beast_->started_; }

bool RequestParser::header_done() const { return beast_->message_->is_header_done(); }

bool RequestParser::done() const { return !failed() && beast_->message_->is_done(); }

int RequestParser::error_status() const { return beast_->message_->refusal.status; }

std::string_view RequestParser::error_reason() const { return beast_->message_->refusal.reason; }

const Request& RequestParser::head() const { return beast_->message_->request; }

bool RequestParser::awaits_continue() const {
  return beast_->message_->continue_expected && !beast_->message_->is_done() &&
         beast_->message_->request.body.empty();
}

RequestParser::Parsed RequestParser::Take() {
  Parsed parsed;
  parsed.request = std::move(beast_->message_->request);
  parsed.keep_alive = beast_->message_->keep_alive();
  parsed.http_1_0 = beast_->message_->version < 11;
  beast_->started_ = false;
  beast_->Reset();
  return parsed;
}

}  // namespace handoff::http
