// What we call an event in MessageHeader.eventCoding.
#pragma once

#include <map>

#include "gateway/base/config_node.h"
#include "handoff/v1/model.pb.h"
#include "handoff/v1/types.pb.h"

namespace handoff::delivery {

// Thread safety: constant after Load.
class EventCodes {
 public:
  // Of events that no code system has a code for; the code is the word of routes.yaml.
  static constexpr char kOwnSystem[] = "urn:handoff:event";

  // From `announcements` of fhir-mappings/terminology/events.yaml, the first row of each event.
  // What is wrong is added to `errors` with file:line:column.
  static EventCodes Load(const ConfigNode& events, ConfigErrors& errors);

  v1::Coding CodingOf(v1::EventKind kind) const;

 private:
  std::map<v1::EventKind, v1::Coding> codings_;
};

}  // namespace handoff::delivery
