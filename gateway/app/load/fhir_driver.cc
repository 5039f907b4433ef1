#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <curl/curl.h>
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

// One part of `url`; empty if it has none.
std::string Part(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return {};
  std::string copy(text);
  curl_free(text);
  return copy;
}

absl::StatusOr<Url> ParseUrl(const LoadOptions& options) {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parsed(curl_url(), &curl_url_cleanup);
  const bool understood =
      curl_url_set(parsed.get(), CURLUPART_URL, options.url.c_str(), 0) == CURLUE_OK;
  const std::string scheme = Part(parsed.get(), CURLUPART_SCHEME);
  if (!understood || (scheme != "http" && scheme != "https")) {
    return absl::InvalidArgumentError("--url: not an http or https URL: " + options.url);
  }
  Url url;
  url.tls = scheme == "https";
  url.host = Part(parsed.get(), CURLUPART_HOST);
  url.port = Part(parsed.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  url.path = Part(parsed.get(), CURLUPART_PATH);
  if (!options.baseline) {
    if (!url.path.ends_with('/')) url.path += '/';
    url.path += "$process-message";
  }
  return url;
}

// A host without the brackets of an IPv6 literal.
std::string AddressOf(const std::string& host) {
  return host.starts_with('[') ? host.substr(1, host.size() - 2) : host;
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
  tls->set_verify_callback(asio::ssl::host_name_verification(AddressOf(url.host)));
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
    target_.begin = [this] { BeginNow(); };
    thread_ = std::thread([this] {
      for (const auto& connection : connections_) connection->Start();
      io_->run();
      done_ = true;
    });
  }

  ~FhirDriver() override { Stop(); }

  void Begin() override {
    asio::post(*io_, [this] { BeginNow(); });
  }
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
  void BeginNow() {
    target_.parts.pace.Begin(Steady::now());
    for (const auto& connection : connections_) connection->Begin();
  }

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
  auto addresses = asio::ip::tcp::resolver(*io).resolve(AddressOf(url.host), url.port, error);
  if (error) return absl::UnavailableError("--url: " + url.host + ": " + error.message());
  std::string head = RequestHead(url, parts.options, parts.discharges.text().size());
  const std::size_t waiting = parts.options.connections;
  if (!url.tls) {
    FhirTarget target{
        *io, std::move(addresses), url.host, std::move(head), nullptr, parts, waiting};
    return std::make_unique<FhirDriver<Socket>>(std::move(io), nullptr, std::move(target));
  }
  HANDOFF_ASSIGN_OR_RETURN(auto tls, MakeTls(url, parts.options.ca_file));
  FhirTarget target{
      *io, std::move(addresses), url.host, std::move(head), tls.get(), parts, waiting};
  return std::make_unique<FhirDriver<TlsStream>>(std::move(io), std::move(tls), std::move(target));
}

}  // namespace handoff::load
