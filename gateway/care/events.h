// What a message means: from the resources that it writes to events, stays and referrals.
//
// Pure rules over the model. Nothing is read but what the caller hands over, nothing is written but
// the answer, so the same message on the same facts always yields the same events. Codes are data
// (fhir-mappings/terminology).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir-mappings/runtime/issue.h"
#include "gateway/base/clock.h"
#include "gateway/base/ids.h"
#include "gateway/care/event_rules.h"
#include "handoff/v1/exchange.pb.h"
#include "handoff/v1/model.pb.h"

namespace handoff::care {

// One resource that the message writes. References in it are already those of the store (Type/id).
struct Written {
  v1::ResourceName name;                 // with the version that it gets
  std::string_view encoded;              // the resource as stored, for its references
  const v1::Resource* now = nullptr;     // null unless ReadsType(name.type())
  const v1::Resource* before = nullptr;  // the version before; null if there is none
  std::string_view owner;  // whose resource it is: the sender's, or who asked the sender by it
  std::uint64_t person_id = 0;
  bool of_unknown = false;  // names a patient whom we do not know: told with no one's story
  std::string expression;   // where it stands: "Bundle.entry[2].resource"; empty: the resource is
                            // the message
};

struct Message {
  PartyKey sender;
  // Whether what it says of others counts; who does not asks for itself alone.
  bool sender_is_authoritative = true;
  MessageId id;
  Timestamp received;
  const v1::MessageHeader* header =
      nullptr;  // of a message Bundle, its references resolved as those of the resources
  std::vector<Written> resources;
};

// True for the types that Understand reads as objects; of any other it looks at references alone.
bool ReadsType(std::string_view type);

// A resource that is stored already.
struct StoredNow {
  std::uint64_t version = 0;
  std::string encoded;
  std::string owner;            // the party that wrote it
  std::uint64_t person_id = 0;  // whom it is about; 0: no one, or unknown
  bool of_unknown = false;      // as Written::of_unknown
};

// What was known before the message.
class Facts {
 public:
  virtual ~Facts() = default;
  virtual std::optional<v1::Transition> TransitionOf(const ResourceKey& encounter) = 0;
  virtual std::optional<v1::Referral> ReferralOf(const ResourceKey& task_or_service_request) = 0;
  // The current version; asked only for what the message refers to and does not write.
  virtual std::optional<StoredNow> Find(const ResourceKey& key) = 0;
  // The party that an Organization, Practitioner, PractitionerRole or HealthcareService stands for;
  // empty if unknown.
  virtual PartyKey PartyOf(const v1::Reference& reference) = 0;
  // Whether the party holds a role that opens all records of the person.
  virtual bool OpensRecords(const PartyKey& party, std::uint64_t person_id) = 0;
  // When a day begins where the sender is.
  virtual Timestamp StartOfDay(int year, unsigned month, unsigned day) = 0;
};

// New and changed stays and referrals carry the version they get (1 for a new one) and their id.
struct Understanding {
  std::vector<v1::Event> events;  // in the order of the message
  std::vector<v1::Transition> transitions;
  std::vector<v1::Referral> referrals;
  fhir::Issues
      issues;  // an error refuses the message: an illegal move, named with from, to and actor
};

Understanding Understand(const Message& message, const EventRules& rules, Facts& facts);

}  // namespace handoff::care
