// Response to the bytes of its status line and fields.
#pragma once

#include <string>
#include <string_view>

#include "gateway/http/message.h"

namespace handoff::http {

enum class Persistence {
  kClose,         // says "Connection: close"
  kKeepAlive,     // HTTP/1.1: says nothing
  kKeepAlive1_0,  // HTTP/1.0: says "Connection: keep-alive"
};

// RFC 9110: these have no body, whatever a handler gives them.
bool StatusHasBody(int status);

// `date` is an HTTP date. Fields with a control character are left out: a value taken from a
// request cannot split the answer.
std::string WriteHead(const Response& response, std::string_view date, Persistence persistence);

}  // namespace handoff::http
