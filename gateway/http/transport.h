// Bytes in and out of a non-blocking socket, plain or through TLS.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

struct ssl_ctx_st;
struct ssl_st;

namespace handoff::http {

// What a call came to. kWantRead and kWantWrite: nothing more is possible until the socket is ready
// so; then repeat the call.
enum class Io { kDone, kWantRead, kWantWrite, kClosed };

// Does not own the socket. Thread safety: none.
class Transport {
 public:
  // `fd` is non-blocking. Plain where `tls` is null. Null if OpenSSL has no memory.
  static std::unique_ptr<Transport> Create(int fd, ssl_ctx_st* tls);
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  ~Transport();

  bool is_tls() const { return ssl_ != nullptr; }

  Io Handshake();
  // The subject of the client's verified certificate (RFC 2253), or empty.
  std::string PeerSubject() const;

  // kDone: `got` bytes, at least one. kClosed: end of stream, or broken.
  Io Read(char* into, std::size_t size, std::size_t& got);
  // Whether Read() may have more without the socket becoming ready again.
  bool MayHoldMore() const;

  // Writes from `first`, then from `second`, as much as is taken at once. kDone: `put` bytes.
  Io Write(std::string_view first, std::string_view second, std::size_t& put);

  // Tells the peer that no more comes; does not wait for its answer.
  void ShutDownWrite();
  // Reads and forgets what the peer still sends, at most once `size` bytes. kClosed: it is gone.
  Io Discard(char* scratch, std::size_t size);

 private:
  struct FreeSsl {
    void operator()(ssl_st* ssl) const;
  };

  explicit Transport(int fd) : fd_(fd) {}

  Io Wanted(int result) const;

  const int fd_;
  bool filled_ = false;  // plain: the last Read() got all it asked for
  std::unique_ptr<ssl_st, FreeSsl> ssl_;
};

}  // namespace handoff::http
