#include "gateway/care/referral.h"

#include <algorithm>
#include <array>
#include <utility>

#include <google/protobuf/util/message_differencer.h>

#include "gateway/care/times.h"

namespace handoff::care {
namespace {

using google::protobuf::util::MessageDifferencer;

struct StateRow {
  v1::ReferralState state;
  std::string_view code;
  v1::TaskStatus status;
};

constexpr std::array<StateRow, 11> kStates{{
    {v1::REFERRAL_STATE_DRAFT, "draft", v1::TASK_STATUS_DRAFT},
    {v1::REFERRAL_STATE_REQUESTED, "requested", v1::TASK_STATUS_REQUESTED},
    {v1::REFERRAL_STATE_DELIVERED, "delivered", v1::TASK_STATUS_REQUESTED},
    {v1::REFERRAL_STATE_ACCEPTED, "accepted", v1::TASK_STATUS_ACCEPTED},
    {v1::REFERRAL_STATE_REJECTED, "rejected", v1::TASK_STATUS_REJECTED},
    {v1::REFERRAL_STATE_IN_PROGRESS, "in-progress", v1::TASK_STATUS_IN_PROGRESS},
    {v1::REFERRAL_STATE_ON_HOLD, "on-hold", v1::TASK_STATUS_ON_HOLD},
    {v1::REFERRAL_STATE_COMPLETED, "completed", v1::TASK_STATUS_COMPLETED},
    {v1::REFERRAL_STATE_CANCELLED, "cancelled", v1::TASK_STATUS_CANCELLED},
    {v1::REFERRAL_STATE_FAILED, "failed", v1::TASK_STATUS_FAILED},
    {v1::REFERRAL_STATE_ENTERED_IN_ERROR, "entered-in-error", v1::TASK_STATUS_ENTERED_IN_ERROR},
}};

enum Who : unsigned { kByRequester = 1, kByPerformer = 2, kByEither = 3 };

struct Edge {
  v1::ReferralState from;
  v1::ReferralState to;
  Who who;
};

// Gravity SDOH Clinical Care, ReferralTaskStateDiagram and referral_workflow
// (HL7/fhir-sdoh-clinicalcare @6604b7a). `delivered` is `requested` that has arrived.
// entered-in-error stands apart: from any state, by the requester.
constexpr std::array<Edge, 20> kEdges{{
    {v1::REFERRAL_STATE_DRAFT, v1::REFERRAL_STATE_REQUESTED, kByRequester},
    {v1::REFERRAL_STATE_REQUESTED, v1::REFERRAL_STATE_ACCEPTED, kByPerformer},
    {v1::REFERRAL_STATE_REQUESTED, v1::REFERRAL_STATE_REJECTED, kByPerformer},
    {v1::REFERRAL_STATE_REQUESTED, v1::REFERRAL_STATE_CANCELLED, kByEither},
    {v1::REFERRAL_STATE_DELIVERED, v1::REFERRAL_STATE_ACCEPTED, kByPerformer},
    {v1::REFERRAL_STATE_DELIVERED, v1::REFERRAL_STATE_REJECTED, kByPerformer},
    {v1::REFERRAL_STATE_DELIVERED, v1::REFERRAL_STATE_CANCELLED, kByEither},
    {v1::REFERRAL_STATE_ACCEPTED, v1::REFERRAL_STATE_IN_PROGRESS, kByPerformer},
    {v1::REFERRAL_STATE_ACCEPTED, v1::REFERRAL_STATE_ON_HOLD, kByPerformer},
    {v1::REFERRAL_STATE_ACCEPTED, v1::REFERRAL_STATE_COMPLETED, kByPerformer},
    {v1::REFERRAL_STATE_ACCEPTED, v1::REFERRAL_STATE_FAILED, kByPerformer},
    {v1::REFERRAL_STATE_ACCEPTED, v1::REFERRAL_STATE_CANCELLED, kByEither},
    {v1::REFERRAL_STATE_IN_PROGRESS, v1::REFERRAL_STATE_ON_HOLD, kByPerformer},
    {v1::REFERRAL_STATE_IN_PROGRESS, v1::REFERRAL_STATE_COMPLETED, kByPerformer},
    {v1::REFERRAL_STATE_IN_PROGRESS, v1::REFERRAL_STATE_FAILED, kByPerformer},
    {v1::REFERRAL_STATE_IN_PROGRESS, v1::REFERRAL_STATE_CANCELLED, kByEither},
    {v1::REFERRAL_STATE_ON_HOLD, v1::REFERRAL_STATE_IN_PROGRESS, kByPerformer},
    {v1::REFERRAL_STATE_ON_HOLD, v1::REFERRAL_STATE_COMPLETED, kByPerformer},
    {v1::REFERRAL_STATE_ON_HOLD, v1::REFERRAL_STATE_FAILED, kByPerformer},
    {v1::REFERRAL_STATE_ON_HOLD, v1::REFERRAL_STATE_CANCELLED, kByEither},
}};

// Task.statusReason.text is required for these (the same source, profile
// SDOHCCTaskForReferralManagement).
bool NeedsReason(v1::ReferralState to) {
  return to == v1::REFERRAL_STATE_REJECTED || to == v1::REFERRAL_STATE_CANCELLED ||
         to == v1::REFERRAL_STATE_ON_HOLD || to == v1::REFERRAL_STATE_FAILED;
}

unsigned Parts(Actor actor) {
  switch (actor) {
    case Actor::kNone:
      return 0;
    case Actor::kRequester:
      return kByRequester;
    case Actor::kPerformer:
      return kByPerformer;
    case Actor::kBoth:
      return kByEither;
  }
  return 0;
}

bool MayMove(v1::ReferralState from, v1::ReferralState to, Actor actor) {
  const unsigned parts = Parts(actor);
  if (to == v1::REFERRAL_STATE_ENTERED_IN_ERROR) return (parts & kByRequester) != 0;
  for (const Edge& edge : kEdges) {
    if (edge.from == from && edge.to == to) return (parts & edge.who) != 0;
  }
  return false;
}

std::string ActorText(Actor actor, const PartyKey& party) {
  switch (actor) {
    case Actor::kNone:
      return party.value() + ", which is neither its requester nor its performer";
    case Actor::kRequester:
      return "requester";
    case Actor::kPerformer:
      return "performer";
    case Actor::kBoth:
      return "requester and performer";
  }
  return {};
}

StepResult Refuse(const v1::Referral& referral,
                  const Move& move,
                  Actor actor,
                  std::string_view tail,
                  std::string expression) {
  std::string text = "referral cannot go from ";
  text += StateCode(referral.state());
  text += " to ";
  text += move.to == v1::REFERRAL_STATE_UNSPECIFIED ? "an unknown state" : StateCode(move.to);
  text += " by " + ActorText(actor, move.by);
  text += tail;
  return {
      StepOutcome::kRefused,
      referral,
      fhir::Issue{fhir::Severity::kError, "business-rule", std::move(text), std::move(expression)}};
}

bool SameOutput(const v1::Task::Output& a, const v1::Task::Output& b) {
  if (!a.has_value_reference() || !b.has_value_reference()) return MessageDifferencer::Equals(a, b);
  return a.value_reference().resource_type() == b.value_reference().resource_type() &&
         a.value_reference().resource_id() == b.value_reference().resource_id() &&
         a.value_reference().uri() == b.value_reference().uri();
}

bool IsBlank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

}  // namespace

std::string_view StateCode(v1::ReferralState state) {
  for (const StateRow& row : kStates) {
    if (row.state == state) return row.code;
  }
  return {};
}

v1::ReferralState StateOf(std::string_view code) {
  for (const StateRow& row : kStates) {
    if (row.code == code) return row.state;
  }
  return v1::REFERRAL_STATE_UNSPECIFIED;
}

v1::TaskStatus StatusOf(v1::ReferralState state) {
  for (const StateRow& row : kStates) {
    if (row.state == state) return row.status;
  }
  return v1::TASK_STATUS_UNSPECIFIED;
}

v1::ReferralState StateOf(v1::TaskStatus status) {
  for (const StateRow& row : kStates) {
    if (row.status == status) return row.state;
  }
  return v1::REFERRAL_STATE_UNSPECIFIED;
}

bool IsFinal(v1::ReferralState state) {
  return state == v1::REFERRAL_STATE_REJECTED || state == v1::REFERRAL_STATE_COMPLETED ||
         state == v1::REFERRAL_STATE_CANCELLED || state == v1::REFERRAL_STATE_FAILED ||
         state == v1::REFERRAL_STATE_ENTERED_IN_ERROR;
}

Actor ActorOf(const v1::Referral& referral, const PartyKey& party) {
  if (party.empty()) return Actor::kNone;
  const bool performs = referral.performer() == party.value();
  const bool opened = referral.steps_size() > 0 && referral.steps(0).by() == party.value();
  const bool requests = referral.requester() == party.value() || (opened && !performs);
  if (requests && performs) return Actor::kBoth;
  if (requests) return Actor::kRequester;
  return performs ? Actor::kPerformer : Actor::kNone;
}

StepResult Step(const v1::Referral& referral, const Move& move) {
  const Actor actor = ActorOf(referral, move.by);
  if (actor == Actor::kNone || move.to == v1::REFERRAL_STATE_UNSPECIFIED ||
      move.to == v1::REFERRAL_STATE_DELIVERED) {
    return Refuse(referral, move, actor, {}, "Task.status");
  }
  // Seen from outside, delivered is requested: sending the request once more changes nothing.
  if (StatusOf(move.to) == StatusOf(referral.state())) {
    return {StepOutcome::kUnchanged, referral, std::nullopt};
  }
  if (!MayMove(referral.state(), move.to, actor)) {
    return Refuse(referral, move, actor, {}, "Task.status");
  }
  if (NeedsReason(move.to) && IsBlank(move.reason)) {
    return Refuse(referral, move, actor, " without a reason in text", "Task.statusReason.text");
  }
  StepResult result{StepOutcome::kMoved, referral, std::nullopt};
  v1::Referral& next = result.referral;
  next.set_state(move.to);
  next.set_reason(move.reason);
  next.set_version(referral.version() + 1);
  v1::Referral::Step& step = *next.add_steps();
  step.set_to(move.to);
  step.set_by(move.by.value());
  step.set_message_id(move.message.value());
  step.set_at_us(ToMicros(move.at));
  step.set_reason(move.reason);
  return result;
}

bool MarkDelivered(v1::Referral* referral, const MessageId& message, Timestamp at) {
  if (referral->state() != v1::REFERRAL_STATE_REQUESTED) return false;
  referral->set_state(v1::REFERRAL_STATE_DELIVERED);
  v1::Referral::Step& step = *referral->add_steps();
  step.set_to(v1::REFERRAL_STATE_DELIVERED);
  step.set_message_id(message.value());
  step.set_at_us(ToMicros(at));
  return true;
}

bool AssignPerformer(v1::Referral* referral, const PartyKey& performer) {
  if (!referral->performer().empty() || performer.empty() || IsFinal(referral->state()))
    return false;
  referral->set_performer(performer.value());
  return true;
}

std::string ReasonOf(const v1::Task& task) { return task.status_reason().text(); }

v1::Task MergePerformerUpdate(const v1::Task& stored, const v1::Task& update) {
  v1::Task task = stored;
  task.set_status(update.status());
  task.clear_status_reason();
  if (update.has_status_reason()) *task.mutable_status_reason() = update.status_reason();
  task.clear_business_status();
  if (update.has_business_status()) *task.mutable_business_status() = update.business_status();
  task.clear_execution_period();
  if (update.has_execution_period()) *task.mutable_execution_period() = update.execution_period();
  task.clear_last_modified();
  if (update.has_last_modified()) *task.mutable_last_modified() = update.last_modified();
  for (const v1::Annotation& note : update.notes()) {
    const auto& known = stored.notes();
    const bool again = std::any_of(known.begin(), known.end(), [&](const v1::Annotation& n) {
      return n.text() == note.text();
    });
    if (!again) *task.add_notes() = note;
  }
  for (const v1::Task::Output& output : update.outputs()) {
    const auto& known = stored.outputs();
    const bool again = std::any_of(known.begin(), known.end(), [&](const v1::Task::Output& o) {
      return SameOutput(o, output);
    });
    if (!again) *task.add_outputs() = output;
  }
  return task;
}

v1::Task ApplyMove(const v1::Task& stored,
                   v1::ReferralState to,
                   std::string_view reason,
                   const std::vector<ResourceKey>& outputs,
                   Timestamp now) {
  v1::Task task = stored;
  task.set_status(StatusOf(to));
  task.clear_status_reason();
  if (!reason.empty()) task.mutable_status_reason()->set_text(std::string(reason));
  *task.mutable_last_modified() = ToDateTime(now);
  if (to == v1::REFERRAL_STATE_IN_PROGRESS && !task.execution_period().has_start()) {
    *task.mutable_execution_period()->mutable_start() = ToDateTime(now);
  }
  if (to == v1::REFERRAL_STATE_COMPLETED || to == v1::REFERRAL_STATE_FAILED) {
    *task.mutable_execution_period()->mutable_end() = ToDateTime(now);
  }
  for (const ResourceKey& key : outputs) {
    v1::Task::Output& output = *task.add_outputs();
    v1::Coding& type = *output.mutable_type()->add_codings();
    type.set_system(
        "http://hl7.org/fhir/us/sdoh-clinicalcare/CodeSystem/SDOHCC-CodeSystemTemporaryCodes");
    type.set_code("resulting-activity");
    v1::Reference& reference = *output.mutable_value_reference();
    reference.set_resource_type(key.type);
    reference.set_resource_id(key.id);
  }
  return task;
}

}  // namespace handoff::care
