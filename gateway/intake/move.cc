#include "gateway/intake/move.h"

#include <optional>
#include <utility>

#include "fhir-mappings/runtime/resource.h"
#include "gateway/base/bytes.h"
#include "gateway/base/ids.h"
#include "gateway/base/status_macros.h"
#include "gateway/care/referral.h"
#include "handoff/v1/exchange.pb.h"

namespace handoff::intake {
namespace {

using fhir::Issue;
using fhir::Severity;

MoveRequest Refused(int http_status, std::string_view code, std::string text) {
  MoveRequest refused;
  refused.http_status = http_status;
  refused.issues.push_back(Issue{Severity::kError, code, std::move(text), ""});
  return refused;
}

// The Task of the loop, or a new one for a ServiceRequest that came without.
absl::StatusOr<v1::Task> TaskOf(store::Snapshot& snapshot,
                                const v1::Referral& referral,
                                Timestamp now) {
  v1::Task task;
  if (!referral.task().id().empty()) {
    HANDOFF_ASSIGN_OR_RETURN(const auto stored, snapshot.Read({"Task", referral.task().id()}));
    v1::Resource resource;
    if (!stored || !fhir::ParseResource(stored->resource(), &resource)) {
      return absl::DataLossError("the Task of a referral is not readable");
    }
    return std::move(*resource.mutable_task());
  }
  task.set_id(MintId('r', ToMicros(now)));
  task.set_status(v1::TASK_STATUS_REQUESTED);
  task.set_intent(v1::TASK_INTENT_ORDER);
  v1::Coding* coding = task.mutable_code()->add_codings();
  coding->set_system("http://hl7.org/fhir/CodeSystem/task-code");
  coding->set_code("fulfill");
  task.mutable_focus()->set_resource_type("ServiceRequest");
  task.mutable_focus()->set_resource_id(referral.service_request().id());
  HANDOFF_ASSIGN_OR_RETURN(const auto stored,
                           snapshot.Read({"ServiceRequest", referral.service_request().id()}));
  v1::Resource resource;
  if (stored && fhir::ParseResource(stored->resource(), &resource)) {
    *task.mutable_beneficiary() = resource.service_request().subject();
  }
  return task;
}

// Where the items of a move stand in Request::encoded.
struct Slice {
  std::string type;
  std::string id;
  std::size_t begin;
  std::size_t size;
};

}  // namespace

absl::StatusOr<MoveRequest> DecodeMove(store::Snapshot& snapshot,
                                       const Submission& submission,
                                       const fhir::ReadLimits& limits,
                                       Timestamp now) {
  HANDOFF_ASSIGN_OR_RETURN(const auto referral, snapshot.ReadReferral(submission.id));
  if (!referral || care::ActorOf(*referral, submission.sender) == care::Actor::kNone) {
    return Refused(404, "not-found", "no such referral");
  }
  if (submission.move.expected_version != 0 &&
      submission.move.expected_version != referral->version()) {
    return Refused(412, "conflict", "the referral has moved on: read it again");
  }
  // Judged here for its own sake: a Task is written only for a move that is allowed.
  const care::StepResult step = care::Step(
      *referral,
      care::Move{submission.move.to, submission.sender, submission.move.reason, MessageId(), now});
  if (step.outcome == care::StepOutcome::kRefused) {
    MoveRequest refused;
    refused.http_status = 422;
    refused.issues.push_back(*step.issue);
    return refused;
  }

  MoveRequest move;
  Request& request = move.request;
  request.kind = "move";
  request.is_bundle = true;
  std::vector<Slice> slices;
  std::vector<ResourceKey> outputs;
  for (const std::string& output : submission.move.outputs) {
    const std::size_t begin = request.encoded.size();
    if (!CheckEncoded(output, {.limits = limits}, &request.encoded, &move.issues)) {
      move.http_status = 400;
      return move;
    }
    const std::string_view checked = std::string_view(request.encoded).substr(begin);
    outputs.push_back({std::string(fhir::ReadHead(checked).type), MintId('r', ToMicros(now))});
    slices.push_back({outputs.back().type, outputs.back().id, begin, checked.size()});
  }
  HANDOFF_ASSIGN_OR_RETURN(const v1::Task before, TaskOf(snapshot, *referral, now));
  v1::Resource resource;
  *resource.mutable_task() =
      care::ApplyMove(before, submission.move.to, submission.move.reason, outputs, now);
  const std::size_t begin = request.encoded.size();
  resource.AppendToString(&request.encoded);
  slices.push_back({"Task", before.id(), begin, request.encoded.size() - begin});
  for (const Slice& slice : slices) {
    Item& item = request.items.emplace_back();
    item.op = Item::Op::kUpdate;
    item.encoded = std::string_view(request.encoded).substr(slice.begin, slice.size);
    item.type = fhir::ReadHead(item.encoded).type;
    item.id = slice.id;
    item.keep_id = true;
    item.path = slice.type;
  }
  return move;
}

}  // namespace handoff::intake
