#include "gateway/http/request_parser.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace handoff::http {
namespace {

constexpr std::size_t kHeaderLimit = 1024;
constexpr std::size_t kBodyLimit = 64;

// What came of a stream of bytes: one line a request, and the refusal that ended it.
std::string Summary(std::string_view stream, std::size_t first_part) {
  RequestParser parser(kHeaderLimit, kBodyLimit);
  std::string out;
  std::string pending;
  for (std::string_view part : {stream.substr(0, first_part), stream.substr(first_part)}) {
    pending += part;
    for (;;) {
      const std::size_t used = parser.Put(pending);
      pending.erase(0, used);
      if (parser.failed()) return out + std::to_string(parser.error_status());
      if (!parser.done()) break;
      const RequestParser::Parsed parsed = parser.Take();
      out += parsed.request.target + " " + std::to_string(parsed.request.headers.size()) + " " +
             parsed.request.body + (parsed.keep_alive ? " keep\n" : " close\n");
    }
  }
  return out + (parser.started() ? "partial" : "");
}

std::string Chunked(std::string_view chunks) {
  return std::string("POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
      .append(chunks);
}

// Invariant: how the network cuts a stream never changes what it means.
TEST(RequestParserTest, ReadsTheSameHoweverTheBytesArrive) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"GET /a HTTP/1.1\r\nHost: a\r\n\r\n", "/a 1  keep\n"},
      {"\r\n\r\nGET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "/a 2  close\n"},
      {"POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", "/b 2 hello keep\n"},
      {"POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET /a HTTP/1.1\r\nHost: "
       "a\r\n\r\n",
       "/b 2 hello keep\n/a 1  keep\n"},
      {Chunked("0\r\n\r\n"), "/c 2  keep\n"},
      {Chunked("0\r\nTrailer: x\r\n\r\n"), "/c 2  keep\n"},
      {Chunked("3\r\nabc\r\n0\r\n\r\n") + Chunked("1\r\nz\r\n2\r\nyx\r\n0\r\n\r\n"),
       "/c 2 abc keep\n/c 2 zyx keep\n"},
      {Chunked("3;a=b\r\nabc\r\n0;c\r\nA: b\r\nC: d\r\n\r\n"), "/c 2 abc keep\n"},
      {Chunked("41\r\nabc"), "413"},
      {Chunked("3\r\nabcd\r\n0\r\n\r\n"), "400"},
      {"GET /a HTTP/1.1\r\nHost: a\r\nA: b\r\n c\r\n\r\n", "/a 2  keep\n"},
      {"GET /a HTTP/1.1\r\nHost: a\r\nContent-Length: 65\r\n\r\n", "413"},
      {"GET /a HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "400"},
      {"GET /a HTTP/3.1\r\nHost: a\r\n\r\n", "505"},
      {"GET /a HTTP/1.1\r\nHost: a\r\nX: \x01\r\n\r\n", "400"},
  };
  for (const auto& [stream, expected] : cases) {
    for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
      ASSERT_EQ(Summary(stream, cut), expected) << "cut at " << cut << " of:\n" << stream;
    }
  }
}

TEST(RequestParserTest, CountsTheHeaderHoweverItArrives) {
  RequestParser parser(kHeaderLimit, kBodyLimit);
  parser.Put("GET / HTTP/1.1\r\n");
  int fields = 0;
  while (!parser.failed() && fields < 1000) {
    parser.Put("A: 1234\r\n\r");  // the last byte is not taken, as it may end the header
    ++fields;
  }
  EXPECT_EQ(parser.error_status(), 431);
  EXPECT_LT(fields, 130);
}

TEST(RequestParserTest, CountsThePaddingOfFields) {
  RequestParser parser(kHeaderLimit, kBodyLimit);
  parser.Put("GET / HTTP/1.1\r\n");
  int fields = 0;
  while (!parser.failed() && fields < 1000) {
    parser.Put("A:" + std::string(500, ' ') + "b\r\n\r");
    ++fields;
  }
  EXPECT_EQ(parser.error_status(), 431);
  EXPECT_LE(fields, 3);
}

TEST(RequestParserTest, TakesAHeaderAtTheLimitAndRefusesOneMore) {
  const std::string_view frame = "GET / HTTP/1.1\r\nHost: a\r\nA: \r\n\r\n";
  const auto with = [&](std::size_t size) {
    return "GET / HTTP/1.1\r\nHost: a\r\nA: " + std::string(size - frame.size(), 'x') + "\r\n\r\n";
  };
  EXPECT_EQ(Summary(with(kHeaderLimit), 0), "/ 2  keep\n");
  EXPECT_EQ(Summary(with(kHeaderLimit + 32), 0), "431");
}

TEST(RequestParserTest, SaysWhenThePeerWaitsForAnInvitation) {
  RequestParser parser(kHeaderLimit, kBodyLimit);
  parser.Put("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-Continue\r\n\r\n");
  EXPECT_TRUE(parser.header_done());
  EXPECT_TRUE(parser.awaits_continue());
  parser.Put("x");
  EXPECT_FALSE(parser.awaits_continue());
  parser.Put("y");
  EXPECT_TRUE(parser.done());
}

}  // namespace
}  // namespace handoff::http
