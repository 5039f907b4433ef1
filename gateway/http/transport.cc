#include "gateway/http/transport.h"

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <sys/uio.h>

namespace handoff::http {

namespace {

// What OpenSSL takes from the socket at once: several records, so that a bundle of 30 kB costs one
// or two system calls instead of four.
constexpr std::size_t kTlsReadBytes = 64 << 10;

bool WouldBlock() { return errno == EAGAIN || errno == EWOULDBLOCK; }

int SocketOf(BIO* bio) {
  return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
}

// OpenSSL's own socket BIO writes without MSG_NOSIGNAL, so that a peer that hangs up could end the
// process by SIGPIPE.
int BioWrite(BIO* bio, const char* data, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t n = ::send(SocketOf(bio), data, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  if (n < 0 && (WouldBlock() || errno == EINTR)) BIO_set_retry_write(bio);
  return static_cast<int>(n);
}

int BioRead(BIO* bio, char* into, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t n = ::recv(SocketOf(bio), into, static_cast<std::size_t>(size), 0);
  if (n < 0 && (WouldBlock() || errno == EINTR)) BIO_set_retry_read(bio);
  return static_cast<int>(n);
}

long BioControl(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

BIO_METHOD* SocketBio() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "handoff socket");
    if (made == nullptr) return made;
    BIO_meth_set_write(made, BioWrite);
    BIO_meth_set_read(made, BioRead);
    BIO_meth_set_ctrl(made, BioControl);
    return made;
  }();
  return method;
}

}  // namespace

void Transport::FreeSsl::operator()(ssl_st* ssl) const { SSL_free(ssl); }

std::unique_ptr<Transport> Transport::Create(int fd, ssl_ctx_st* tls) {
  std::unique_ptr<Transport> transport(new Transport(fd));
  if (tls == nullptr) return transport;
  transport->ssl_.reset(SSL_new(tls));
  SSL* const ssl = transport->ssl_.get();
  if (ssl == nullptr || SocketBio() == nullptr) return nullptr;
  BIO* const bio = BIO_new(SocketBio());
  if (bio == nullptr) return nullptr;
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(fd)));
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl, bio, bio);
  SSL_set_accept_state(ssl);
  SSL_set_read_ahead(ssl, 1);
  SSL_set_default_read_buffer_len(ssl, kTlsReadBytes);
  SSL_set_mode(ssl,
               SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                   SSL_MODE_RELEASE_BUFFERS);
  return transport;
}

Transport::~Transport() = default;

Io Transport::Wanted(int result) const {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return Io::kWantRead;
    case SSL_ERROR_WANT_WRITE:
      return Io::kWantWrite;
    default:
      return Io::kClosed;
  }
}

Io Transport::Handshake() {
  if (ssl_ == nullptr) return Io::kDone;
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  return result == 1 ? Io::kDone : Wanted(result);
}

std::string Transport::PeerSubject() const {
  if (ssl_ == nullptr || SSL_get_verify_result(ssl_.get()) != X509_V_OK) return {};
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      SSL_get1_peer_certificate(ssl_.get()), &X509_free);
  const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), &BIO_free);
  if (certificate == nullptr || memory == nullptr) return {};
  X509_NAME* const name = X509_get_subject_name(certificate.get());
  if (X509_NAME_print_ex(memory.get(), name, 0, XN_FLAG_RFC2253) < 0) return {};
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

Io Transport::Read(char* into, std::size_t size, std::size_t& got) {
  if (ssl_ != nullptr) {
    ERR_clear_error();
    const int result = SSL_read_ex(ssl_.get(), into, size, &got);
    return result == 1 ? Io::kDone : Wanted(result);
  }
  ssize_t n = 0;
  do {
    n = ::recv(fd_, into, size, 0);
  } while (n < 0 && errno == EINTR);
  filled_ = n == static_cast<ssize_t>(size);
  if (n < 0) return WouldBlock() ? Io::kWantRead : Io::kClosed;
  got = static_cast<std::size_t>(n);
  return n == 0 ? Io::kClosed : Io::kDone;
}

bool Transport::MayHoldMore() const {
  return ssl_ != nullptr ? SSL_has_pending(ssl_.get()) == 1 : filled_;
}

Io Transport::Write(std::string_view first, std::string_view second, std::size_t& put) {
  if (ssl_ != nullptr) {
    const std::string_view data = first.empty() ? second : first;
    ERR_clear_error();
    const int result = SSL_write_ex(ssl_.get(), data.data(), data.size(), &put);
    return result == 1 ? Io::kDone : Wanted(result);
  }
  iovec parts[2] = {{const_cast<char*>(first.data()), first.size()},
                    {const_cast<char*>(second.data()), second.size()}};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  ssize_t n = 0;
  do {
    n = ::sendmsg(fd_, &message, MSG_NOSIGNAL);
  } while (n < 0 && errno == EINTR);
  if (n < 0) return WouldBlock() ? Io::kWantWrite : Io::kClosed;
  put = static_cast<std::size_t>(n);
  return Io::kDone;
}

void Transport::ShutDownWrite() {
  if (ssl_ != nullptr && SSL_is_init_finished(ssl_.get())) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
  }
  ::shutdown(fd_, SHUT_WR);
}

Io Transport::Discard(char* scratch, std::size_t size) {
  const ssize_t n = ::recv(fd_, scratch, size, 0);
  if (n > 0) return Io::kDone;
  return n < 0 && (WouldBlock() || errno == EINTR) ? Io::kWantRead : Io::kClosed;
}

}  // namespace handoff::http
