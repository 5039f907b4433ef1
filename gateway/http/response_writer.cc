#include "gateway/http/response_writer.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <ostream>  // Boost 1.81 status.hpp uses it and does not include it
#include <string>
#include <string_view>

#include <boost/beast/http/status.hpp>

namespace handoff::http {

namespace {

void AppendNumber(std::string& out, std::size_t number) {
  char digits[24];
  const auto end = std::to_chars(std::begin(digits), std::end(digits), number);
  out.append(digits, end.ptr);
}

bool HasControl(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7f;
  });
}

void AppendField(std::string& out, std::string_view name, std::string_view value) {
  if (name.empty() || HasControl(name) || HasControl(value)) return;
  out.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

bool StatusHasBody(int status) { return status >= 200 && status != 204 && status != 304; }

std::string WriteHead(const Response& response, std::string_view date, Persistence persistence) {
  const auto reason = boost::beast::http::obsolete_reason(
      boost::beast::http::int_to_status(static_cast<unsigned>(response.status)));
  std::string out;
  out.reserve(256);
  out.append("HTTP/1.1 ");
  AppendNumber(out, static_cast<std::size_t>(response.status));
  out.append(" ").append(reason.data(), reason.size()).append("\r\n");
  AppendField(out, "Date", date);
  if (!response.content_type.empty()) AppendField(out, "Content-Type", response.content_type);
  for (const auto& [name, value] : response.headers) AppendField(out, name, value);
  if (StatusHasBody(response.status)) {
    out.append("Content-Length: ");
    AppendNumber(out, response.body.size());
    out.append("\r\n");
  }
  if (persistence == Persistence::kClose) out.append("Connection: close\r\n");
  if (persistence == Persistence::kKeepAlive1_0) out.append("Connection: keep-alive\r\n");
  out.append("\r\n");
  return out;
}

}  // namespace handoff::http
