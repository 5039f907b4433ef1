// One connection: read a request, have it answered, write the answer, begin again.
//
// Everything is tried at once on the non-blocking socket and waits for readiness only when there is
// nothing to do: a kept connection costs four system calls a request.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/http/message.h"
#include "gateway/http/request_parser.h"
#include "gateway/http/transport.h"
#include "gateway/http/worker.h"

namespace handoff::http {

// Runs on: the thread of its worker.
class Connection final : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Worker& worker,
             std::unique_ptr<Admission> admission,
             Socket socket,
             std::unique_ptr<Transport> transport,
             std::string peer);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // `place` is where the worker keeps it.
  void Start(Worker::Connections::iterator place);

  // The handler's answer, or that there is none. Ignored unless one is awaited.
  void Deliver(std::optional<Response> response);
  bool in_handler() const { return in_handler_; }

  // Closes if no request has begun; else after the answer.
  void Drain();
  void Abort() { Close(); }
  // Ends what has taken too long.
  void CheckDeadline(std::chrono::steady_clock::time_point now);

 private:
  enum class Phase {
    kHandshake,  // TLS
    kReading,    // idle, or within a request
    kHandling,   // the handler has it
    kWriting,    // an answer
    kClosing,    // all is said; what the peer still sends is thrown away
    kClosed,
  };
  enum class Next { kGoOn, kAwaitRead, kAwaitWrite, kYield, kStop };

  void Run();
  Next Step();
  Next Handshake();
  Next Read();
  Next AfterParsing();
  Next Dispatch();
  Next Write();
  Next Discard();
  Next After(Io io);

  void Await(Socket::wait_type what, bool& awaiting);
  bool Admitted();
  void AdvanceDeadline();
  Next AfterWriting();
  void SendContinue();
  void Refuse(int status, std::string_view reason);
  void Answer(Response response);
  void BeginClosing();
  void Close();
  void SetDeadline(std::chrono::milliseconds from_now);
  bool Idle() const;
  std::string_view Unparsed() const { return std::string_view(unparsed_).substr(parsed_); }

  Worker& worker_;
  const std::unique_ptr<Admission> admission_;
  Socket socket_;
  const std::unique_ptr<Transport> transport_;
  const std::string peer_;
  std::string subject_;
  Worker::Connections::iterator place_;

  Phase phase_ = Phase::kHandshake;
  std::chrono::steady_clock::time_point deadline_;
  bool awaiting_read_ = false;
  bool awaiting_write_ = false;
  bool in_handler_ = false;

  RequestParser parser_;
  std::string unparsed_;     // read, not yet taken by the parser
  std::size_t parsed_ = 0;   // of unparsed_
  bool pipelined_ = false;   // the parser has not been offered unparsed_
  bool begun_ = true;        // deadline_ is that of the header fields,
  bool body_begun_ = false;  // or that of the body
  bool continue_sent_ = false;
  int steps_ = 0;  // since the loop last went round the io_context

  // Of the request being answered.
  bool keep_alive_ = false;
  bool http_1_0_ = false;
  bool head_only_ = false;

  std::string head_;
  std::string body_;
  std::size_t written_ = 0;  // of head_ and body_ together
  bool interim_ = false;     // what is being written is "100 Continue"
};

}  // namespace handoff::http
