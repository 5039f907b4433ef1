#include "gateway/care/event_rules.h"

#include <algorithm>
#include <array>
#include <optional>

#include "gateway/base/rule_row.h"
#include "gateway/care/routes.h"

namespace handoff::care {
namespace {

std::optional<v1::EncounterStatus> StatusFrom(std::string_view code) {
  std::string name = "ENCOUNTER_STATUS_";
  for (const char c : code) {
    name += c == '-' ? '_' : (c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
  }
  v1::EncounterStatus status;
  if (!v1::EncounterStatus_Parse(name, &status)) return std::nullopt;
  return status;
}

std::optional<StayPhase> PhaseFrom(std::string_view word) {
  struct Row {
    std::string_view word;
    StayPhase phase;
  };
  constexpr std::array<Row, 4> kRows{{{"nothing", StayPhase::kNone},
                                      {"present", StayPhase::kPresent},
                                      {"ended", StayPhase::kEnded},
                                      {"void", StayPhase::kVoid}}};
  for (const Row& row : kRows) {
    if (row.word == word) return row.phase;
  }
  return std::nullopt;
}

// The rows of a list, each checked for provenance and unknown keys.
std::vector<ConfigNode> Rows(const ConfigNode& list,
                             std::initializer_list<std::string_view> keys,
                             ConfigErrors& errors) {
  std::vector<ConfigNode> rows = list.Items();
  for (const ConfigNode& row : rows) {
    row.UnknownKeys(keys, errors);
    CheckProvenance(row, errors);
  }
  return rows;
}

void LoadCodes(const ConfigNode& list,
               std::set<std::string, std::less<>>* codes,
               ConfigErrors& errors) {
  for (const ConfigNode& row : Rows(list, {"code", "effective", "source"}, errors)) {
    codes->insert(row["code"].RequiredString(errors));
  }
}

}  // namespace

EventRules EventRules::Load(const ConfigNode& events,
                            const ConfigNode& needs,
                            ConfigErrors& errors) {
  EventRules rules;
  rules.LoadEvents(events, errors);
  rules.LoadNeeds(needs, errors);
  return rules;
}

void EventRules::LoadEvents(const ConfigNode& events, ConfigErrors& errors) {
  events.UnknownKeys({"announcements", "statuses", "stays", "inside_facility", "still_patient"},
                     errors);
  for (const ConfigNode& row :
       Rows(events["announcements"], {"system", "code", "event", "effective", "source"}, errors)) {
    const std::string event = row["event"].RequiredString(errors);
    const v1::EventKind kind = care::KindOf(event);
    if (kind != v1::EVENT_KIND_ADMIT && kind != v1::EVENT_KIND_TRANSFER &&
        kind != v1::EVENT_KIND_DISCHARGE) {
      errors.Add(row["event"].Where(), "`" + event + "` is none of admit, transfer, discharge");
      continue;
    }
    announcements_[{row["system"].RequiredString(errors), row["code"].RequiredString(errors)}] =
        kind;
  }
  for (const ConfigNode& row :
       Rows(events["statuses"], {"status", "means", "effective", "source"}, errors)) {
    const auto status = StatusFrom(row["status"].RequiredString(errors));
    const auto phase = PhaseFrom(row["means"].RequiredString(errors));
    if (!status) errors.Add(row["status"].Where(), "no Encounter.status of FHIR R4");
    if (!phase) errors.Add(row["means"].Where(), "none of nothing, present, ended, void");
    if (status && phase) phases_[*status] = *phase;
  }
  for (const ConfigNode& row :
       Rows(events["stays"], {"class", "inpatient", "effective", "source"}, errors)) {
    stays_[row["class"].RequiredString(errors)] = row["inpatient"].Bool(errors, false);
  }
  LoadCodes(events["inside_facility"], &inside_facility_, errors);
  LoadCodes(events["still_patient"], &still_patient_, errors);
}

void EventRules::LoadNeeds(const ConfigNode& needs, ConfigErrors& errors) {
  needs.UnknownKeys({"category_systems", "services"}, errors);
  for (const ConfigNode& row :
       Rows(needs["category_systems"], {"system", "effective", "source"}, errors)) {
    need_systems_.insert(row["system"].RequiredString(errors));
  }
  for (const ConfigNode& row : Rows(needs["services"],
                                    {"system", "code", "display", "need", "effective", "source"},
                                    errors)) {
    needs_[{row["system"].RequiredString(errors), row["code"].RequiredString(errors)}] =
        row["need"].RequiredString(errors);
  }
}

v1::EventKind EventRules::KindOf(const v1::Coding& coding) const {
  const auto found = announcements_.find({coding.system(), coding.code()});
  return found == announcements_.end() ? v1::EVENT_KIND_UNSPECIFIED : found->second;
}

StayPhase EventRules::PhaseOf(v1::EncounterStatus status) const {
  const auto found = phases_.find(status);
  return found == phases_.end() ? StayPhase::kNone : found->second;
}

bool EventRules::IsStay(std::string_view class_code) const { return stays_.contains(class_code); }

bool EventRules::IsAdmission(std::string_view from_class, std::string_view to_class) const {
  const auto from = stays_.find(from_class);
  const auto to = stays_.find(to_class);
  return to != stays_.end() && to->second && (from == stays_.end() || !from->second);
}

bool EventRules::IsInsideFacility(const v1::CodeableConcept& physical_type) const {
  return std::any_of(physical_type.codings().begin(),
                     physical_type.codings().end(),
                     [&](const auto& c) { return inside_facility_.contains(c.code()); });
}

bool EventRules::IsStillPatient(std::string_view disposition) const {
  return still_patient_.contains(disposition);
}

std::string EventRules::NeedOf(const v1::ServiceRequest& request) const {
  for (const v1::CodeableConcept& category : request.categories()) {
    for (const v1::Coding& coding : category.codings()) {
      if (need_systems_.contains(coding.system())) return coding.code();
    }
  }
  const auto need = [&](const v1::CodeableConcept& concept_value) -> std::string {
    for (const v1::Coding& coding : concept_value.codings()) {
      const auto found = needs_.find({coding.system(), coding.code()});
      if (found != needs_.end()) return found->second;
    }
    return {};
  };
  if (std::string found = need(request.code()); !found.empty()) return found;
  for (const v1::CodeableConcept& category : request.categories()) {
    if (std::string found = need(category); !found.empty()) return found;
  }
  return {};
}

}  // namespace handoff::care
