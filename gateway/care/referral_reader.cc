#include "gateway/care/referral_reader.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "gateway/care/referral.h"
#include "gateway/care/times.h"

namespace handoff::care {
namespace {

// Every kind of order: a coordination platform orders again as filler what it was asked for.
bool IsOrder(v1::RequestIntent intent) {
  return intent == v1::REQUEST_INTENT_ORDER || intent == v1::REQUEST_INTENT_ORIGINAL_ORDER ||
         intent == v1::REQUEST_INTENT_REFLEX_ORDER || intent == v1::REQUEST_INTENT_FILLER_ORDER ||
         intent == v1::REQUEST_INTENT_INSTANCE_ORDER;
}

bool IsForServiceRequest(const v1::Reference& focus) {
  return focus.resource_type() == "ServiceRequest" || focus.type() == "ServiceRequest" ||
         focus.uri().find("/ServiceRequest/") != std::string::npos;
}

// A Task on a ServiceRequest that asks to fulfil it. One without a code can ask for nothing else.
bool IsReferral(const v1::Task& task) {
  if (!IsForServiceRequest(task.focus())) return false;
  if (!task.has_code()) return true;
  const auto& codings = task.code().codings();
  return std::any_of(
      codings.begin(), codings.end(), [](const v1::Coding& c) { return c.code() == "fulfill"; });
}

// One Task or ServiceRequest and what it does to its referral.
class ReferralReader {
 public:
  ReferralReader(const EventRules& rules, Reading* reading, const Written& written)
      : rules_(rules), reading_(*reading), written_(written) {}

  void ReadTask() {
    const v1::Task& task = written_.now->task();
    const v1::ReferralState to = StateOf(task.status());
    if (to == v1::REFERRAL_STATE_UNSPECIFIED) {
      reading_.AddIssue(
          fhir::Severity::kError,
          "a referral Task is never ready or received: requested says that it was sent",
          PathOf(written_, "status"));
      return;
    }
    if (const auto referral = ReferralOf(KeyOf(written_.name))) {
      if (!IsMixUp(*referral)) Move(*referral, task, to);
      return;
    }
    const auto waiting = ReferralOf(KeyOf(task.focus()));
    if (!MayOpenOn(task, waiting)) {
      reading_.AddIssue(fhir::Severity::kError,
                        "a Task on this service request is for its requester to write, or for its "
                        "performer about itself; to ask another, order on (basedOn)",
                        PathOf(written_, "focus"));
    } else if (waiting && !IsMixUp(*waiting) && waiting->task().id().empty() &&
               !IsFinal(waiting->state())) {
      Adopt(*waiting, task, to);
    } else {
      OpenForTask(task, to, waiting);
    }
  }

  // A request that is new is of no referral in which its sender has no part: somebody's Task named
  // an id that was nobody's then.
  void TakeBack() {
    std::optional<v1::Referral> referral = ReferralOf(KeyOf(written_.name));
    if (written_.before != nullptr || !referral ||
        ActorOf(*referral, reading_.message().sender) != Actor::kNone)
      return;
    referral->clear_service_request();
    reading_.Put(*std::move(referral));
  }

  void ReadServiceRequest() {
    const v1::ServiceRequest& request = written_.now->service_request();
    const std::optional<v1::Referral> referral = ReferralOf(KeyOf(written_.name));
    if (!referral) {
      const bool asks = request.status() == v1::REQUEST_STATUS_ACTIVE &&
                        IsOrder(request.intent()) && !request.do_not_perform();
      if (asks) OpenForRequest(request);
      return;
    }
    // With a Task, the Task tells; what is final stays so.
    if (IsMixUp(*referral) || !referral->task().id().empty() || IsFinal(referral->state())) return;
    if (request.status() == v1::REQUEST_STATUS_REVOKED) {
      // Its own words for it are for those whose view shows them.
      Apply(*referral,
            v1::REFERRAL_STATE_CANCELLED,
            "the service request was revoked",
            reading_.received_us());
    } else if (request.status() == v1::REQUEST_STATUS_ENTERED_IN_ERROR) {
      Apply(*referral, v1::REFERRAL_STATE_ENTERED_IN_ERROR, {}, reading_.received_us());
    } else if (v1::Referral changed = *referral;
               Reassign(&changed, FirstParty(request.performers()))) {
      Tell(changed, reading_.received_us());
      reading_.Put(std::move(changed));
    }
  }

 private:
  std::optional<v1::Referral> ReferralOf(const ResourceKey& key) {
    return reading_.ReferralOf(key, written_.person_id);
  }

  // Who is asked by a Task sees what it is about: so only who has asked asks on.
  bool MayOpenOn(const v1::Task& task, const std::optional<v1::Referral>& waiting) {
    const PartyKey& sender = reading_.message().sender;
    if (!waiting) return reading_.IsFor(KeyOf(task.focus()), sender);
    switch (ActorOf(*waiting, sender)) {
      case Actor::kNone:
        return false;
      case Actor::kRequester:
      case Actor::kBoth:
        return true;
      case Actor::kPerformer:
        break;
    }
    const PartyKey owner = reading_.facts().PartyOf(task.owner());
    return owner.empty() || owner == sender;
  }

  // The referral is left as it is until its resources name its person again.
  bool IsMixUp(const v1::Referral& referral) const {
    return written_.of_unknown && referral.person_id() != 0;
  }

  PartyKey FirstParty(const google::protobuf::RepeatedPtrField<v1::Reference>& references) {
    for (const v1::Reference& reference : references) {
      if (PartyKey party = reading_.facts().PartyOf(reference); !party.empty()) return party;
    }
    return {};
  }

  // Who asks, as the first of `references` that is a party says.
  PartyKey Requester(std::initializer_list<const v1::Reference*> references) {
    const Message& message = reading_.message();
    if (!message.sender_is_authoritative) return message.sender;
    for (const v1::Reference* reference : references) {
      if (PartyKey party = reading_.facts().PartyOf(*reference); !party.empty()) return party;
    }
    return message.sender;
  }

  v1::Referral NewReferral(v1::ReferralState state,
                           const v1::ServiceRequest* request,
                           const std::string& reason) {
    v1::Referral referral;
    referral.set_id(MintId('r', reading_.received_us()));
    referral.set_person_id(written_.person_id);
    referral.set_state(state);
    referral.set_reason(reason);
    referral.set_origin_message_id(reading_.message().id.value());
    if (request != nullptr) {
      referral.set_need(rules_.NeedOf(*request));
      referral.set_performer(FirstParty(request->performers()).value());
    }
    v1::Referral::Step& step = *referral.add_steps();
    step.set_to(state);
    step.set_by(reading_.message().sender.value());
    step.set_message_id(reading_.message().id.value());
    step.set_at_us(reading_.received_us());
    step.set_reason(reason);
    return referral;
  }

  void OpenForRequest(const v1::ServiceRequest& request) {
    v1::Referral referral = NewReferral(v1::REFERRAL_STATE_REQUESTED, &request, {});
    referral.set_requester(Requester({&request.requester()}).value());
    *referral.mutable_service_request() = written_.name;
    const auto authored =
        written_.before == nullptr ? reading_.Micros(request.authored_on()) : std::nullopt;
    Tell(referral, authored.value_or(reading_.received_us()));
    reading_.Put(std::move(referral));
  }

  // On a request that `waiting` is of, if there is one.
  void OpenForTask(const v1::Task& task,
                   v1::ReferralState state,
                   const std::optional<v1::Referral>& waiting) {
    const std::optional<v1::Resource> resource = reading_.Resource(KeyOf(task.focus()));
    const v1::ServiceRequest* request =
        resource && resource->has_service_request() ? &resource->service_request() : nullptr;
    v1::Referral referral = NewReferral(state, request, ReasonOf(task));
    const bool performs =
        waiting && ActorOf(*waiting, reading_.message().sender) == Actor::kPerformer;
    referral.set_requester(performs
                               ? waiting->requester()
                               : Requester({&task.requester(),
                                            request == nullptr ? &v1::Reference::default_instance()
                                                               : &request->requester()})
                                     .value());
    if (const PartyKey owner = reading_.facts().PartyOf(task.owner()); !owner.empty()) {
      referral.set_performer(owner.value());
    }
    *referral.mutable_task() = written_.name;
    NameServiceRequest(task, &referral);
    const bool asks = state == v1::REFERRAL_STATE_DRAFT || state == v1::REFERRAL_STATE_REQUESTED;
    if (!asks && referral.performer() != reading_.message().sender.value()) {
      reading_.AddIssue(fhir::Severity::kWarning,
                        "a referral that is new and " + std::string(StateCode(state)) +
                            " asks nobody: its performer is not told of it",
                        PathOf(written_, "status"));
    }
    if (state != v1::REFERRAL_STATE_DRAFT) Tell(referral, TimeOf(task, state));
    reading_.Put(std::move(referral));
  }

  void NameServiceRequest(const v1::Task& task, v1::Referral* referral) {
    const ResourceKey key = KeyOf(task.focus());
    if (key.id.empty()) return;
    v1::ResourceName& name = *referral->mutable_service_request();
    name.set_type(key.type);
    name.set_id(key.id);
    if (const Written* request = reading_.FindWritten(key))
      name.set_version(request->name.version());
  }

  // The Task of a referral that so far was a ServiceRequest alone.
  void Adopt(v1::Referral referral, const v1::Task& task, v1::ReferralState to) {
    *referral.mutable_task() = written_.name;
    const bool new_performer = Reassign(&referral, reading_.facts().PartyOf(task.owner()));
    reading_.Put(referral);
    if (to == v1::REFERRAL_STATE_DRAFT) return;  // the request stands; the Task is being written
    if (to == v1::REFERRAL_STATE_REQUESTED) {
      if (new_performer) Tell(referral, reading_.received_us());
      return;
    }
    Apply(referral, to, ReasonOf(task), TimeOf(task, to));
  }

  void Move(v1::Referral referral, const v1::Task& task, v1::ReferralState to) {
    const bool new_performer = Reassign(&referral, reading_.facts().PartyOf(task.owner()));
    if (new_performer) reading_.Put(referral);
    const bool moved = Apply(referral, to, ReasonOf(task), TimeOf(task, to));
    if (!moved && new_performer && to == v1::REFERRAL_STATE_REQUESTED) {
      Tell(referral, reading_.received_us());
    }
    if (moved && to == v1::REFERRAL_STATE_COMPLETED && task.outputs().empty()) {
      reading_.AddIssue(fhir::Severity::kWarning,
                        "completed without an output: the outcome (a Procedure) is still expected",
                        PathOf(written_, "output"));
    }
  }

  // The requester may name another performer until one has accepted.
  bool Reassign(v1::Referral* referral, const PartyKey& owner) {
    const Actor actor = ActorOf(*referral, reading_.message().sender);
    if (actor != Actor::kRequester && actor != Actor::kBoth) return false;
    if (StatusOf(referral->state()) != v1::TASK_STATUS_REQUESTED &&
        referral->state() != v1::REFERRAL_STATE_DRAFT) {
      return false;
    }
    if (owner.empty() || owner.value() == referral->performer()) return false;
    if (referral->state() != v1::REFERRAL_STATE_DRAFT) Retract(*referral);
    referral->set_performer(owner.value());
    if (referral->state() == v1::REFERRAL_STATE_DELIVERED)
      referral->set_state(v1::REFERRAL_STATE_REQUESTED);
    return true;
  }

  // Who was asked so far hears that it is not asked any more: of the version that it was asked
  // with, for the new one names who is asked now.
  void Retract(const v1::Referral& referral) {
    if (referral.performer().empty()) return;
    v1::ResourceName past = written_.before == nullptr ? referral.service_request() : written_.name;
    if (written_.before != nullptr) past.set_version(past.version() - 1);
    v1::Event& event = reading_.AddEvent(
        v1::EVENT_KIND_RETRACTION, past, written_.person_id, reading_.received_us());
    event.set_referral_id(referral.id());
    event.set_status(std::string(StateCode(v1::REFERRAL_STATE_CANCELLED)));
    event.set_former_performer(referral.performer());
    *event.add_resources() = past;
  }

  bool Apply(const v1::Referral& referral,
             v1::ReferralState to,
             const std::string& reason,
             std::int64_t at_us) {
    care::Move move{
        to, reading_.message().sender, reason, reading_.message().id, reading_.message().received};
    StepResult result = Step(referral, move);
    if (result.outcome == StepOutcome::kRefused) {
      constexpr std::string_view kTask = "Task.";
      const std::string element = result.issue->expression.substr(kTask.size());
      reading_.AddIssue(
          fhir::Severity::kError, std::move(result.issue->text), PathOf(written_, element));
      return false;
    }
    if (result.outcome == StepOutcome::kUnchanged) return false;
    if (written_.name.type() == "Task") *result.referral.mutable_task() = written_.name;
    Tell(result.referral, at_us);
    reading_.Put(std::move(result.referral));
    return true;
  }

  // When the Task came to this status, as it says itself; not what it said already of an earlier
  // one.
  std::int64_t TimeOf(const v1::Task& task, v1::ReferralState to) const {
    if (written_.before == nullptr) {
      const bool asks = to == v1::REFERRAL_STATE_REQUESTED;
      const auto stated =
          asks ? reading_.Micros(task.authored_on()) : reading_.Micros(task.last_modified());
      return stated.value_or(reading_.received_us());
    }
    const auto now = reading_.Micros(task.last_modified());
    const bool stale = now == reading_.Micros(written_.before->task().last_modified());
    return now && !stale ? *now : reading_.received_us();
  }

  void Tell(const v1::Referral& referral, std::int64_t at_us) {
    const bool asked = referral.state() == v1::REFERRAL_STATE_REQUESTED;
    v1::Event& event = reading_.AddEvent(
        asked ? v1::EVENT_KIND_REFERRAL_REQUESTED : v1::EVENT_KIND_REFERRAL_STATUS,
        written_.name,
        written_.person_id,
        at_us);
    event.set_referral_id(referral.id());
    if (!asked) event.set_status(std::string(StateCode(referral.state())));
    reading_.stories().Tell(written_.name, written_.person_id, event.mutable_resources());
  }

  const EventRules& rules_;
  Reading& reading_;
  const Written& written_;
};

}  // namespace

void ReadReferrals(const EventRules& rules, Reading* reading) {
  const auto& resources = reading->message().resources;
  for (const Written& written : resources) {
    if (written.now != nullptr && written.now->has_service_request())
      ReferralReader(rules, reading, written).TakeBack();
  }
  // Tasks first: a ServiceRequest that comes with its Task is one referral, told once.
  for (const Written& written : resources) {
    if (written.now == nullptr || !written.now->has_task() || !IsReferral(written.now->task()))
      continue;
    ReferralReader(rules, reading, written).ReadTask();
  }
  for (const Written& written : resources) {
    if (written.now == nullptr || !written.now->has_service_request()) continue;
    ReferralReader(rules, reading, written).ReadServiceRequest();
  }
}

}  // namespace handoff::care
