#include <utility>

#include "fhir-mappings/runtime/resource.h"
#include "gateway/access/page_token.h"
#include "gateway/access/reader.h"
#include "gateway/access/search_scan.h"
#include "gateway/access/sources.h"
#include "gateway/access/viewer.h"
#include "gateway/base/error.h"
#include "gateway/base/status_macros.h"
#include "gateway/care/plan.h"
#include "handoff/v1/exchange.pb.h"

namespace handoff::access {
namespace {

absl::StatusOr<v1::Resource> Parse(const Visible& visible) {
  v1::Resource resource;
  if (!fhir::ParseResource(visible.encoded, &resource)) {
    return absl::DataLossError("a projected resource cannot be parsed");
  }
  return resource;
}

// Answers what the plan's builder asks, through the caller's eyes. The builder knows no errors:
// the first one is kept until it is done.
class PlanFacts {
 public:
  explicit PlanFacts(Viewer& viewer) : viewer_(viewer) {}

  absl::StatusOr<v1::PlanStatus> StatusOf(const Visible& plan) {
    HANDOFF_ASSIGN_OR_RETURN(const v1::Resource resource, Parse(plan));
    if (!resource.has_care_plan()) return NotFound();
    care::PlanParts parts;
    parts.goal = [this](const ResourceKey& key) { return Goal(key); };
    parts.referral = [this](const ResourceKey& key) { return Referral(key); };
    parts.subject_identifiers = Identifiers(resource.care_plan().subject());
    v1::PlanStatus status =
        care::BuildPlanStatus(resource.care_plan(), plan.name.version(), plan.updated, parts);
    HANDOFF_RETURN_IF_ERROR(failure_);
    return status;
  }

 private:
  std::optional<v1::Resource> Find(const ResourceKey& key) {
    absl::StatusOr<std::vector<Visible>> shown = viewer_.ShowAll({key});
    if (!shown.ok()) return Fail(shown.status());
    if (shown->empty()) return std::nullopt;
    absl::StatusOr<v1::Resource> resource = Parse(shown->front());
    if (!resource.ok()) return Fail(resource.status());
    return *std::move(resource);
  }

  std::optional<v1::Goal> Goal(const ResourceKey& key) {
    std::optional<v1::Resource> resource = Find(key);
    if (!resource || !resource->has_goal()) return std::nullopt;
    return std::move(*resource->mutable_goal());
  }

  // The plan names only requests that the caller may see: the others went with the projection.
  std::optional<v1::Referral> Referral(const ResourceKey& key) {
    const absl::StatusOr<std::optional<std::string>> id =
        viewer_.snapshot().Lookup(store::LinkKind::kResourceToReferral, PathOf(key));
    if (!id.ok()) return Fail(id.status());
    if (!*id) return std::nullopt;
    const absl::StatusOr<store::SharedReferral> referral = viewer_.snapshot().ReadReferral(**id);
    if (!referral.ok()) return Fail(referral.status());
    if (*referral == nullptr) return std::nullopt;
    return **referral;
  }

  std::vector<v1::Identifier> Identifiers(const v1::Reference& subject) {
    if (subject.resource_type() != "Patient") return {};
    const std::optional<v1::Resource> patient =
        Find(ResourceKey{subject.resource_type(), subject.resource_id()});
    if (!patient || !patient->has_patient()) return {};
    return {patient->patient().identifiers().begin(), patient->patient().identifiers().end()};
  }

  std::nullopt_t Fail(absl::Status status) {
    failure_.Update(std::move(status));
    return std::nullopt;
  }

  Viewer& viewer_;
  absl::Status failure_;
};

}  // namespace

absl::StatusOr<v1::PlanStatus> Reader::GetPlanStatus(const PartyKey& caller,
                                                     std::string_view plan_id) const {
  return GetPlanStatus(caller, plan_id, sources_->store.GetSnapshot());
}

absl::StatusOr<v1::PlanStatus> Reader::GetPlanStatus(
    const PartyKey& caller,
    std::string_view plan_id,
    std::shared_ptr<store::Snapshot> snapshot) const {
  Viewer viewer(*sources_, caller, std::move(snapshot));
  HANDOFF_ASSIGN_OR_RETURN(const std::vector<Visible> plans,
                           viewer.ShowAll({ResourceKey{"CarePlan", std::string(plan_id)}}));
  if (plans.empty()) return NotFound();
  return PlanFacts(viewer).StatusOf(plans.front());
}

absl::StatusOr<PlanStatusPage> Reader::ListPlanStatus(const PartyKey& caller,
                                                      std::string_view patient_identifier,
                                                      const PageRequest& page) const {
  Viewer viewer(*sources_, caller);
  SearchRequest request;
  request.type = "CarePlan";
  request.count = PageSize(page.size);
  request.page = page.token;
  std::optional<std::vector<PersonId>> persons;
  if (!patient_identifier.empty()) {
    if (patient_identifier.find('|') == std::string_view::npos) {
      return MakeError(ErrorId::kInvalidRequest, "a patient identifier is system|value");
    }
    request.understood.emplace_back("patient.identifier", patient_identifier);
    HANDOFF_ASSIGN_OR_RETURN(const std::optional<PersonId> person,
                             PersonByIdentifier(viewer, patient_identifier));
    persons.emplace();
    if (person) persons->push_back(*person);
  }
  HANDOFF_ASSIGN_OR_RETURN(SearchPage found, RunSearch(viewer, request, persons));
  PlanStatusPage answer;
  answer.next = std::move(found.next);
  for (const Visible& plan : found.items) {
    HANDOFF_ASSIGN_OR_RETURN(v1::PlanStatus status, PlanFacts(viewer).StatusOf(plan));
    answer.items.push_back(std::move(status));
  }
  return answer;
}

}  // namespace handoff::access
