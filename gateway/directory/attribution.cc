#include "gateway/directory/attribution.h"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include "fhir-mappings/runtime/resource.h"
#include "gateway/directory/claims.h"

namespace handoff::directory {
namespace {

using Contained = google::protobuf::RepeatedPtrField<std::string>;
using Identifiers = google::protobuf::RepeatedPtrField<v1::Identifier>;

// Organizations are nested a few levels deep; a longer chain is a loop.
constexpr int kMaxHops = 8;

// Follows one reference to a party.
class PartySearch {
 public:
  PartySearch(const Directory& directory,
              const Contained& contained,
              const ResourceResolver& resolve)
      : directory_(directory), contained_(contained), resolve_(resolve) {}

  const Party* ByReference(const v1::Reference& reference, int hops) const {
    if (hops == 0) return nullptr;
    if (reference.has_identifier()) {
      if (const Party* party = ByIdentifier(reference.identifier())) return party;
    }
    const std::string& uri = reference.uri();
    if (uri.starts_with('#')) return ByContained(std::string_view(uri).substr(1), hops - 1);
    const v1::Resource* const target = Target(reference);
    return target == nullptr ? nullptr : ByResource(*target, hops - 1);
  }

 private:
  const Party* ByIdentifier(const v1::Identifier& identifier) const {
    return directory_.FindByIdentifier(identifier.system(), identifier.value());
  }

  const Party* ByIdentifiers(const Identifiers& identifiers) const {
    for (const v1::Identifier& identifier : identifiers) {
      if (const Party* party = ByIdentifier(identifier)) return party;
    }
    return nullptr;
  }

  const Party* ByResource(const v1::Resource& resource, int hops) const {
    switch (resource.resource_case()) {
      case v1::Resource::kPractitioner:
        return ByIdentifiers(resource.practitioner().identifiers());
      case v1::Resource::kOrganization:
        if (const Party* party = ByIdentifiers(resource.organization().identifiers())) return party;
        return ByReference(resource.organization().part_of(), hops);
      case v1::Resource::kPractitionerRole:
        if (const Party* party = ByReference(resource.practitioner_role().organization(), hops))
          return party;
        return ByReference(resource.practitioner_role().practitioner(), hops);
      case v1::Resource::kLocation:
        return ByReference(resource.location().managing_organization(), hops);
      default:
        return nullptr;
    }
  }

  const v1::Resource* Target(const v1::Reference& reference) const {
    if (!resolve_) return nullptr;
    if (!reference.resource_type().empty())
      return resolve_(reference.resource_type(), reference.resource_id());
    return reference.uri().empty() ? nullptr : resolve_("", reference.uri());
  }

  const Party* ByContained(std::string_view id, int hops) const {
    for (const std::string& encoded : contained_) {
      v1::Resource resource;
      if (fhir::ParseResource(encoded, &resource) && IdOf(resource) == id)
        return ByResource(resource, hops);
    }
    return nullptr;
  }

  // Of the types that lead to a party.
  static std::string_view IdOf(const v1::Resource& resource) {
    switch (resource.resource_case()) {
      case v1::Resource::kPractitioner:
        return resource.practitioner().id();
      case v1::Resource::kOrganization:
        return resource.organization().id();
      case v1::Resource::kPractitionerRole:
        return resource.practitioner_role().id();
      case v1::Resource::kLocation:
        return resource.location().id();
      default:
        return {};
    }
  }

  const Directory& directory_;
  const Contained& contained_;
  const ResourceResolver& resolve_;
};

bool IsSameClaim(const v1::Attribution& attribution, const Claim& claim) {
  return attribution.party() == claim.party.value() && attribution.role() == claim.role &&
         attribution.source() == claim.source;
}

// An ended attribution is history: a later claim of the same begins a new one.
bool HasEnded(const v1::Attribution& attribution, std::int64_t now_us) {
  return attribution.until_us() != 0 && attribution.until_us() <= now_us;
}

// Takes what the message says about `attribution`: that it goes on, or nothing any more.
void Continue(v1::Attribution& attribution,
              std::vector<Claim>& claims,
              std::int64_t now_us,
              AttributionResult& result) {
  const auto claim = std::find_if(
      claims.begin(), claims.end(), [&](const Claim& c) { return IsSameClaim(attribution, c); });
  if (claim == claims.end()) {
    attribution.set_until_us(std::max(now_us, attribution.since_us()));
    result.ended.push_back(attribution);
    return;
  }
  attribution.set_until_us(claim->until_us);
  if (claim->since_us != 0) attribution.set_since_us(claim->since_us);
  if (HasEnded(attribution, now_us)) result.ended.push_back(attribution);
  claims.erase(claim);
}

v1::Attribution Begun(const Claim& claim, const AttributionInput& input) {
  v1::Attribution attribution;
  attribution.set_party(claim.party.value());
  attribution.set_role(claim.role);
  attribution.set_source(claim.source);
  if (claim.source != "config") attribution.set_message_id(input.message.value());
  attribution.set_since_us(claim.since_us != 0 ? claim.since_us : ToMicros(input.received));
  attribution.set_until_us(claim.until_us);
  return attribution;
}

// Lower is better.
int MedicalHomeRank(const v1::Attribution& attribution) {
  const std::string_view element = SourceElement(attribution);
  return element == "Patient.generalPractitioner" ? 0 : element == "config" ? 1 : 2;
}

bool IsMedicalHome(const v1::Attribution& attribution) {
  return attribution.role() == role::kMedicalHome;
}

}  // namespace

AttributionResult Attribute(const AttributionInput& input) {
  Claims read = ReadClaims(input);
  const std::int64_t now_us = ToMicros(input.received);
  AttributionResult result;
  for (const v1::Attribution& known : input.person.attributions()) {
    v1::Attribution& attribution = *result.attributions.Add();
    attribution = known;
    const bool spoken_of =
        std::find(read.sources.begin(), read.sources.end(), known.source()) != read.sources.end();
    if (spoken_of && !HasEnded(known, now_us)) Continue(attribution, read.claims, now_us, result);
  }
  for (const Claim& claim : read.claims) {
    v1::Attribution begun = Begun(claim, input);
    // Over before we heard of it: it never gave anyone a right, and repeated it would fill the
    // list.
    if (HasEnded(begun, now_us)) continue;
    result.started.push_back(begun);
    *result.attributions.Add() = std::move(begun);
  }
  return result;
}

const Party* ResolveParty(const Directory& directory,
                          const v1::Reference& reference,
                          const Contained& contained,
                          const ResourceResolver& resolve) {
  return PartySearch(directory, contained, resolve).ByReference(reference, kMaxHops);
}

bool IsLive(const v1::Attribution& attribution, Timestamp at) {
  return attribution.since_us() <= ToMicros(at) && !HasEnded(attribution, ToMicros(at));
}

std::string_view SourceElement(const v1::Attribution& attribution) {
  return std::string_view(attribution.source()).substr(0, attribution.source().find('@'));
}

std::vector<v1::Attribution> Effective(const v1::Person& person, Timestamp at) {
  std::vector<v1::Attribution> live;
  int best = std::numeric_limits<int>::max();
  for (const v1::Attribution& attribution : person.attributions()) {
    if (!IsLive(attribution, at)) continue;
    if (IsMedicalHome(attribution)) best = std::min(best, MedicalHomeRank(attribution));
    live.push_back(attribution);
  }
  std::erase_if(live, [&](const v1::Attribution& a) {
    return IsMedicalHome(a) && MedicalHomeRank(a) > best;
  });
  return live;
}

std::vector<PartyKey> Holders(const v1::Person& person, std::string_view role_name, Timestamp at) {
  std::set<PartyKey> holders;
  for (const v1::Attribution& attribution : Effective(person, at)) {
    if (attribution.role() == role_name) holders.emplace(attribution.party());
  }
  return {holders.begin(), holders.end()};
}

std::vector<std::string> RolesOf(const v1::Person& person, const PartyKey& party, Timestamp at) {
  std::set<std::string> roles;
  for (const v1::Attribution& attribution : Effective(person, at)) {
    if (attribution.party() == party.value()) roles.insert(attribution.role());
  }
  return {roles.begin(), roles.end()};
}

std::vector<std::string> OpeningRoles(const Directory& directory,
                                      const v1::Person& person,
                                      const PartyKey& key,
                                      Timestamp at) {
  const Party* const party = directory.Find(key);
  if (party == nullptr) return {};
  std::vector<std::string> roles = RolesOf(person, key, at);
  std::erase_if(roles, [party](const std::string& role_name) {
    return role_name == role::kPerformer || !party->MayHold(role_name);
  });
  return roles;
}

}  // namespace handoff::directory
