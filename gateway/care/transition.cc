#include "gateway/care/transition.h"

#include <algorithm>
#include <tuple>

namespace handoff::care {
namespace {

int Precedence(v1::EventKind kind) {
  switch (kind) {
    case v1::EVENT_KIND_ADMIT:
      return 0;
    case v1::EVENT_KIND_TRANSFER:
      return 1;
    case v1::EVENT_KIND_DISCHARGE:
      return 3;
    default:
      return 2;
  }
}

auto Order(const v1::Transition::Step& step) {
  return std::make_tuple(step.occurred_us(), Precedence(step.kind()), step.received_us());
}

}  // namespace

bool Corrects(std::string_view status, v1::EventKind kind) {
  return status == kCancelled || kind == v1::EVENT_KIND_DISCHARGE;
}

bool HasStep(const v1::Transition& stay, v1::EventKind kind, std::int64_t occurred_us) {
  return std::any_of(stay.steps().begin(), stay.steps().end(), [&](const auto& step) {
    return step.kind() == kind && step.occurred_us() == occurred_us;
  });
}

bool HasStep(const v1::Transition& stay, v1::EventKind kind) {
  return std::any_of(stay.steps().begin(), stay.steps().end(), [&](const auto& step) {
    return step.kind() == kind;
  });
}

void AddStep(v1::Transition* stay,
             v1::EventKind kind,
             std::int64_t occurred_us,
             const MessageId& message,
             Timestamp received) {
  v1::Transition::Step& step = *stay->add_steps();
  step.set_kind(kind);
  step.set_message_id(message.value());
  step.set_occurred_us(occurred_us);
  step.set_received_us(ToMicros(received));
  auto& steps = *stay->mutable_steps();
  for (int i = steps.size() - 1; i > 0 && Order(steps[i]) < Order(steps[i - 1]); --i) {
    steps.SwapElements(i, i - 1);
  }
  stay->set_last(steps[steps.size() - 1].kind());
}

void AddTold(v1::Transition* stay,
             const PartyKey& party,
             const std::string& role,
             v1::EventKind kind) {
  if (kind == v1::EVENT_KIND_ENCOUNTER_UPDATE) return;
  const bool known = std::any_of(stay->told().begin(), stay->told().end(), [&](const auto& told) {
    return told.party() == party.value() && told.role() == role && told.kind() == kind;
  });
  if (known) return;
  v1::Transition::Told& told = *stay->add_told();
  told.set_party(party.value());
  told.set_role(role);
  told.set_kind(kind);
}

}  // namespace handoff::care
