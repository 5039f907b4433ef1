#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>
#include <fmt/format.h>

#include "gateway/app/load/driver.h"
#include "gateway/app/load/fhir_connection.h"
#include "gateway/base/status_macros.h"

namespace handoff::load {
namespace {

struct Url {
  bool tls = false;
  std::string host;
  std::string port;
  std::string path;
};

absl::StatusOr<Url> ParseUrl(const LoadOptions& options) {
  const auto parsed = boost::urls::parse_uri(options.url);
  if (!parsed || (parsed->scheme() != "http" && parsed->scheme() != "https")) {
    return absl::InvalidArgumentError("--url: not an http or https URL: " + options.url);
  }
  Url url;
  url.tls = parsed->scheme() == "https";
  url.host = std::string(parsed->host_address());
  url.port = parsed->has_port() ? std::string(parsed->port()) : url.tls ? "443" : "80";
  url.path = std::string(parsed->encoded_path());
  if (!options.baseline) {
    if (!url.path.ends_with('/')) url.path += '/';
    url.path += "$process-message";
  }
  if (url.path.empty()) url.path = "/";
  return url;
}

std::string RequestHead(const Url& url, const LoadOptions& options, std::size_t bytes) {
  std::string head = fmt::format(
      "POST {} HTTP/1.1\r\nHost: {}:{}\r\nContent-Type: application/fhir+json\r\n"
      "Accept: application/fhir+json\r\nContent-Length: {}\r\n",
      url.path,
      url.host,
      url.port,
      bytes);
  if (!options.token.empty()) head += "Authorization: Bearer " + options.token + "\r\n";
  return head + "\r\n";
}

absl::StatusOr<std::unique_ptr<asio::ssl::context>> MakeTls(const Url& url,
                                                            const std::string& ca_file) {
  auto tls = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_client);
  boost::system::error_code error;
  if (ca_file.empty()) {
    tls->set_default_verify_paths(error);
  } else {
    tls->load_verify_file(ca_file, error);
  }
  if (error) return absl::InvalidArgumentError("--ca: " + error.message());
  tls->set_verify_mode(asio::ssl::verify_peer);
  tls->set_verify_callback(asio::ssl::host_name_verification(url.host));
  return tls;
}

template <class Stream>
class FhirDriver final : public Driver {
 public:
  FhirDriver(std::unique_ptr<asio::io_context> io,
             std::unique_ptr<asio::ssl::context> tls,
             FhirTarget target)
      : io_(std::move(io)), tls_(std::move(tls)), target_(std::move(target)) {
    for (unsigned i = 0; i < target_.parts.options.connections; ++i) {
      connections_.push_back(std::make_unique<FhirConnection<Stream>>(target_));
    }
    thread_ = std::thread([this] {
      for (const auto& connection : connections_) connection->Start();
      io_->run();
      done_ = true;
    });
  }

  ~FhirDriver() override { Stop(); }

  bool Done() const override { return done_; }

  void Stop() override {
    if (!thread_.joinable()) return;
    io_->stop();
    thread_.join();
    for (const auto& connection : connections_) {
      if (connection->busy()) target_.parts.tally.Failed("cut off at the end of the run");
    }
  }

 private:
  const std::unique_ptr<asio::io_context> io_;
  const std::unique_ptr<asio::ssl::context> tls_;
  FhirTarget target_;
  std::vector<std::unique_ptr<FhirConnection<Stream>>> connections_;
  std::atomic<bool> done_{false};
  std::thread thread_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Driver>> StartFhirDriver(DriverParts parts) {
  HANDOFF_ASSIGN_OR_RETURN(const Url url, ParseUrl(parts.options));
  auto io = std::make_unique<asio::io_context>(1);
  boost::system::error_code error;
  auto addresses = asio::ip::tcp::resolver(*io).resolve(url.host, url.port, error);
  if (error) return absl::UnavailableError("--url: " + url.host + ": " + error.message());
  std::string head = RequestHead(url, parts.options, parts.discharges.text().size());
  if (!url.tls) {
    FhirTarget target{*io, std::move(addresses), url.host, std::move(head), nullptr, parts};
    return std::make_unique<FhirDriver<Socket>>(std::move(io), nullptr, std::move(target));
  }
  HANDOFF_ASSIGN_OR_RETURN(auto tls, MakeTls(url, parts.options.ca_file));
  FhirTarget target{*io, std::move(addresses), url.host, std::move(head), tls.get(), parts};
  return std::make_unique<FhirDriver<TlsStream>>(std::move(io), std::move(tls), std::move(target));
}

}  // namespace handoff::load
