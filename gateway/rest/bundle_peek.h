// What an answer must repeat of a posted Bundle, found without reading all of it.
#pragma once

#include <string>

namespace handoff::rest {

struct BundlePeek {
  std::string type;  // Bundle.type; empty if it was not met
  // Of a MessageHeader that is the first entry.
  std::string header_id;
  std::string event_system;
  std::string event_code;
  std::string event_uri;
};

// Never fails: of what is not JSON, or not a Bundle, it finds nothing. Intake says what is wrong.
BundlePeek PeekBundle(const std::string& json);

}  // namespace handoff::rest
