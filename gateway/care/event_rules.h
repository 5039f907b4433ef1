// The codes by which a message tells its meaning, as data:
// fhir-mappings/terminology/{events,needs}.yaml.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "gateway/base/config_node.h"
#include "handoff/v1/codes.pb.h"
#include "handoff/v1/model.pb.h"
#include "handoff/v1/types.pb.h"
#include "handoff/v1/workflow.pb.h"

namespace handoff::care {

// What an Encounter.status says of a stay.
enum class StayPhase {
  kNone,     // nothing yet, or nothing known: planned, unknown
  kPresent,  // the patient is there
  kEnded,
  kVoid,  // it did not happen: cancelled, entered in error
};

// Thread safety: constant after Load.
class EventRules {
 public:
  // Reads both files. What is wrong is added to `errors` with file:line:column; the rest is kept.
  static EventRules Load(const ConfigNode& events, const ConfigNode& needs, ConfigErrors& errors);

  // The event that MessageHeader.eventCoding announces; UNSPECIFIED if it is none of ours.
  v1::EventKind KindOf(const v1::Coding& coding) const;

  StayPhase PhaseOf(v1::EncounterStatus status) const;

  // True if an Encounter of this class (v3-ActCode) is a stay, which has an admission and a
  // discharge.
  bool IsStay(std::string_view class_code) const;

  // True if a change of class is an admission of its own: emergency or observation to inpatient.
  bool IsAdmission(std::string_view from_class, std::string_view to_class) const;

  // True if an Encounter.location of this physicalType is a place inside a facility (bed, room,
  // ward).
  bool IsInsideFacility(const v1::CodeableConcept& physical_type) const;

  // True if the disposition says that the patient is still there, whatever the status says.
  bool IsStillPatient(std::string_view disposition) const;

  // The need category ("food-insecurity") of a ServiceRequest; empty if no code tells.
  std::string NeedOf(const v1::ServiceRequest& request) const;

 private:
  using Code = std::pair<std::string, std::string>;  // system, code

  void LoadEvents(const ConfigNode& events, ConfigErrors& errors);
  void LoadNeeds(const ConfigNode& needs, ConfigErrors& errors);

  std::map<Code, v1::EventKind> announcements_;
  std::map<v1::EncounterStatus, StayPhase> phases_;
  std::map<std::string, bool, std::less<>> stays_;  // class code -> inpatient
  std::set<std::string, std::less<>> inside_facility_;
  std::set<std::string, std::less<>> still_patient_;
  std::set<std::string, std::less<>>
      need_systems_;  // every code of such a category system is a need
  std::map<Code, std::string> needs_;
};

}  // namespace handoff::care
