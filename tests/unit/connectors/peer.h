// The other side: a small HTTP/1.1 server on 127.0.0.1 that does what the test tells it to.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

namespace handoff::connectors::testing {

using Request = boost::beast::http::request<boost::beast::http::string_body>;
using Response = boost::beast::http::response<boost::beast::http::string_body>;

Response Answer(unsigned status, std::string body = {});

// PEM files. With a `ca_file` the peer asks for a client certificate.
struct PeerTls {
  std::string cert_file;
  std::string key_file;
  std::string ca_file;
};

// Writes a self-signed certificate for 127.0.0.1, which is also its own CA.
PeerTls MakeCertificate(const std::string& folder, const std::string& name);

// One thread a connection. Thread safety: all methods may be called concurrently.
class Peer {
 public:
  // nullopt: the request is never answered.
  using Handler = std::function<std::optional<Response>(const Request&)>;

  explicit Peer(Handler handler, std::optional<PeerTls> tls = std::nullopt);
  ~Peer();

  std::string url() const;
  std::size_t connections() const;  // accepted so far
  std::vector<Request> requests() const;
  void AwaitRequests(std::size_t n);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// A URL of 127.0.0.1 that nobody listens on.
std::string RefusedUrl();

}  // namespace handoff::connectors::testing
