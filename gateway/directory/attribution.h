// Which parties have to do with a person, in which role, since when, and who says so.
//
// A claim is an element of a resource that names a party: Patient.generalPractitioner,
// Coverage.payor, CareTeam participants, Encounter participants and provider; or a roster row of
// the configuration. A claim lives until the same sender sends the same resource without it, or its
// period ends. It is never deleted: it gets an end, and stays as history. What names no party of
// ours, or one that may not hold the role, is no claim: on doubt nobody is told. Nor is what a
// sender says that is not authoritative.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/clock.h"
#include "gateway/base/ids.h"
#include "gateway/directory/directory.h"
#include "handoff/v1/exchange.pb.h"
#include "handoff/v1/model.pb.h"

namespace handoff::directory {

// The current version of "type/id" as the message leaves it, or null; good until the caller of
// these functions is done. Asked for what a claim or its target refers to; of a reference that is
// not relative (urn:uuid:..., an absolute URL) with an empty type and the text as id.
using ResourceResolver =
    std::function<const v1::Resource*(std::string_view type, std::string_view id)>;

struct AttributionOptions {
  // How long a party that treated stays one that is treating after the stay ended, so that the
  // story of the discharge still reaches it.
  std::chrono::hours treating_after_stay{30 * 24};
};

struct AttributionInput {
  const Directory& directory;
  const Party& sender;
  const MessageId& message;
  Timestamp received;
  // Resources of the message that are about the person. Types without claims are passed over.
  std::span<const v1::Resource* const> resources;
  const v1::Person& person;
  const ResourceResolver& resolve;
  AttributionOptions options;
};

struct AttributionResult {
  google::protobuf::RepeatedPtrField<v1::Attribution>
      attributions;                      // the person's new list, history included
  std::vector<v1::Attribution> started;  // what this message added
  std::vector<v1::Attribution> ended;    // what it ended
};

// Pure: the same input gives the same list, in the same order.
//
// Attribution.source tells the element and the one who said it:
// "Patient.generalPractitioner@mrmc#5f3a09c1", where the tail stands for the resource without
// showing its id (which may be the sender's own). Roster rows say "config".
AttributionResult Attribute(const AttributionInput& input);

// The parties that a Reference names: by logical identifier, by a contained resource, or by what
// `resolve` knows; an Organization also through partOf, a PractitionerRole through its
// organisation, then its practitioner. Null where it names none of ours.
const Party* ResolveParty(const Directory& directory,
                          const v1::Reference& reference,
                          const google::protobuf::RepeatedPtrField<std::string>& contained,
                          const ResourceResolver& resolve);

bool IsLive(const v1::Attribution& attribution, Timestamp at);

// The element alone: "Patient.generalPractitioner", "config".
std::string_view SourceElement(const v1::Attribution& attribution);

// The attributions that count at `at`: the live ones, and of medical homes only those with the best
// live source: the Patient's general practitioner, then a roster, then the Encounter's. Two at the
// same rank both count. In the order of the person's list.
std::vector<v1::Attribution> Effective(const v1::Person& person, Timestamp at);

// The parties that hold `role_name` by Effective(), by key.
std::vector<PartyKey> Holders(const v1::Person& person, std::string_view role_name, Timestamp at);

// The roles that `party` holds by Effective(), in alphabetical order.
std::vector<std::string> RolesOf(const v1::Person& person, const PartyKey& party, Timestamp at);

// Of these the ones that open all records of the person, as far as the configuration still grants
// them. A performer's does not: each referral makes it anew, for the story of that referral.
std::vector<std::string> OpeningRoles(const Directory& directory,
                                      const v1::Person& person,
                                      const PartyKey& party,
                                      Timestamp at);

}  // namespace handoff::directory
