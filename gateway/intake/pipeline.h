// What intake works with, and the plan: pure from a snapshot and a message to a batch.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

#include "fhir-mappings/runtime/resource.h"
#include "fhir-mappings/validation/profile_set.h"
#include "gateway/base/clock.h"
#include "gateway/base/metrics.h"
#include "gateway/care/event_rules.h"
#include "gateway/care/routes.h"
#include "gateway/directory/attribution.h"
#include "gateway/directory/directory.h"
#include "gateway/intake/intake.h"
#include "gateway/intake/request.h"
#include "gateway/store/store.h"

namespace handoff::intake {

// The configured rules of one moment: a reload makes new ones and swaps them whole.
struct Rules {
  std::shared_ptr<const directory::Directory> directory;
  care::EventRules events;
  care::Routes routes;
  directory::AttributionOptions attribution;
  std::shared_ptr<const fhir::ProfileSet> profiles;  // null: none is known
};

// What intake works with. All must outlive the Intake.
struct Services {
  store::Store* store = nullptr;
  const Clock* clock = nullptr;
  Metrics* metrics = nullptr;
  std::function<std::shared_ptr<const Rules>()> rules;
  fhir::ReadLimits limits;
  std::size_t max_entries = 1'000;  // of one Bundle
  // Of our FHIR surface, no slash at the end: absolute references below it are to what we keep.
  std::string base_url;
};

struct Plan {
  // Empty for a repeat. Refers to the content of the message, which has to outlive its commit.
  store::Batch batch;
  v1::Receipt receipt;  // `accepted` false: refused, and the batch records the refusal
  bool repeat = false;
};

// What is planned: the message, and what was found when it was read.
struct Arrival {
  const Submission& submission;
  const Request& request;
  const fhir::Issues& warnings;
  MessageId id;
  Timestamp received;
  std::string_view base_url;  // as in Services
};

// Not OK: the store failed, or the sender is no party (kForbidden).
absl::StatusOr<Plan> MakePlan(const std::shared_ptr<store::Snapshot>& snapshot,
                              const Rules& rules,
                              const Arrival& arrival);

// The batch that records a refusal, and its receipt.
Plan Refusal(const PartyKey& sender,
             const MessageId& id,
             Timestamp received,
             std::string_view kind,
             const std::string& content,
             const fhir::Issues& issues,
             int http_status);

}  // namespace handoff::intake
