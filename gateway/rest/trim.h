// Optional white space around the parts of a header field (RFC 9110 5.6.3).
#pragma once

#include <string_view>

namespace handoff::rest {

inline std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace handoff::rest
