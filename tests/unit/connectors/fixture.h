// Sends and waits for what became of it.
#pragma once

#include <future>
#include <memory>
#include <string>
#include <utility>

#include "connectors/api/connector.h"

namespace handoff::connectors::testing {

inline Outbound AMessage() {
  return {.delivery_id = "d0000000000001",
          .message_id = "m0000000000001",
          .event = "DISCHARGE",
          .operation = "$process-message",
          .body = R"({"resourceType":"Bundle"})",
          .attempt = 1};
}

inline std::future<Outcome> Start(Connector& connector, const Target& target) {
  auto promise = std::make_shared<std::promise<Outcome>>();
  std::future<Outcome> future = promise->get_future();
  connector.Send(target, AMessage(), [promise](Outcome o) { promise->set_value(std::move(o)); });
  return future;
}

inline Outcome SendAndWait(Connector& connector, const Target& target) {
  return Start(connector, target).get();
}

}  // namespace handoff::connectors::testing
