#include "gateway/directory/claims.h"

#include <algorithm>
#include <utility>

#include "gateway/base/bytes.h"
#include "gateway/directory/identity.h"

namespace handoff::directory {
namespace {

using References = google::protobuf::RepeatedPtrField<v1::Reference>;
using Contained = google::protobuf::RepeatedPtrField<std::string>;

constexpr std::string_view kParticipationFunction =
    "http://terminology.hl7.org/CodeSystem/v3-ParticipationFunction";
constexpr std::string_view kPrimaryCare = "PCP";

struct Span {
  std::int64_t since_us = 0;
  std::int64_t until_us = 0;
};

// The instant at which `time` begins, or with `after` the one at which it is over. A date without a
// time is a day where `party` is, not in UTC: coverage ends at the payer's midnight.
std::int64_t Instant(const v1::DateTime& time, const Party& party, bool after) {
  using Precision = v1::DateTime;
  const unsigned next = after ? 1 : 0;
  if (time.precision() == Precision::PRECISION_UNSPECIFIED) return 0;
  if (time.precision() == Precision::SECOND)
    return time.seconds() * 1'000'000 + time.nanos() / 1000;
  const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(
      std::chrono::sys_seconds(std::chrono::seconds(time.seconds()))));
  const int year = static_cast<int>(day.year());
  const auto month = static_cast<unsigned>(day.month());
  if (time.precision() == Precision::YEAR)
    return ToMicros(party.StartOfDay(year + static_cast<int>(next), 1, 1));
  if (time.precision() == Precision::DAY) {
    return ToMicros(party.StartOfDay(year, month, static_cast<unsigned>(day.day()) + next));
  }
  const bool wraps = after && month == 12;
  return ToMicros(party.StartOfDay(wraps ? year + 1 : year, wraps ? 1 : month + next, 1));
}

Span ToSpan(const v1::Period& period, const Party& party) {
  return {period.has_start() ? Instant(period.start(), party, false) : 0,
          period.has_end() ? Instant(period.end(), party, true) : 0};
}

// The narrower of the two.
Span Narrowed(Span a, Span b) {
  return {std::max(a.since_us, b.since_us),
          a.until_us == 0 || b.until_us == 0 ? std::max(a.until_us, b.until_us)
                                             : std::min(a.until_us, b.until_us)};
}

// Collects the claims of one resource.
class ResourceClaims {
 public:
  ResourceClaims(const AttributionInput& input,
                 std::string_view type,
                 const std::string& id,
                 const Contained& contained,
                 Claims& out)
      : input_(input), contained_(contained), out_(out) {
    const std::string name = std::string(type) + "/" + id;
    tail_ = "@" + input.sender.key.value() + "#" + Sha256Hex(name).substr(0, 8);
  }

  // From here on claims are of `element`, which this message speaks for.
  void Element(std::string_view element, const char* role_name) {
    source_ = std::string(element) + tail_;
    role_ = role_name;
    out_.sources.push_back(source_);
  }

  // Claims the party that `reference` names, for the time that `period` says.
  void Add(const v1::Reference& reference, std::initializer_list<const v1::Period*> periods) {
    const Party* party = Find(reference);
    if (party == nullptr) return;
    Span span;
    for (const v1::Period* period : periods) span = Narrowed(span, ToSpan(*period, *party));
    Add(*party, span);
  }

  void Add(const Party& party, Span span) {
    if (!party.MayHold(role_)) return;
    out_.claims.push_back({party.key, role_, source_, span.since_us, span.until_us});
  }

  const Party* Find(const v1::Reference& reference) const {
    return ResolveParty(input_.directory, reference, contained_, input_.resolve);
  }

 private:
  const AttributionInput& input_;
  const Contained& contained_;
  Claims& out_;
  std::string tail_;
  std::string source_;
  const char* role_ = "";
};

void FromPatient(const AttributionInput& input, const v1::Patient& patient, Claims& out) {
  ResourceClaims claims(input, "Patient", patient.id(), patient.contained(), out);
  claims.Element("Patient.generalPractitioner", role::kMedicalHome);
  for (const v1::Reference& practitioner : patient.general_practitioners())
    claims.Add(practitioner, {});
}

void FromCoverage(const AttributionInput& input, const v1::Coverage& coverage, Claims& out) {
  ResourceClaims claims(input, "Coverage", coverage.id(), coverage.contained(), out);
  claims.Element("Coverage.payor", role::kPayer);
  if (coverage.status() != v1::FINANCIAL_RESOURCE_STATUS_ACTIVE) return;
  for (const v1::Reference& payor : coverage.payors()) claims.Add(payor, {&coverage.period()});
}

void FromCareTeam(const AttributionInput& input, const v1::CareTeam& team, Claims& out) {
  ResourceClaims claims(input, "CareTeam", team.id(), team.contained(), out);
  // CareTeam.status may be absent; a team that is sent without one is taken to work.
  const bool works = team.status() == v1::CARE_TEAM_STATUS_ACTIVE ||
                     team.status() == v1::CARE_TEAM_STATUS_UNSPECIFIED;
  claims.Element("CareTeam.participant", role::kCareTeam);
  for (const v1::CareTeam::Participant& participant : team.participants()) {
    if (!works) break;
    // One who acts for an organisation brings that one, not every place where they work.
    const bool on_behalf =
        participant.has_on_behalf_of() && claims.Find(participant.on_behalf_of()) != nullptr;
    claims.Add(on_behalf ? participant.on_behalf_of() : participant.member(),
               {&team.period(), &participant.period()});
  }
  claims.Element("CareTeam.managingOrganization", role::kCareTeam);
  for (const v1::Reference& organization : team.managing_organizations()) {
    if (works) claims.Add(organization, {&team.period()});
  }
}

bool IsPrimaryCare(const v1::Encounter::Participant& participant) {
  return std::any_of(
      participant.types().begin(), participant.types().end(), [](const v1::CodeableConcept& type) {
        return std::any_of(
            type.codings().begin(), type.codings().end(), [](const v1::Coding& coding) {
              return coding.system() == kParticipationFunction && coding.code() == kPrimaryCare;
            });
      });
}

// A stay that is over and does not say since when is over since the message that says so.
Span Treating(const AttributionInput& input, const v1::Encounter& encounter, const Party& party) {
  Span span = ToSpan(encounter.period(), party);
  if (span.until_us == 0 && encounter.status() == v1::ENCOUNTER_STATUS_FINISHED)
    span.until_us = ToMicros(input.received);
  if (span.until_us != 0) {
    span.until_us += std::chrono::microseconds(input.options.treating_after_stay).count();
  }
  return span;
}

void FromEncounter(const AttributionInput& input, const v1::Encounter& encounter, Claims& out) {
  ResourceClaims claims(input, "Encounter", encounter.id(), encounter.contained(), out);
  const bool took_place = encounter.status() != v1::ENCOUNTER_STATUS_CANCELLED &&
                          encounter.status() != v1::ENCOUNTER_STATUS_ENTERED_IN_ERROR;
  const auto treating = [&](const v1::Reference& reference) {
    if (const Party* party = took_place ? claims.Find(reference) : nullptr) {
      claims.Add(*party, Treating(input, encounter, *party));
    }
  };
  claims.Element("Encounter.serviceProvider", role::kTreating);
  if (encounter.has_service_provider()) treating(encounter.service_provider());
  claims.Element("Encounter.participant", role::kTreating);
  for (const v1::Encounter::Participant& participant : encounter.participants()) {
    if (!IsPrimaryCare(participant)) treating(participant.individual());
  }
  claims.Element("Encounter.participant.pcp", role::kMedicalHome);
  for (const v1::Encounter::Participant& participant : encounter.participants()) {
    if (took_place && IsPrimaryCare(participant)) claims.Add(participant.individual(), {});
  }
}

// The keys by which a roster may know the person. A stored identifier has its system; only the
// message's own may lack it.
std::vector<std::string> RosterKeys(const AttributionInput& input) {
  std::vector<std::string> keys;
  const auto add = [&](const v1::Identifier& identifier) {
    if (std::optional<std::string> key = LinkKey(identifier, input.sender))
      keys.push_back(*std::move(key));
  };
  for (const v1::Identifier& identifier : input.person.identifiers()) {
    if (!identifier.system().empty()) add(identifier);
  }
  for (const v1::Resource* resource : input.resources) {
    if (!input.sender.is_authoritative) break;
    for (const v1::Identifier& identifier : resource->patient().identifiers()) add(identifier);
  }
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

void FromRosters(const AttributionInput& input, Claims& out) {
  out.sources.emplace_back("config");
  for (const std::string& key : RosterKeys(input)) {
    for (const auto& [party, row] : input.directory.FindInRosters(key)) {
      out.claims.push_back({party->key, row->role, "config", row->since_us, row->until_us});
    }
  }
}

// One claim for each (party, role, source), for as long as any of them says.
std::vector<Claim> Merged(std::vector<Claim> claims) {
  std::vector<Claim> merged;
  for (Claim& claim : claims) {
    const auto known = std::find_if(merged.begin(), merged.end(), [&](const Claim& c) {
      return c.party == claim.party && c.role == claim.role && c.source == claim.source;
    });
    if (known == merged.end()) {
      merged.push_back(std::move(claim));
      continue;
    }
    known->since_us = std::min(known->since_us, claim.since_us);
    const bool open = known->until_us == 0 || claim.until_us == 0;
    known->until_us = open ? 0 : std::max(known->until_us, claim.until_us);
  }
  return merged;
}

}  // namespace

Claims ReadClaims(const AttributionInput& input) {
  Claims read;
  for (const v1::Resource* resource : input.resources) {
    if (!input.sender.is_authoritative) break;
    switch (resource->resource_case()) {
      case v1::Resource::kPatient:
        FromPatient(input, resource->patient(), read);
        break;
      case v1::Resource::kCoverage:
        FromCoverage(input, resource->coverage(), read);
        break;
      case v1::Resource::kCareTeam:
        FromCareTeam(input, resource->care_team(), read);
        break;
      case v1::Resource::kEncounter:
        FromEncounter(input, resource->encounter(), read);
        break;
      default:
        break;
    }
  }
  FromRosters(input, read);
  read.claims = Merged(std::move(read.claims));
  return read;
}

}  // namespace handoff::directory
