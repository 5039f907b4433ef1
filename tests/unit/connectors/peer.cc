#include "tests/unit/connectors/peer.h"

#include <cstdio>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include "gateway/base/status_macros.h"

namespace handoff::connectors::testing {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;

constexpr int kDaySeconds = 24 * 60 * 60;

tcp::endpoint Loopback() { return {asio::ip::make_address("127.0.0.1"), 0}; }

void AddExtension(X509* cert, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, cert, cert, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
  HANDOFF_CHECK(extension != nullptr && X509_add_ext(cert, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

template <class Write>
void WritePem(const std::string& path, Write write) {
  FILE* file = std::fopen(path.c_str(), "w");
  HANDOFF_CHECK(file != nullptr && write(file) == 1);
  std::fclose(file);
}

}  // namespace

Response Answer(unsigned status, std::string body) {
  Response response(http::int_to_status(status), 11);
  response.body() = std::move(body);
  response.prepare_payload();
  return response;
}

PeerTls MakeCertificate(const std::string& folder, const std::string& name) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* cert = X509_new();
  X509_set_version(cert, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
  X509_gmtime_adj(X509_getm_notBefore(cert), -kDaySeconds);
  X509_gmtime_adj(X509_getm_notAfter(cert), kDaySeconds);
  X509_set_pubkey(cert, key);
  X509_NAME* subject = X509_get_subject_name(cert);
  X509_NAME_add_entry_by_txt(
      subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(cert, subject);
  AddExtension(cert, NID_basic_constraints, "critical,CA:TRUE");
  AddExtension(cert, NID_subject_alt_name, "IP:127.0.0.1");
  HANDOFF_CHECK(X509_sign(cert, key, EVP_sha256()) > 0);
  PeerTls files{.cert_file = folder + "/" + name + ".crt",
                .key_file = folder + "/" + name + ".key",
                .ca_file = {}};
  WritePem(files.cert_file, [&](FILE* file) { return PEM_write_X509(file, cert); });
  WritePem(files.key_file, [&](FILE* file) {
    return PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
  });
  X509_free(cert);
  EVP_PKEY_free(key);
  return files;
}

class Peer::Impl {
 public:
  Impl(Handler handler, const std::optional<PeerTls>& tls)
      : handler_(std::move(handler)), acceptor_(io_, Loopback()) {
    if (tls) {
      tls_.emplace(asio::ssl::context::tls_server);
      tls_->use_certificate_file(tls->cert_file, asio::ssl::context::pem);
      tls_->use_private_key_file(tls->key_file, asio::ssl::context::pem);
      if (!tls->ca_file.empty()) {
        tls_->load_verify_file(tls->ca_file);
        tls_->set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert);
      }
    }
    port_ = acceptor_.local_endpoint().port();
    accepter_ = std::thread([this] { Accept(); });
  }

  ~Impl() {
    // A shutdown, not a close: it ends the blocking calls without a race for the descriptor.
    ::shutdown(acceptor_.native_handle(), SHUT_RDWR);
    accepter_.join();
    {
      absl::MutexLock lock(&mutex_);
      for (const auto& socket : sockets_) ::shutdown(socket->native_handle(), SHUT_RDWR);
    }
    for (std::thread& thread : threads_) thread.join();
  }

  std::string url() const {
    return (tls_ ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(port_);
  }
  std::size_t connections() const {
    absl::MutexLock lock(&mutex_);
    return sockets_.size();
  }
  std::vector<Request> requests() const {
    absl::MutexLock lock(&mutex_);
    return requests_;
  }
  void AwaitRequests(std::size_t n) {
    const auto enough = [this, n]()
                            ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return requests_.size() >= n; };
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(&enough));
  }

 private:
  void Accept() {
    while (true) {
      auto socket = std::make_shared<tcp::socket>(io_);
      beast::error_code error;
      acceptor_.accept(*socket, error);
      if (error) return;
      {
        absl::MutexLock lock(&mutex_);
        sockets_.push_back(socket);
      }
      threads_.emplace_back([this, socket] { Serve(*socket); });
    }
  }

  void Serve(tcp::socket& socket) {
    if (tls_) {
      asio::ssl::stream<tcp::socket&> stream(socket, *tls_);
      beast::error_code error;
      stream.handshake(asio::ssl::stream_base::server, error);
      if (!error) Talk(stream);
    } else {
      Talk(socket);
    }
    ::shutdown(socket.native_handle(), SHUT_RDWR);
  }

  template <class Stream>
  void Talk(Stream& stream) {
    beast::flat_buffer buffer;
    while (true) {
      Request request;
      beast::error_code error;
      http::read(stream, buffer, request, error);
      if (error) return;
      const std::optional<Response> response = handler_(request);
      {
        absl::MutexLock lock(&mutex_);
        requests_.push_back(std::move(request));
      }
      if (response) http::write(stream, *response, error);
      if (error) return;
    }
  }

  const Handler handler_;
  std::optional<asio::ssl::context> tls_;
  asio::io_context io_;
  tcp::acceptor acceptor_;
  unsigned short port_ = 0;

  mutable absl::Mutex mutex_;
  std::vector<std::shared_ptr<tcp::socket>> sockets_ ABSL_GUARDED_BY(mutex_);
  std::vector<Request> requests_ ABSL_GUARDED_BY(mutex_);

  std::vector<std::thread> threads_;  // the accepter's, and the destructor's after it
  std::thread accepter_;
};

Peer::Peer(Handler handler, std::optional<PeerTls> tls)
    : impl_(std::make_unique<Impl>(std::move(handler), tls)) {}
Peer::~Peer() = default;

std::string Peer::url() const { return impl_->url(); }
std::size_t Peer::connections() const { return impl_->connections(); }
std::vector<Request> Peer::requests() const { return impl_->requests(); }
void Peer::AwaitRequests(std::size_t n) { impl_->AwaitRequests(n); }

std::string RefusedUrl() {
  // Bound and not listening: the port is ours until the end, and refuses.
  static asio::io_context io;
  static tcp::socket socket(io, Loopback());
  return "http://127.0.0.1:" + std::to_string(socket.local_endpoint().port());
}

}  // namespace handoff::connectors::testing
