// The codes by which a message tells its meaning, as data:
// fhir-mappings/terminology/{events,needs}.yaml.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "gateway/base/config_node.h"
#include "handoff/v1/model.pb.h"
#include "handoff/v1/types.pb.h"
#include "handoff/v1/workflow.pb.h"

namespace handoff::care {

// Thread safety: constant after Load.
class EventRules {
 public:
  // Reads both files. What is wrong is added to `errors` with file:line:column; the rest is kept.
  static EventRules Load(const ConfigNode& events, const ConfigNode& needs, ConfigErrors& errors);

  // The event that MessageHeader.eventCoding announces; UNSPECIFIED if it is none of ours.
  v1::EventKind KindOf(const v1::Coding& coding) const;

  // True if an Encounter of this class (v3-ActCode) is a stay, which has an admission and a
  // discharge.
  bool IsStay(std::string_view class_code) const;

  // True if a change of class is an admission of its own: emergency or observation to inpatient.
  bool IsAdmission(std::string_view from_class, std::string_view to_class) const;

  // The need category ("food-insecurity") of a ServiceRequest; empty if no code tells.
  std::string NeedOf(const v1::ServiceRequest& request) const;

 private:
  using Code = std::pair<std::string, std::string>;  // system, code

  std::map<Code, v1::EventKind> announcements_;
  std::map<std::string, bool, std::less<>> stays_;  // class code -> inpatient
  std::set<std::string, std::less<>>
      need_systems_;  // every code of such a category system is a need
  std::map<Code, std::string> needs_;
};

}  // namespace handoff::care
