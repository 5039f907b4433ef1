// The closed loop of a referral: who may move it from where to where (Gravity SDOH Clinical Care,
// Task.status).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir-mappings/runtime/issue.h"
#include "gateway/base/clock.h"
#include "gateway/base/ids.h"
#include "handoff/v1/model.pb.h"
#include "handoff/v1/workflow.pb.h"

namespace handoff::care {

// The FHIR code of a state ("in-progress"); `delivered` is ours. Empty for UNSPECIFIED.
std::string_view StateCode(v1::ReferralState state);
// UNSPECIFIED for a text that is no state.
v1::ReferralState StateOf(std::string_view code);

// What a partner sees: `delivered` shows as requested.
v1::TaskStatus StatusOf(v1::ReferralState state);
// UNSPECIFIED for ready and received, which a referral does not use.
v1::ReferralState StateOf(v1::TaskStatus status);

bool IsFinal(v1::ReferralState state);

enum class Actor { kNone, kRequester, kPerformer, kBoth };

// The part that `party` plays. Who opened a referral for another requester acts for that requester.
Actor ActorOf(const v1::Referral& referral, const PartyKey& party);

struct Move {
  v1::ReferralState to = v1::REFERRAL_STATE_UNSPECIFIED;
  PartyKey by;
  std::string reason;  // Task.statusReason.text
  MessageId message;
  Timestamp at;
};

enum class StepOutcome {
  kMoved,      // `referral` is the new state, one version on
  kUnchanged,  // the same move once more: no new event
  kRefused,    // `issue` tells why, with from, to and actor; `referral` is as it was
};

struct StepResult {
  StepOutcome outcome = StepOutcome::kRefused;
  v1::Referral referral;
  std::optional<fhir::Issue> issue;
};

StepResult Step(const v1::Referral& referral, const Move& move);

// The gateway's own fact: the request has reached its performer. Nothing happens in any state but
// requested. The version stays: from outside, delivered is requested, and whoever acts on what was
// read before has missed nothing.
bool MarkDelivered(v1::Referral* referral, const MessageId& message, Timestamp at);

// An agency was found for a referral that named none. Nothing happens if there is a performer or it
// is final. The version stays: the choice is part of the plan that opened or changed the referral.
bool AssignPerformer(v1::Referral* referral, const PartyKey& performer);

// Task.statusReason.text, the one form of a reason that the profile knows.
std::string ReasonOf(const v1::Task& task);

// What is stored when a performer sends the Task: of its update only status, statusReason,
// businessStatus, executionPeriod and lastModified are taken, and notes and outputs that are new;
// all else stays as the requester wrote it. Nothing of these is taken away: the performer may not
// have been shown all of them.
v1::Task MergePerformerUpdate(const v1::Task& stored, const v1::Task& update);

// The Task after a move that came without one (over gRPC). REQUIRES: `to` is a state that Step
// allowed.
v1::Task ApplyMove(const v1::Task& stored,
                   v1::ReferralState to,
                   std::string_view reason,
                   const std::vector<ResourceKey>& outputs,
                   Timestamp now);

}  // namespace handoff::care
