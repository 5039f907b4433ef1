// Bytes to Request: RFC 9112 framing by Beast's parser, with the limits and refusals that it leaves
// to its user.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "gateway/http/message.h"

namespace handoff::http {

// Refused besides what Beast refuses, because two servers in a row could read it differently: a
// transfer coding other than "chunked", one in HTTP/1.0, no or several Host fields. Trailer fields
// are read and dropped. Thread safety: none.
class RequestParser {
 public:
  RequestParser(std::size_t max_header_bytes, std::size_t max_body_bytes);
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;
  ~RequestParser();

  // Takes from the beginning of `data` and returns how much it took, which is never more than the
  // request. What it left while neither done() nor failed() must come again, with more behind it.
  // REQUIRES: not done(), not failed().
  std::size_t Put(std::string_view data);

  bool started() const;      // has seen a byte of the request
  bool header_done() const;  // all fields are read
  bool done() const;

  bool failed() const { return error_status() != 0; }
  int error_status() const;  // 400..505, or 0
  std::string_view error_reason() const;

  // The request as far as it is read. REQUIRES: header_done(), not done().
  const Request& head() const;

  // The peer has sent all fields and waits for "100 Continue" before it sends the body.
  bool awaits_continue() const;

  // REQUIRES: done(). The parser is then ready for the next request.
  struct Parsed {
    Request request;
    bool keep_alive = false;
    bool http_1_0 = false;
  };
  Parsed Take();

 private:
  class Beast;
  const std::unique_ptr<Beast> beast_;
};

}  // namespace handoff::http
