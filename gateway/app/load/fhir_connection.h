// One kept connection that posts one message after the other.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "gateway/app/load/driver.h"

namespace handoff::load {

namespace asio = boost::asio;
using Socket = asio::basic_stream_socket<asio::ip::tcp, asio::io_context::executor_type>;
using TlsStream = asio::ssl::stream<Socket>;
using Timer =
    asio::basic_waitable_timer<Steady, asio::wait_traits<Steady>, asio::io_context::executor_type>;

// What all connections of a driver share. Outlives them.
struct FhirTarget {
  asio::io_context& io;
  asio::ip::tcp::resolver::results_type addresses;
  std::string host;
  std::string head;         // request line and fields, up to the empty line
  asio::ssl::context* tls;  // null: plain
  DriverParts parts;
  std::size_t awaited;               // connections that neither stand nor failed for good yet
  std::function<void()> begin = {};  // when there are none any more
};

// Runs on: the one thread of `target.io`.
template <class Stream>
class FhirConnection {
 public:
  explicit FhirConnection(FhirTarget& target)
      : target_(target),
        timer_(target.io),
        request_(target.head + target.parts.discharges.text()),
        buffer_(std::make_unique<Buffer>()) {}

  void Start() { Connect(); }
  // The run has begun.
  void Begin() {
    if (std::exchange(waits_, false)) Next();
  }
  // True once no further message will be sent.
  bool done() const { return done_; }
  bool busy() const { return turn_.has_value(); }

 private:
  using Buffer = std::array<char, 16 << 10>;
  using Parser = boost::beast::http::response_parser<boost::beast::http::string_body>;
  using Error = boost::system::error_code;

  // After this many failures in a row the server is taken for gone.
  static constexpr int kMaxFailures = 20;
  static constexpr std::chrono::milliseconds kPause{100};

  void Connect() {
    stream_.reset();
    if constexpr (std::is_same_v<Stream, TlsStream>) {
      stream_.emplace(target_.io, *target_.tls);
      SSL_set_tlsext_host_name(stream_->native_handle(), target_.host.c_str());
    } else {
      stream_.emplace(target_.io);
    }
    asio::async_connect(stream_->lowest_layer(),
                        target_.addresses,
                        [this](const Error& error, const asio::ip::tcp::endpoint&) {
                          if (error) return Fail("connect", error);
                          Error ignored;
                          stream_->lowest_layer().set_option(asio::ip::tcp::no_delay(true),
                                                             ignored);
                          Handshake();
                        });
  }

  void Handshake() {
    if constexpr (std::is_same_v<Stream, TlsStream>) {
      stream_->async_handshake(asio::ssl::stream_base::client, [this](const Error& error) {
        if (error) return Fail("TLS handshake", error);
        Connected();
      });
    } else {
      Connected();
    }
  }

  void Connected() {
    if (target_.parts.pace.start()) return Next();
    waits_ = true;
    CountOff();
  }

  void CountOff() {
    if (--target_.awaited == 0) target_.begin();
  }

  void Next() {
    turn_ = target_.parts.pace.Next();
    if (!turn_) {
      done_ = true;
      Error ignored;
      stream_->lowest_layer().close(ignored);
      return;
    }
    if (turn_->due <= Steady::now()) return Send();
    timer_.expires_at(turn_->due);
    timer_.async_wait([this](const Error& error) {
      if (!error) Send();
    });
  }

  void Send() {
    target_.parts.discharges.Stamp(turn_->number, request_.data() + target_.head.size());
    target_.parts.tally.Sending(*turn_);
    asio::async_write(*stream_, asio::buffer(request_), [this](const Error& error, std::size_t) {
      if (error) return Fail("send", error);
      parser_.emplace();
      parser_->eager(true);
      parser_->body_limit(std::uint64_t{64} << 20);
      held_ = 0;
      Read();
    });
  }

  void Read() {
    stream_->async_read_some(asio::buffer(*buffer_) + held_, [this](Error error, std::size_t size) {
      if (error) return Fail("receive", error);
      const std::size_t filled = held_ + size;
      const std::size_t taken = parser_->put(asio::buffer(buffer_->data(), filled), error);
      if (error && error != boost::beast::http::error::need_more) return Fail("answer", error);
      // Of fields that are not whole yet the parser takes nothing: they stay in front of the rest.
      held_ = filled - taken;
      std::copy(buffer_->begin() + taken, buffer_->begin() + filled, buffer_->begin());
      if (!parser_->is_done()) return Read();
      Answered();
    });
  }

  void Answered() {
    const auto& answer = parser_->get();
    const unsigned status = answer.result_int();
    if (status >= 200 && status < 300) {
      target_.parts.tally.Accepted(*turn_);
    } else {
      target_.parts.tally.Refused(std::to_string(status) + " " + answer.body().substr(0, 300));
    }
    failures_ = 0;
    turn_.reset();
    if (parser_->keep_alive()) {
      Next();
    } else {
      Connect();
    }
  }

  void Fail(const char* what, const Error& error) {
    if (turn_) {
      target_.parts.tally.Failed(std::string(what) + ": " + error.message());
      turn_.reset();
    }
    if (++failures_ >= kMaxFailures) {
      target_.parts.tally.Failed(std::string(what) + ": " + error.message());
      done_ = true;
      if (!target_.parts.pace.start()) CountOff();
      return;
    }
    timer_.expires_after(kPause);
    timer_.async_wait([this](const Error& cancelled) {
      if (!cancelled) Connect();
    });
  }

  FhirTarget& target_;
  std::optional<Stream> stream_;
  Timer timer_;
  std::string request_;  // head and body in one: in as few records and packets as they need
  const std::unique_ptr<Buffer> buffer_;
  std::size_t held_ = 0;  // bytes of `buffer_` that the parser did not take yet
  std::optional<Parser> parser_;
  std::optional<Pace::Turn> turn_;  // of the message under way
  int failures_ = 0;                // in a row
  bool waits_ = false;              // connected, for the run to begin
  bool done_ = false;
};

}  // namespace handoff::load
