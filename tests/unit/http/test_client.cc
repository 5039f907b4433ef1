#include "tests/unit/http/test_client.h"

#include <cctype>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace handoff::testing {

namespace {

std::size_t ContentLength(std::string head) {
  for (char& c : head) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const std::size_t at = head.find("\r\ncontent-length:");
  return at == std::string::npos ? 0 : std::strtoull(head.c_str() + at + 17, nullptr, 10);
}

}  // namespace

void TestClient::FreeSsl::operator()(ssl_st* ssl) const { SSL_free(ssl); }

TestClient::TestClient(std::uint16_t port) {
  fd_ = ::socket(AF_INET, SOCK_STREAM, 0);
  const timeval patience{20, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
}

TestClient::TestClient(std::uint16_t port, const ClientTls& tls) : TestClient(port) {
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()),
                                                                  &SSL_CTX_free);
  if (tls.max_version != 0) {
    SSL_CTX_set_min_proto_version(context.get(), 0);
    SSL_CTX_set_max_proto_version(context.get(), tls.max_version);
    SSL_CTX_set_security_level(context.get(), 0);
  }
  if (!tls.certificate_file.empty()) {
    SSL_CTX_use_certificate_chain_file(context.get(), tls.certificate_file.c_str());
    SSL_CTX_use_PrivateKey_file(context.get(), tls.key_file.c_str(), SSL_FILETYPE_PEM);
  }
  ssl_.reset(SSL_new(context.get()));
  SSL_set_fd(ssl_.get(), fd_);
  connected_ = connected_ && SSL_connect(ssl_.get()) == 1;
}

TestClient::~TestClient() { Close(); }

std::string TestClient::ServerSubject() const {
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      SSL_get1_peer_certificate(ssl_.get()), &X509_free);
  if (certificate == nullptr) return {};
  char text[256] = {};
  X509_NAME_oneline(X509_get_subject_name(certificate.get()), text, sizeof text);
  return text;
}

bool TestClient::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    std::size_t put = 0;
    if (ssl_ != nullptr) {
      if (SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &put) != 1) return false;
    } else {
      const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      put = static_cast<std::size_t>(n);
    }
    bytes.remove_prefix(put);
  }
  return true;
}

bool TestClient::Fill() {
  char chunk[16 << 10];
  std::size_t got = 0;
  if (ssl_ != nullptr) {
    if (SSL_read_ex(ssl_.get(), chunk, sizeof chunk, &got) != 1) return false;
  } else {
    const ssize_t n = ::recv(fd_, chunk, sizeof chunk, 0);
    if (n <= 0) return false;
    got = static_cast<std::size_t>(n);
  }
  buffer_.append(chunk, got);
  return true;
}

ClientResponse TestClient::Read(bool expect_body) {
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!Fill()) return {};
  }
  ClientResponse response;
  response.head = buffer_.substr(0, end + 2);
  buffer_.erase(0, end + 4);
  response.status = std::atoi(response.head.c_str() + 9);
  const std::size_t size = expect_body ? ContentLength(response.head) : 0;
  while (buffer_.size() < size) {
    if (!Fill()) return {};
  }
  response.body = buffer_.substr(0, size);
  buffer_.erase(0, size);
  return response;
}

ClientResponse TestClient::Ask(std::string_view bytes) {
  Send(bytes);
  return Read();
}

std::string TestClient::ReadToEnd() {
  while (Fill()) {
  }
  return std::exchange(buffer_, {});
}

void TestClient::ShutDownWrite() { ::shutdown(fd_, SHUT_WR); }

void TestClient::Close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

}  // namespace handoff::testing
