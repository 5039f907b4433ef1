#include "gateway/http/connection.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/post.hpp>

#include "gateway/base/log.h"
#include "gateway/http/response_writer.h"

namespace handoff::http {

namespace {

// After that many reads and pipelined requests a connection lets the others of its thread go first.
constexpr int kStepsBeforeYield = 16;
// A body up to this size is copied behind its head: one TLS record, one write.
constexpr std::size_t kJoinedBody = 8 << 10;
// How long a peer may take to see that we closed.
constexpr std::chrono::milliseconds kClosingTimeout = std::chrono::seconds(2);

// The Respond of one request.
class Ticket {
 public:
  Ticket(std::shared_ptr<Mailbox> mailbox, std::weak_ptr<Connection> connection)
      : mailbox_(std::move(mailbox)), connection_(std::move(connection)) {}
  Ticket(Ticket&&) noexcept = default;
  Ticket& operator=(Ticket&&) = delete;
  ~Ticket() {
    if (mailbox_ != nullptr) mailbox_->Deliver(std::move(connection_), std::nullopt);
  }

  void operator()(Response response) {
    const std::shared_ptr<Mailbox> mailbox = std::exchange(mailbox_, nullptr);
    if (mailbox != nullptr) mailbox->Deliver(std::move(connection_), std::move(response));
  }

 private:
  std::shared_ptr<Mailbox> mailbox_;
  std::weak_ptr<Connection> connection_;
};

}  // namespace

Connection::Connection(Worker& worker,
                       std::unique_ptr<Admission> admission,
                       Socket socket,
                       std::unique_ptr<Transport> transport,
                       std::string peer)
    : worker_(worker),
      admission_(std::move(admission)),
      socket_(std::move(socket)),
      transport_(std::move(transport)),
      peer_(std::move(peer)),
      parser_(worker.options().max_header_bytes, worker.options().max_body_bytes) {}

void Connection::Start(Worker::Connections::iterator place) {
  place_ = place;
  SetDeadline(worker_.options().header_timeout);
  Await(Socket::wait_read, awaiting_read_);
}

void Connection::Run() {
  steps_ = 0;
  try {
    for (;;) {
      switch (Step()) {
        case Next::kGoOn:
          break;
        case Next::kAwaitRead:
          return Await(Socket::wait_read, awaiting_read_);
        case Next::kAwaitWrite:
          return Await(Socket::wait_write, awaiting_write_);
        case Next::kYield:
          boost::asio::post(socket_.get_executor(), [self = shared_from_this()] { self->Run(); });
          return;
        case Next::kStop:
          return;
      }
    }
  } catch (const std::exception& error) {
    log::Error("http_connection_failed", {{"error", log::Safe(error.what())}});
    Close();
  }
}

Connection::Next Connection::Step() {
  switch (phase_) {
    case Phase::kHandshake:
      return Handshake();
    case Phase::kReading:
      return Read();
    case Phase::kWriting:
      return Write();
    case Phase::kClosing:
      return Discard();
    case Phase::kHandling:
    case Phase::kClosed:
      break;
  }
  return Next::kStop;
}

Connection::Next Connection::Handshake() {
  const Io io = transport_->Handshake();
  if (io != Io::kDone) return After(io);
  subject_ = transport_->PeerSubject();
  phase_ = Phase::kReading;
  return Next::kGoOn;
}

Connection::Next Connection::After(Io io) {
  switch (io) {
    case Io::kDone:
      return Next::kGoOn;
    case Io::kWantRead:
      return Next::kAwaitRead;
    case Io::kWantWrite:
      return Next::kAwaitWrite;
    case Io::kClosed:
      break;
  }
  Close();
  return Next::kStop;
}

Connection::Next Connection::Read() {
  if (++steps_ > kStepsBeforeYield) return Next::kYield;
  if (std::exchange(pipelined_, false)) {
    parsed_ += parser_.Put(Unparsed());
    return AfterParsing();
  }
  char* const buffer = worker_.read_buffer();
  const std::size_t kept = Unparsed().size();
  if (kept == worker_.read_buffer_size()) {
    Refuse(400, "the request is malformed");
    return Next::kGoOn;
  }
  std::size_t got = 0;
  const Io io = transport_->Read(buffer + kept, worker_.read_buffer_size() - kept, got);
  if (io != Io::kDone) return After(io);
  Unparsed().copy(buffer, kept);
  const std::string_view data(buffer, kept + got);
  unparsed_.assign(data.substr(parser_.Put(data)));
  parsed_ = 0;
  return AfterParsing();
}

Connection::Next Connection::AfterParsing() {
  if (parser_.failed()) {
    Refuse(parser_.error_status(), parser_.error_reason());
    return Next::kGoOn;
  }
  if (parser_.done()) return Dispatch();
  if (parser_.header_done() && !body_begun_ && !Admitted()) return Next::kGoOn;
  AdvanceDeadline();
  if (parser_.awaits_continue() && !continue_sent_) {
    SendContinue();
    return Next::kGoOn;
  }
  return transport_->MayHoldMore() ? Next::kGoOn : Next::kAwaitRead;
}

// False, and the answer is on its way, if the body is not to be read.
bool Connection::Admitted() {
  const Admit& admit = worker_.options().admit;
  if (!admit) return true;
  std::optional<Response> refusal = admit(parser_.head());
  if (!refusal) return true;
  keep_alive_ = false;
  head_only_ = parser_.head().verb == Verb::kHead;
  Answer(*std::move(refusal));
  return false;
}

void Connection::AdvanceDeadline() {
  if (parser_.started() && !begun_) {
    begun_ = true;
    SetDeadline(worker_.options().header_timeout);
  }
  if (parser_.header_done() && !body_begun_) {
    body_begun_ = true;
    SetDeadline(worker_.options().body_timeout);
  }
}

Connection::Next Connection::Dispatch() {
  RequestParser::Parsed parsed = parser_.Take();
  begun_ = body_begun_ = continue_sent_ = false;
  keep_alive_ = parsed.keep_alive;
  http_1_0_ = parsed.http_1_0;
  head_only_ = parsed.request.verb == Verb::kHead;
  parsed.request.peer = peer_;
  parsed.request.client_certificate_subject = subject_;
  phase_ = Phase::kHandling;
  in_handler_ = true;
  try {
    worker_.handler()(std::move(parsed.request), Ticket(worker_.mailbox(), weak_from_this()));
  } catch (const std::exception& error) {
    // Its Respond went with it, which answers 500.
    log::Error("http_handler_threw", {{"error", log::Safe(error.what())}});
  }
  in_handler_ = false;
  return phase_ == Phase::kHandling ? Next::kStop : Next::kGoOn;
}

void Connection::Deliver(std::optional<Response> response) {
  if (phase_ != Phase::kHandling) return;
  if (response.has_value() && response->status >= 200 && response->status <= 599) {
    Answer(std::move(*response));
  } else {
    Refuse(500, "the request could not be answered");
  }
  if (!in_handler_) Run();
}

void Connection::Refuse(int status, std::string_view reason) {
  keep_alive_ = false;
  const auto& writer = worker_.options().error_response;
  Response response;
  if (writer) {
    response = writer(status, reason);
  } else {
    response.content_type = "text/plain; charset=utf-8";
    response.body.append(reason).append("\n");
  }
  response.status = status;
  Answer(std::move(response));
}

void Connection::Answer(Response response) {
  keep_alive_ = keep_alive_ && !worker_.draining();
  Persistence persistence = Persistence::kClose;
  if (keep_alive_) {
    persistence = http_1_0_ ? Persistence::kKeepAlive1_0 : Persistence::kKeepAlive;
  }
  head_ = WriteHead(response, worker_.date(), persistence);
  body_ = std::move(response.body);
  if (head_only_ || !StatusHasBody(response.status)) body_.clear();
  if (body_.size() <= kJoinedBody) {
    head_ += body_;
    body_.clear();
  }
  written_ = 0;
  phase_ = Phase::kWriting;
  SetDeadline(worker_.options().body_timeout);
}

void Connection::SendContinue() {
  continue_sent_ = true;
  interim_ = true;
  head_ = "HTTP/1.1 100 Continue\r\n\r\n";
  body_.clear();
  written_ = 0;
  phase_ = Phase::kWriting;
}

Connection::Next Connection::Write() {
  const std::string_view head = std::string_view(head_).substr(std::min(written_, head_.size()));
  const std::string_view body =
      std::string_view(body_).substr(written_ > head_.size() ? written_ - head_.size() : 0);
  std::size_t put = 0;
  const Io io = transport_->Write(head, body, put);
  if (io != Io::kDone) return After(io);
  written_ += put;
  if (written_ == head_.size() + body_.size()) return AfterWriting();
  if (!interim_) SetDeadline(worker_.options().body_timeout);
  return Next::kGoOn;
}

Connection::Next Connection::AfterWriting() {
  phase_ = Phase::kReading;
  if (interim_) {
    interim_ = false;
    return Next::kGoOn;
  }
  body_ = std::string();  // an idle connection holds no memory of its last answer
  if (!keep_alive_ || worker_.draining()) {
    BeginClosing();
    return Next::kGoOn;
  }
  SetDeadline(worker_.options().idle_timeout);
  pipelined_ = !Unparsed().empty();
  return pipelined_ || transport_->MayHoldMore() ? Next::kGoOn : Next::kAwaitRead;
}

void Connection::BeginClosing() {
  // Closing with bytes unread would reset the connection, and the peer might lose the answer.
  transport_->ShutDownWrite();
  phase_ = Phase::kClosing;
  SetDeadline(kClosingTimeout);
}

Connection::Next Connection::Discard() {
  if (++steps_ > kStepsBeforeYield) return Next::kYield;
  return After(transport_->Discard(worker_.read_buffer(), worker_.read_buffer_size()));
}

void Connection::Drain() {
  if (Idle()) Close();
}

bool Connection::Idle() const {
  return phase_ == Phase::kHandshake ||
         (phase_ == Phase::kReading && !parser_.started() && Unparsed().empty());
}

void Connection::CheckDeadline(std::chrono::steady_clock::time_point now) {
  if (phase_ == Phase::kHandling || now < deadline_) return;
  if (phase_ != Phase::kReading || Idle()) return Close();
  Refuse(408, "the request did not arrive in time");
  Run();
}

void Connection::Await(Socket::wait_type what, bool& awaiting) {
  if (awaiting) return;
  awaiting = true;
  socket_.async_wait(
      what, [self = shared_from_this(), &awaiting](const boost::system::error_code& error) {
        awaiting = false;
        if (error) {
          self->Close();
        } else {
          self->Run();
        }
      });
}

void Connection::Close() {
  if (phase_ == Phase::kClosed) return;
  phase_ = Phase::kClosed;
  boost::system::error_code ignored;
  socket_.close(ignored);
  worker_.Remove(place_);
}

void Connection::SetDeadline(std::chrono::milliseconds from_now) {
  deadline_ = std::chrono::steady_clock::now() + from_now;
}

}  // namespace handoff::http
