#include "gateway/http/worker.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <sys/socket.h>

#include "gateway/base/clock.h"
#include "gateway/base/log.h"
#include "gateway/http/connection.h"
#include "gateway/http/response_writer.h"

namespace handoff::http {

namespace {

using boost::system::error_code;

constexpr std::chrono::milliseconds kAcceptPause{100};

// The mailbox of the worker whose thread this is.
thread_local const Mailbox* t_mailbox = nullptr;

// Deadlines are looked at this often: at most a quarter late.
std::chrono::milliseconds TickInterval(const HttpServerOptions& options) {
  const auto shortest =
      std::min({options.header_timeout, options.body_timeout, options.idle_timeout});
  return std::clamp(shortest / 4, std::chrono::milliseconds(5), std::chrono::milliseconds(1000));
}

std::string HttpDate() {
  const absl::Time now = absl::FromUnixMicros(ToMicros(SystemClock().Now()));
  return absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", now, absl::UTCTimeZone());
}

absl::Status SocketError(const char* what, const error_code& error) {
  const std::string text = std::string(what) + ": " + error.message();
  if (error == boost::asio::error::address_in_use) return absl::AlreadyExistsError(text);
  if (error == boost::asio::error::access_denied) return absl::PermissionDeniedError(text);
  return absl::InvalidArgumentError(text);
}

std::string PeerOf(const Socket& socket) {
  error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  if (error) return {};
  const std::string address = endpoint.address().to_string();
  const std::string port = std::to_string(endpoint.port());
  return endpoint.address().is_v6() ? "[" + address + "]:" + port : address + ":" + port;
}

// The peer may not get it, if it has much to say first; it is closed in any case.
void SendOverloaded(int fd, const HttpServerOptions& options, std::string_view date) {
  Response response;
  if (options.error_response) response = options.error_response(503, "too many connections");
  response.status = 503;
  response.headers.emplace_back("Retry-After", "1");
  const std::string bytes = WriteHead(response, date, Persistence::kClose) + response.body;
  ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

}  // namespace

ServerState::ServerState(HttpServerOptions server_options, Handler server_handler)
    : options(std::move(server_options)), handler(std::move(server_handler)) {}

bool ServerState::Admit() {
  const absl::MutexLock lock(&mutex_);
  if (open_ >= options.max_connections) return false;
  ++open_;
  return true;
}

void ServerState::Leave() {
  const absl::MutexLock lock(&mutex_);
  --open_;
}

std::size_t ServerState::open() const {
  const absl::MutexLock lock(&mutex_);
  return open_;
}

void ServerState::AwaitEmpty(std::chrono::milliseconds longest) const {
  const absl::MutexLock lock(&mutex_);
  const auto empty = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return open_ == 0; };
  mutex_.AwaitWithTimeout(absl::Condition(&empty), absl::FromChrono(longest));
}

void Mailbox::Deliver(std::weak_ptr<Connection> connection, std::optional<Response> response) {
  if (t_mailbox == this) {
    const std::shared_ptr<Connection> here = connection.lock();
    if (here != nullptr && here->in_handler()) return here->Deliver(std::move(response));
  }
  const absl::MutexLock lock(&mutex_);
  if (io_ == nullptr) return;
  boost::asio::post(*io_,
                    [connection = std::move(connection), response = std::move(response)]() mutable {
                      if (const auto there = connection.lock()) there->Deliver(std::move(response));
                    });
}

void Mailbox::Close() {
  const absl::MutexLock lock(&mutex_);
  io_ = nullptr;
}

Worker::Worker(ServerState& state)
    : state_(state),
      read_buffer_size_(std::max<std::size_t>(64 << 10, state.options.max_header_bytes + 1024)),
      read_buffer_(new char[read_buffer_size_]),
      io_(1),
      work_(io_.get_executor()),
      acceptor_(io_.get_executor()),
      tick_(io_.get_executor()),
      accept_pause_(io_.get_executor()),
      mailbox_(std::make_shared<Mailbox>(io_)),
      tls_(state.options.tls) {}

Worker::~Worker() { mailbox_->Close(); }

absl::Status Worker::Listen(boost::asio::ip::tcp::endpoint& endpoint) {
  error_code error;
  acceptor_.open(endpoint.protocol(), error);
  if (error) return SocketError("open a socket", error);
  const int on = 1;
  if (::setsockopt(acceptor_.native_handle(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      ::setsockopt(acceptor_.native_handle(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0) {
    return SocketError("share a port", error_code(errno, boost::system::system_category()));
  }
  acceptor_.bind(endpoint, error);
  if (error) return SocketError("bind", error);
  acceptor_.listen(boost::asio::socket_base::max_listen_connections, error);
  if (error) return SocketError("listen", error);
  endpoint = acceptor_.local_endpoint(error);
  return absl::OkStatus();
}

void Worker::Start() {
  date_ = HttpDate();
  Accept();
  Tick();
  thread_ = std::thread([this] { Run(); });
}

void Worker::Run() {
  t_mailbox = mailbox_.get();
  for (;;) {
    try {
      io_.run();
      return;
    } catch (const std::exception& error) {
      log::Error("http_worker_failed", {{"error", log::Safe(error.what())}});
    }
  }
}

void Worker::Post(std::function<void(Worker&)> task) {
  boost::asio::post(io_, [this, task = std::move(task)] { task(*this); });
}

void Worker::Join() {
  if (thread_.joinable()) thread_.join();
  mailbox_->Close();
}

void Worker::Accept() {
  acceptor_.async_accept(io_.get_executor(), [this](const error_code& error, Socket socket) {
    if (draining_) return;
    if (error && error != boost::asio::error::connection_aborted) return PauseAccepting();
    if (!error) OnAccept(std::move(socket));
    Accept();
  });
}

void Worker::PauseAccepting() {
  // Out of descriptors: trying again at once would only spin.
  log::Warning("http_accept_paused");
  accept_pause_.expires_after(kAcceptPause);
  accept_pause_.async_wait([this](const error_code& error) {
    if (!error && !draining_) Accept();
  });
}

void Worker::OnAccept(Socket socket) {
  error_code error;
  socket.native_non_blocking(true, error);
  if (error) return;
  socket.set_option(boost::asio::ip::tcp::no_delay(true), error);
  auto admission = std::make_unique<Admission>(state_);
  if (!admission->admitted()) {
    if (tls_ == nullptr) SendOverloaded(socket.native_handle(), options(), date_);
    return;
  }
  std::unique_ptr<Transport> transport = Transport::Create(socket.native_handle(), tls_.get());
  if (transport == nullptr) return;
  std::string peer = PeerOf(socket);
  const auto place = connections_.insert(
      connections_.end(),
      std::make_shared<Connection>(
          *this, std::move(admission), std::move(socket), std::move(transport), std::move(peer)));
  (*place)->Start(place);
}

void Worker::Remove(Connections::iterator connection) { connections_.erase(connection); }

void Worker::Tick() {
  tick_.expires_after(TickInterval(options()));
  tick_.async_wait([this](const error_code& error) {
    if (error) return;
    date_ = HttpDate();
    const auto now = std::chrono::steady_clock::now();
    for (auto next = connections_.begin(); next != connections_.end();) {
      const std::shared_ptr<Connection> connection = *next++;
      connection->CheckDeadline(now);
    }
    Tick();
  });
}

void Worker::Drain() {
  draining_ = true;
  error_code ignored;
  acceptor_.close(ignored);
  accept_pause_.cancel();
  for (auto next = connections_.begin(); next != connections_.end();) {
    const std::shared_ptr<Connection> connection = *next++;
    connection->Drain();
  }
}

void Worker::Abort() {
  Drain();
  for (auto next = connections_.begin(); next != connections_.end();) {
    const std::shared_ptr<Connection> connection = *next++;
    connection->Abort();
  }
  tick_.cancel();
  work_.reset();
}

}  // namespace handoff::http
