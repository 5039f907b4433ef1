#include "gateway/http/http_server.h"

#include <chrono>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/status_matchers.h"
#include "tests/unit/http/test_client.h"

namespace handoff::http {
namespace {

using ::handoff::testing::ClientResponse;
using ::handoff::testing::StatusIs;
using ::handoff::testing::TestClient;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

using std::chrono::milliseconds;
using std::chrono::seconds;

void Echo(Request request, Respond respond) {
  Response response;
  response.content_type = "text/plain";
  response.headers.emplace_back("X-Target", request.target);
  response.body = std::move(request.body);
  respond(std::move(response));
}

std::unique_ptr<HttpServer> StartServer(HttpServerOptions options, Handler handler = Echo) {
  auto server = HttpServer::Start(std::move(options), std::move(handler));
  EXPECT_THAT(server, ::handoff::testing::IsOk());
  return server.ok() ? *std::move(server) : nullptr;
}

std::string Get(std::string_view target, std::string_view fields = {}) {
  return std::string("GET ").append(target).append(" HTTP/1.1\r\nHost: a\r\n").append(fields) +
         "\r\n";
}

std::string Post(std::string_view body, std::string_view fields = {}) {
  return std::string("POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: ")
      .append(std::to_string(body.size()))
      .append("\r\n")
      .append(fields)
      .append("\r\n")
      .append(body);
}

// Holds the Responds of a handler until the test answers them.
class Held {
 public:
  Handler handler() {
    return [this](const Request&, Respond respond) {
      const absl::MutexLock lock(&mutex_);
      waiting_.push_back(std::move(respond));
    };
  }
  Respond Take() {
    const absl::MutexLock lock(&mutex_);
    const auto some = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return !waiting_.empty(); };
    mutex_.Await(absl::Condition(&some));
    Respond first = std::move(waiting_.front());
    waiting_.erase(waiting_.begin());
    return first;
  }

 private:
  absl::Mutex mutex_;
  std::vector<Respond> waiting_ ABSL_GUARDED_BY(mutex_);
};

TEST(HttpServerTest, AnswersOverOneKeptConnection) {
  const auto server = StartServer({});
  TestClient client(server->port());
  for (int i = 0; i < 3; ++i) {
    const ClientResponse response = client.Ask(Post("body " + std::to_string(i)));
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "body " + std::to_string(i));
    EXPECT_THAT(response.head, HasSubstr("\r\nContent-Type: text/plain\r\n"));
    EXPECT_THAT(response.head, HasSubstr("\r\nDate: "));
    EXPECT_THAT(response.head, Not(HasSubstr("Connection:")));
  }
}

TEST(HttpServerTest, ReadsNoBodyThatIsNotAdmitted) {
  HttpServerOptions options;
  options.admit = [](const Request& head) -> std::optional<Response> {
    if (head.headers.Get("Authorization") == "known") return std::nullopt;
    EXPECT_EQ(head.path(), "/fhir");
    return Response{.status = 401, .body = "who are you?"};
  };
  const auto server = StartServer(options);
  for (const char* more : {"", "Expect: 100-continue\r\n"}) {
    TestClient client(server->port());
    // Nothing of the body is sent, or ever read.
    client.Send(std::string("POST /fhir HTTP/1.1\r\nHost: a\r\n") + more +
                "Content-Length: 5000000\r\n\r\n");
    const ClientResponse response = client.Read();
    EXPECT_EQ(response.status, 401);
    EXPECT_EQ(response.body, "who are you?");
    EXPECT_THAT(response.head, HasSubstr("Connection: close"));
  }
  TestClient client(server->port());
  client.Send(
      "POST /fhir HTTP/1.1\r\nHost: a\r\nAuthorization: known\r\nContent-Length: 4\r\n\r\n");
  client.Send("body");
  EXPECT_EQ(client.Read().body, "body");
}

TEST(HttpServerTest, GivesTheHandlerWhatWasSent) {
  std::promise<Request> seen;
  const auto server = StartServer({}, [&](Request request, Respond respond) {
    seen.set_value(std::move(request));
    respond({});
  });
  TestClient client(server->port());
  client.Ask(
      "PUT /fhir/Goal/7?x=%20y HTTP/1.1\r\nhOST: a\r\nIf-Match: W/\"3\"\r\nX: 1\r\nx: 2\r\n"
      "Content-Length: 2\r\n\r\n{}");
  const Request request = seen.get_future().get();
  EXPECT_EQ(request.verb, Verb::kPut);
  EXPECT_EQ(request.target, "/fhir/Goal/7?x=%20y");
  EXPECT_EQ(request.path(), "/fhir/Goal/7");
  EXPECT_EQ(request.query(), "x=%20y");
  EXPECT_EQ(request.headers.Get("if-match"), "W/\"3\"");
  EXPECT_THAT(request.headers.All("X"), ::testing::ElementsAre("1", "2"));
  EXPECT_EQ(request.body, "{}");
  EXPECT_THAT(request.peer, StartsWith("127.0.0.1:"));
  EXPECT_EQ(request.client_certificate_subject, "");
}

TEST(HttpServerTest, AnswersPipelinedRequestsInOrder) {
  Held held;
  const auto server = StartServer({}, held.handler());
  TestClient client(server->port());
  client.Send(Get("/1") + Get("/2") + Get("/3"));
  std::thread answers([&] {
    for (const char* body : {"one", "two", "three"}) held.Take()({.body = body});
  });
  EXPECT_EQ(client.Read().body, "one");
  EXPECT_EQ(client.Read().body, "two");
  EXPECT_EQ(client.Read().body, "three");
  answers.join();
}

TEST(HttpServerTest, AnswersALongPipelineWithoutDeepRecursion) {
  const auto server = StartServer({});
  TestClient client(server->port());
  constexpr int kRequests = 5000;
  std::string burst;
  for (int i = 0; i < kRequests; ++i) burst += Get("/" + std::to_string(i));
  std::thread sender([&] { EXPECT_TRUE(client.Send(burst)); });
  for (int i = 0; i < kRequests; ++i) {
    ASSERT_THAT(client.Read().head, HasSubstr("X-Target: /" + std::to_string(i) + "\r\n"));
  }
  sender.join();
}

TEST(HttpServerTest, ReadsARequestThatArrivesByteByByte) {
  const auto server = StartServer({});
  TestClient client(server->port());
  for (const char c : Post("slow")) client.Send({&c, 1});
  EXPECT_EQ(client.Read().body, "slow");
}

TEST(HttpServerTest, ReadsAChunkedBodyAndDropsItsTrailers) {
  const auto server = StartServer({}, [](const Request& request, Respond respond) {
    respond({.body = request.body + "|" + std::string(request.headers.Get("X-Role"))});
  });
  TestClient client(server->port());
  const std::string request =
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\nX-Role: admin\r\n\r\n";
  EXPECT_EQ(client.Ask(request).body, "abcde|");
  EXPECT_EQ(client.Ask(request).body, "abcde|");
}

TEST(HttpServerTest, TakesABodyAtTheLimitAndRefusesOneByteMore) {
  const auto server = StartServer({.max_body_bytes = 1000});
  TestClient at_limit(server->port());
  EXPECT_EQ(at_limit.Ask(Post(std::string(1000, 'x'))).status, 200);
  TestClient above(server->port());
  EXPECT_EQ(above.Ask(Post(std::string(1001, 'x'))).status, 413);
  EXPECT_TRUE(above.Ended());
  TestClient chunked(server->port());
  const std::string chunks =
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1f4\r\n" +
      std::string(500, 'x') + "\r\n1f5\r\n";
  EXPECT_EQ(chunked.Ask(chunks).status, 413);
}

TEST(HttpServerTest, RefusesATooLargeBodyBeforeItIsSent) {
  const auto server = StartServer({.max_body_bytes = 1000});
  TestClient client(server->port());
  const ClientResponse response = client.Ask(
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(response.status, 413);
  EXPECT_THAT(response.head, HasSubstr("Connection: close"));
}

TEST(HttpServerTest, AnswersThePeerThatStillSendsATooLargeBody) {
  const auto server = StartServer({.max_body_bytes = 1000});
  TestClient client(server->port());
  EXPECT_EQ(client.Ask(Post(std::string(4 << 20, 'x'))).status, 413);
}

TEST(HttpServerTest, RefusesHeaderFieldsAboveTheLimit) {
  const auto server = StartServer({.max_header_bytes = 4096});
  TestClient fits(server->port());
  EXPECT_EQ(fits.Ask(Get("/", "A: " + std::string(4000, 'x') + "\r\n")).status, 200);
  TestClient one_long(server->port());
  EXPECT_EQ(one_long.Ask(Get("/", "A: " + std::string(5000, 'x') + "\r\n")).status, 431);
  TestClient long_target(server->port());
  EXPECT_EQ(long_target.Ask(Get("/" + std::string(5000, 'x'))).status, 431);
  TestClient many(server->port());
  std::string fields;
  for (int i = 0; i < 500; ++i) fields += "A: 12345\r\n";
  EXPECT_EQ(many.Ask(Get("/", fields)).status, 431);
  TestClient endless(server->port());
  endless.Send("GET / HTTP/1.1\r\nHost: a\r\n");
  for (int i = 0; i < 500; ++i) endless.Send("A: 12345\r\n");
  EXPECT_EQ(endless.Read().status, 431);
}

TEST(HttpServerTest, RefusesWhatIsNotARequestOrAmbiguous) {
  const auto server = StartServer({});
  const auto status = [&](std::string_view bytes) {
    TestClient client(server->port());
    const int answer = client.Ask(bytes).status;
    EXPECT_TRUE(client.Ended()) << bytes;
    return answer;
  };
  EXPECT_EQ(status("hello\r\n\r\n"), 400);
  EXPECT_EQ(status("GET / HTTP/1.1\r\n\r\n"), 400) << "no Host";
  EXPECT_EQ(status(Get("/", "Host: b\r\n")), 400) << "two Hosts";
  EXPECT_EQ(status(Get("/", "Bad Name: b\r\n")), 400);
  EXPECT_EQ(status(Get("relative")), 400);
  EXPECT_EQ(status(Get("ftp://x/y")), 400);
  EXPECT_EQ(status("CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(status("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505);
  EXPECT_EQ(status(Get("/", "Content-Length: 1x\r\n")), 400);
  EXPECT_EQ(status(Get("/", "Content-Length: 1\r\nContent-Length: 2\r\n")), 400);
  EXPECT_EQ(status(Get("/", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n")), 400);
  EXPECT_EQ(status(Get("/", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n")), 400);
  EXPECT_EQ(status(Get("/", "Transfer-Encoding: gzip\r\n")), 501);
  EXPECT_EQ(status(Get("/", "Transfer-Encoding: chunked, gzip\r\n")), 501);
  EXPECT_EQ(status(Get("/", "Transfer-Encoding: gzip, chunked\r\n")), 501);
  EXPECT_EQ(status("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400);
  EXPECT_EQ(status(Get("/", "Expect: a miracle\r\n")), 417);
  EXPECT_EQ(status("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n"),
            400);
}

TEST(HttpServerTest, TakesAnAbsoluteTarget) {
  const auto server = StartServer({});
  TestClient client(server->port());
  EXPECT_THAT(client.Ask(Get("http://a:80/x?y=1")).head, HasSubstr("X-Target: /x?y=1\r\n"));
  EXPECT_THAT(client.Ask(Get("HTTPS://a")).head, HasSubstr("X-Target: /\r\n"));
}

TEST(HttpServerTest, InvitesTheBodyOfAPeerThatAsksFirst) {
  const auto server = StartServer({});
  TestClient client(server->port());
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.Read().status, 100);
  const ClientResponse response = client.Ask("body");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "body");
  EXPECT_EQ(client.Ask(Post("at once", "Expect: 100-continue\r\n")).status, 200);
}

TEST(HttpServerTest, ClosesWhenThePeerAsksOrSpeaksHttp10) {
  const auto server = StartServer({});
  TestClient asks(server->port());
  EXPECT_THAT(asks.Ask(Get("/", "Connection: close\r\n")).head, HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(asks.Ended());
  TestClient old(server->port());
  EXPECT_EQ(old.Ask("GET / HTTP/1.0\r\n\r\n").status, 200);
  EXPECT_TRUE(old.Ended());
  TestClient old_kept(server->port());
  const std::string request = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
  EXPECT_THAT(old_kept.Ask(request).head, HasSubstr("Connection: keep-alive\r\n"));
  EXPECT_EQ(old_kept.Ask(request).status, 200);
}

TEST(HttpServerTest, AnswersAPeerThatHasClosedItsSide) {
  const auto server = StartServer({});
  TestClient client(server->port());
  client.Send(Post("last"));
  client.ShutDownWrite();
  EXPECT_EQ(client.Read().body, "last");
  EXPECT_TRUE(client.Ended());
}

TEST(HttpServerTest, SendsNoBodyWhereHttpAllowsNone) {
  const auto server = StartServer({}, [](const Request& request, Respond respond) {
    respond({.status = request.verb == Verb::kHead ? 200 : 204, .body = "12345"});
  });
  TestClient client(server->port());
  client.Send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(client.Read(false).head, HasSubstr("Content-Length: 5\r\n"));
  const ClientResponse empty = client.Ask(Get("/"));
  EXPECT_EQ(empty.status, 204);
  EXPECT_THAT(empty.head, Not(HasSubstr("Content-Length")));
  EXPECT_EQ(client.Ask(Get("/")).status, 204);
}

TEST(HttpServerTest, LeavesOutAFieldThatWouldSplitTheAnswer) {
  const auto server = StartServer({}, [](const Request&, Respond respond) {
    Response response;
    response.headers.emplace_back("Location", "/x\r\nSet-Cookie: a=b");
    response.headers.emplace_back("ETag", "W/\"1\"");
    respond(std::move(response));
  });
  TestClient client(server->port());
  const ClientResponse response = client.Ask(Get("/"));
  EXPECT_THAT(response.head, Not(HasSubstr("Set-Cookie")));
  EXPECT_THAT(response.head, HasSubstr("ETag: W/\"1\""));
}

TEST(HttpServerTest, SendsALargeAnswerToAPeerThatReadsLate) {
  std::string large(12 << 20, 'x');
  for (std::size_t i = 0; i < large.size(); i += 4096)
    large[i] = static_cast<char>('a' + i / 4096 % 26);
  const auto server =
      StartServer({}, [&](const Request&, Respond respond) { respond({.body = large}); });
  TestClient client(server->port());
  client.Send(Get("/1") + Get("/2"));
  EXPECT_TRUE(client.Read().body == large);
  EXPECT_TRUE(client.Read().body == large);
}

TEST(HttpServerTest, WritesItsOwnAnswersThroughTheHook) {
  HttpServerOptions options;
  options.error_response = [](int status, std::string_view reason) {
    return Response{.content_type = "application/fhir+json",
                    .body = std::to_string(status) + " " + std::string(reason)};
  };
  const auto server = StartServer(std::move(options));
  TestClient client(server->port());
  const ClientResponse response = client.Ask("nonsense\r\n\r\n");
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.body, "400 the request is malformed");
  EXPECT_THAT(response.head, HasSubstr("application/fhir+json"));
}

TEST(HttpServerTest, Answers500WhenTheHandlerForgetsThrowsOrErrs) {
  const auto server = StartServer({}, [](const Request& request, Respond respond) {
    if (request.target == "/throw") throw std::runtime_error("test");
    if (request.target == "/errs") respond({.status = 99});
  });
  for (const char* target : {"/forget", "/throw", "/errs"}) {
    TestClient client(server->port());
    EXPECT_EQ(client.Ask(Get(target)).status, 500) << target;
    EXPECT_TRUE(client.Ended());
  }
}

TEST(HttpServerTest, IgnoresASecondAnswer) {
  const auto server = StartServer({}, [](const Request&, Respond respond) {
    respond({.body = "first"});
    respond({.body = "second"});
  });
  TestClient client(server->port());
  EXPECT_EQ(client.Ask(Get("/")).body, "first");
  EXPECT_EQ(client.Ask(Get("/")).body, "first");
}

TEST(HttpServerTest, EndsPeersThatAreTooSlow) {
  const auto server = StartServer({.header_timeout = milliseconds(40),
                                   .body_timeout = milliseconds(40),
                                   .idle_timeout = milliseconds(40)});
  TestClient silent(server->port());
  EXPECT_TRUE(silent.Ended());
  TestClient slow_header(server->port());
  EXPECT_EQ(slow_header.Ask("GET / HT").status, 408);
  EXPECT_TRUE(slow_header.Ended());
  TestClient slow_body(server->port());
  EXPECT_EQ(slow_body.Ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx").status, 408);
  EXPECT_TRUE(slow_body.Ended());
  TestClient idle(server->port());
  EXPECT_EQ(idle.Ask(Get("/")).status, 200);
  EXPECT_TRUE(idle.Ended());
}

TEST(HttpServerTest, DoesNotTimeOutAHandler) {
  Held held;
  const auto server = StartServer({.header_timeout = milliseconds(20),
                                   .body_timeout = milliseconds(20),
                                   .idle_timeout = milliseconds(20)},
                                  held.handler());
  TestClient client(server->port());
  client.Send(Get("/"));
  Respond respond = held.Take();
  // The other connection outlives several looks at the deadlines.
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(TestClient(server->port()).Ended());
  respond({.body = "late"});
  EXPECT_EQ(client.Read().body, "late");
}

TEST(HttpServerTest, DropsAnAnswerToAPeerThatHasGone) {
  Held held;
  const auto server = StartServer({}, held.handler());
  {
    TestClient client(server->port());
    client.Send(Get("/"));
    Respond respond = held.Take();
    client.Close();
    respond({.body = std::string(1 << 20, 'x')});
  }
  TestClient next(server->port());
  next.Send(Get("/"));
  held.Take()({.body = "still here"});
  EXPECT_EQ(next.Read().body, "still here");
}

TEST(HttpServerTest, AnswersWhatIsInFlightWhenStopped) {
  Held held;
  auto server = StartServer({}, held.handler());
  TestClient busy(server->port());
  TestClient idle(server->port());
  busy.Send(Get("/"));
  idle.Send(Get("/"));
  std::vector<Respond> responds;
  responds.push_back(held.Take());
  responds.push_back(held.Take());
  responds[1]({.body = "b"});
  responds[0]({.body = "a"});
  EXPECT_EQ(busy.Read().status, 200);
  EXPECT_EQ(idle.Read().status, 200);

  busy.Send(Get("/"));
  Respond respond = held.Take();
  std::thread stopping([&] { server->Stop(seconds(20)); });
  EXPECT_TRUE(idle.Ended());
  respond({.body = "in time"});
  const ClientResponse response = busy.Read();
  EXPECT_EQ(response.body, "in time");
  EXPECT_THAT(response.head, HasSubstr("Connection: close"));
  busy.Close();
  stopping.join();
  EXPECT_FALSE(TestClient(server->port()).connected());
}

TEST(HttpServerTest, CutsOffWhatIsNotAnsweredInTime) {
  Held held;
  auto server = StartServer({}, held.handler());
  TestClient client(server->port());
  client.Send(Get("/"));
  Respond respond = held.Take();
  server->Stop(milliseconds(1));
  EXPECT_EQ(client.Read().status, 0);
  respond({.body = "too late"});
  server.reset();
  Respond unused = std::move(respond);
}

TEST(HttpServerTest, TakesAnswersAfterItHasGone) {
  Held held;
  auto server = StartServer({}, held.handler());
  TestClient client(server->port());
  client.Send(Get("/"));
  Respond respond = held.Take();
  server.reset();
  respond({});
}

TEST(HttpServerTest, RefusesConnectionsBeyondTheBound) {
  const auto server = StartServer({.max_connections = 2});
  auto first = std::make_unique<TestClient>(server->port());
  TestClient second(server->port());
  EXPECT_EQ(first->Ask(Get("/")).status, 200);
  EXPECT_EQ(second.Ask(Get("/")).status, 200);
  EXPECT_EQ(server->open_connections(), 2U);
  TestClient third(server->port());
  EXPECT_EQ(third.Read().status, 503);
  first.reset();
  for (;;) {  // until the server has noticed
    TestClient again(server->port());
    if (again.Ask(Get("/")).status == 200) break;
  }
  EXPECT_EQ(second.Ask(Get("/")).status, 200);
}

TEST(HttpServerTest, ServesManyConnectionsOnSeveralThreads) {
  absl::Mutex mutex;
  std::vector<std::thread> answering;
  const auto server = StartServer({.threads = 3}, [&](Request request, Respond respond) {
    if (request.target == "/inline") return Echo(std::move(request), std::move(respond));
    const absl::MutexLock lock(&mutex);
    answering.emplace_back([request = std::move(request), respond = std::move(respond)]() mutable {
      Echo(std::move(request), std::move(respond));
    });
  });
  std::vector<std::thread> clients;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&, i] {
      std::vector<std::unique_ptr<TestClient>> open;
      for (int c = 0; c < 16; ++c) open.push_back(std::make_unique<TestClient>(server->port()));
      for (int round = 0; round < 3; ++round) {
        for (auto& client : open) client->Send(Post(std::to_string(i)) + Get("/inline"));
        for (auto& client : open) {
          EXPECT_EQ(client->Read().body, std::to_string(i));
          EXPECT_EQ(client->Read().status, 200);
        }
      }
    });
  }
  for (std::thread& client : clients) client.join();
  const absl::MutexLock lock(&mutex);
  for (std::thread& thread : answering) thread.join();
}

TEST(HttpServerTest, ServesIpv6) {
  const auto server = HttpServer::Start({.address = "::1"}, Echo);
  if (!server.ok()) GTEST_SKIP() << "this machine has no IPv6";
  EXPECT_NE((*server)->port(), 0);
}

TEST(HttpServerTest, SaysWhyItCannotStart) {
  const auto server = StartServer({.threads = 2});
  EXPECT_THAT(HttpServer::Start({.port = server->port()}, Echo),
              StatusIs(absl::StatusCode::kAlreadyExists, std::to_string(server->port())));
  EXPECT_THAT(HttpServer::Start({.address = "localhost"}, Echo),
              StatusIs(absl::StatusCode::kInvalidArgument, "localhost"));
  EXPECT_THAT(HttpServer::Start({.threads = 0}, Echo),
              StatusIs(absl::StatusCode::kInvalidArgument, "threads"));
  EXPECT_THAT(HttpServer::Start({.threads = 65}, Echo),
              StatusIs(absl::StatusCode::kInvalidArgument, "threads"));
  EXPECT_THAT(HttpServer::Start({.max_header_bytes = 1023}, Echo),
              StatusIs(absl::StatusCode::kInvalidArgument, "max_header_bytes"));
  EXPECT_THAT(HttpServer::Start({.idle_timeout = milliseconds(0)}, Echo),
              StatusIs(absl::StatusCode::kInvalidArgument, "timeout"));
}

}  // namespace
}  // namespace handoff::http
