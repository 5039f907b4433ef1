// What a handler of the HTTP server sees and answers with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace handoff::http {

enum class Verb { kGet, kHead, kPost, kPut, kPatch, kDelete, kOptions, kOther };

// The header fields of one request, in the order sent. Names compare without regard to case.
class Headers {
 public:
  void Add(std::string_view name, std::string_view value);

  // The first value of `name`, or empty. Valid while this object lives unchanged.
  std::string_view Get(std::string_view name) const;
  bool Has(std::string_view name) const { return Count(name) > 0; }
  std::size_t Count(std::string_view name) const;
  std::vector<std::string_view> All(std::string_view name) const;
  std::size_t size() const { return fields_.size(); }

 private:
  // One text for all fields: a request costs two allocations, not two for each field.
  struct Field {
    std::uint32_t name_begin = 0;
    std::uint32_t name_size = 0;
    std::uint32_t value_size = 0;
  };
  std::string_view NameOf(const Field& field) const;
  std::string_view ValueOf(const Field& field) const;

  std::string text_;
  std::vector<Field> fields_;
};

struct Request {
  Verb verb = Verb::kGet;
  // Path and query as sent, still percent-encoded: begins with '/', or is "*" (OPTIONS). A target
  // in absolute form arrives without its scheme and authority.
  std::string target{};
  Headers headers{};
  std::string body{};
  std::string peer{};  // "192.0.2.7:49152", for logs
  // RFC 2253 subject of the certificate that the peer proved to hold; empty without one.
  std::string client_certificate_subject{};

  std::string_view path() const;   // of `target`, up to '?'
  std::string_view query() const;  // of `target`, after '?'
};

struct Response {
  int status = 200;
  std::string content_type{};  // empty: no such header
  // Not among them: Content-Length, Connection, Date, which the server writes. A name or value with
  // a control character is left out.
  std::vector<std::pair<std::string, std::string>> headers{};
  std::string body{};
};

}  // namespace handoff::http
