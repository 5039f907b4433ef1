// A blocking HTTP client that sends what the test says, byte for byte.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct ssl_st;

namespace handoff::testing {

struct ClientTls {
  std::string certificate_file{};  // of the client; empty: none
  std::string key_file{};
  int max_version = 0;  // 0: the library's
};

struct ClientResponse {
  int status = 0;  // 0: the connection ended before an answer
  std::string head;
  std::string body;
};

// Gives up on anything that takes 20 s.
class TestClient {
 public:
  explicit TestClient(std::uint16_t port);
  TestClient(std::uint16_t port, const ClientTls& tls);
  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;
  ~TestClient();

  // Whether TCP, and TLS if asked for, came about.
  bool connected() const { return connected_; }
  // Subject of the server's certificate.
  std::string ServerSubject() const;

  bool Send(std::string_view bytes);
  // The next answer. `expect_body`: false for the answer to HEAD.
  ClientResponse Read(bool expect_body = true);
  // Send, then Read.
  ClientResponse Ask(std::string_view bytes);
  // Everything up to the end of the connection.
  std::string ReadToEnd();
  // Whether the server ended the connection, with nothing more to read.
  bool Ended() { return ReadToEnd().empty(); }
  void ShutDownWrite();
  void Close();

 private:
  struct FreeSsl {
    void operator()(ssl_st* ssl) const;
  };

  bool Fill();

  int fd_ = -1;
  bool connected_ = false;
  std::unique_ptr<ssl_st, FreeSsl> ssl_;
  std::string buffer_;
};

}  // namespace handoff::testing
