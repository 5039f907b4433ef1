// One thread of the server: its io_context, its listener and the connections it accepted.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "gateway/http/http_server.h"
#include "gateway/http/message.h"

namespace handoff::http {

class Connection;

// Concrete executors: any_io_executor costs an indirect call and a copy at each operation.
using Executor = boost::asio::io_context::executor_type;
using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, Executor>;
using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, Executor>;
using Timer = boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                                boost::asio::wait_traits<std::chrono::steady_clock>,
                                                Executor>;

// What all threads of a server share.
struct ServerState {
  ServerState(HttpServerOptions server_options, Handler server_handler);

  // Takes a place for a connection, or finds none.
  bool Admit();
  void Leave();
  std::size_t open() const;
  // Returns when no connection is left, at the latest after `longest`.
  void AwaitEmpty(std::chrono::milliseconds longest) const;

  const HttpServerOptions options;  // `tls` is not read from here: it can be replaced
  const Handler handler;

 private:
  mutable absl::Mutex mutex_;
  std::size_t open_ ABSL_GUARDED_BY(mutex_) = 0;
};

// A connection's place among `max_connections`.
class Admission {
 public:
  explicit Admission(ServerState& state) : state_(state), admitted_(state.Admit()) {}
  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;
  ~Admission() {
    if (admitted_) state_.Leave();
  }
  bool admitted() const { return admitted_; }

 private:
  ServerState& state_;
  const bool admitted_;
};

// Where an answer comes back to the thread of its connection, from any thread and at any time: it
// outlives the worker.
class Mailbox {
 public:
  explicit Mailbox(boost::asio::io_context& io) : io_(&io) {}

  // No response: the handler gave none.
  void Deliver(std::weak_ptr<Connection> connection, std::optional<Response> response);
  // What is delivered from now on is dropped.
  void Close();

 private:
  absl::Mutex mutex_;
  boost::asio::io_context* io_ ABSL_GUARDED_BY(mutex_);
};

// Runs on: its own thread, but for the constructor, Listen, Start, Post and Join.
class Worker {
 public:
  using Connections = std::list<std::shared_ptr<Connection>>;

  explicit Worker(ServerState& state);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker();

  // Opens this thread's listener. With port 0 the system picks one, which `endpoint` then has.
  absl::Status Listen(boost::asio::ip::tcp::endpoint& endpoint);
  void Start();
  // Runs `task` on this worker's thread.
  void Post(std::function<void(Worker&)> task);
  // Returns when all work has ended; REQUIRES: Abort() was posted.
  void Join();

  void SetTls(std::shared_ptr<ssl_ctx_st> tls) { tls_ = std::move(tls); }
  // No new connections; idle ones close, the others after their answer.
  void Drain();
  // Cuts everything off, so that the thread ends.
  void Abort();

  const HttpServerOptions& options() const { return state_.options; }
  const Handler& handler() const { return state_.handler; }
  const std::shared_ptr<Mailbox>& mailbox() const { return mailbox_; }
  bool draining() const { return draining_; }
  // For every connection in turn: bytes are parsed where they were read, what is left of them is
  // the connection's to keep.
  char* read_buffer() { return read_buffer_.get(); }
  std::size_t read_buffer_size() const { return read_buffer_size_; }
  std::string_view date() const { return date_; }

  void Remove(Connections::iterator connection);

 private:
  void Run();
  void Accept();
  void OnAccept(Socket socket);
  void PauseAccepting();
  void Tick();

  ServerState& state_;
  const std::size_t read_buffer_size_;
  const std::unique_ptr<char[]> read_buffer_;
  boost::asio::io_context io_;
  boost::asio::executor_work_guard<Executor> work_;
  Acceptor acceptor_;
  Timer tick_;
  Timer accept_pause_;
  const std::shared_ptr<Mailbox> mailbox_;
  std::shared_ptr<ssl_ctx_st> tls_;
  Connections connections_;
  std::string date_;
  bool draining_ = false;
  std::thread thread_;
};

}  // namespace handoff::http
