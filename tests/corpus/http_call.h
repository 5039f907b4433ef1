// One HTTP call, whatever it is: tests ask for what no honest client would.
#pragma once

#include <string>
#include <vector>

namespace handoff::testing {

struct HttpCall {
  std::string method = "GET";
  std::string path;  // below the base, with its query: "/Patient/7"
  std::string body;
  std::vector<std::string> headers;  // "If-Match: W/\"3\""
};

struct HttpAnswer {
  int status = 0;  // 0: no answer
  std::string headers;
  std::string body;
};

HttpAnswer Perform(const std::string& base_url, const std::string& token, const HttpCall& call);

}  // namespace handoff::testing
