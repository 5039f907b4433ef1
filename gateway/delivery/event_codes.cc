#include "gateway/delivery/event_codes.h"

#include <string>
#include <utility>

#include "gateway/care/routes.h"

namespace handoff::delivery {

EventCodes EventCodes::Load(const ConfigNode& events, ConfigErrors& errors) {
  EventCodes codes;
  for (const ConfigNode& row : events["announcements"].Items()) {
    const v1::EventKind kind = care::KindOf(row["event"].RequiredString(errors));
    if (kind == v1::EVENT_KIND_UNSPECIFIED) errors.Add(row["event"].Where(), "no such event");
    v1::Coding coding;
    coding.set_system(row["system"].RequiredString(errors));
    coding.set_code(row["code"].RequiredString(errors));
    codes.codings_.try_emplace(kind, std::move(coding));
  }
  return codes;
}

v1::Coding EventCodes::CodingOf(v1::EventKind kind) const {
  if (const auto coding = codings_.find(kind); coding != codings_.end()) return coding->second;
  v1::Coding coding;
  coding.set_system(kOwnSystem);
  coding.set_code(std::string(care::KindCode(kind)));
  return coding;
}

}  // namespace handoff::delivery
