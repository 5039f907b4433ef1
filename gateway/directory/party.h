// A party: an organisation that exchanges with us, as config/parties describes it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

#include "fhir-mappings/runtime/resource.h"
#include "gateway/base/clock.h"
#include "gateway/base/ids.h"

namespace handoff::directory {

// Where a secret stands: in a file, or in an environment variable. The secret itself is read when
// it is needed, so a rotated one takes effect at the next reload, and no copy of the configuration
// can show it.
struct Secret {
  std::string file;
  std::string env;

  bool empty() const { return file.empty() && env.empty(); }

  // The secret without the white space around it; empty for an empty Secret.
  // Errors: kFailedPrecondition if the file or variable is not there or holds nothing.
  absl::StatusOr<std::string> Read() const;
};

enum class EndpointKind {
  kFhirRest,  // we POST FHIR to it
  kWebhook,   // we POST a short signed notice to it
  kStream,    // the party pulls from us over gRPC
};

// What a delivery looks like on the wire.
enum class Format {
  kMessage,      // FHIR message Bundle to [base]/$process-message
  kTransaction,  // FHIR transaction Bundle to [base]
  kNotice,       // webhook: identifiers only, the party reads the rest
};

struct Endpoint {
  std::string key;  // "push"; Delivery.channel
  EndpointKind kind = EndpointKind::kStream;
  std::string url;  // empty for kStream
  Format format = Format::kMessage;
  bool pretty = false;  // JSON with line breaks, for peers that people read

  Secret bearer_token;
  Secret hmac_secret;  // kWebhook: signs the body
  std::vector<std::pair<std::string, std::string>> headers;
  std::string ca_file;  // PEM; empty: the system's
  std::string client_cert_file;
  std::string client_key_file;

  std::chrono::milliseconds timeout{10'000};  // of one attempt, connection included
  std::size_t max_in_flight = 8;              // attempts at once, over all lanes of the party
};

// What an agency does for people, and where.
struct Service {
  std::string name;
  std::vector<std::string> categories;  // need category codes, e.g. food-insecurity
  std::vector<std::string> types;       // narrower, the agency's words, e.g. home-delivered-meals
};

// A place that is asked about. Empty members are unknown.
struct Place {
  std::string postal_code;
  std::string county;
  std::string state;
};

// Where services reach: any of these. "everywhere" is a statement too, and must be made.
struct Area {
  std::vector<std::string> postal_codes;  // "28801", or "288*" for all that begin so
  std::vector<std::string>
      counties;  // "NC/Buncombe": a county's name means nothing without its state
  std::vector<std::string> states;  // "NC"
  bool everywhere = false;
};

// How closely `area` names `place`: 0 not at all, then everywhere, state, county, postal prefix,
// postal code.
int Closeness(const Area& area, const Place& place);

enum class PartyKind { kHospital, kPractice, kPayer, kCommunity, kAging, kBehavioral, kOther };
std::string_view Name(PartyKind kind);

// Attribution roles. A party holds only roles that its configuration allows, whatever a message
// claims.
namespace role {
inline constexpr char kMedicalHome[] = "medical-home";
inline constexpr char kPayer[] = "payer";
inline constexpr char kCareTeam[] = "care-team";
inline constexpr char kTreating[] = "treating";
inline constexpr char kPerformer[] = "performer";
}  // namespace role

struct BusinessIdentifier {
  std::string system;
  std::string value;
};

// A system that speaks for the party.
struct Client {
  std::string id;                   // OAuth client_id
  std::vector<std::string> scopes;  // SMART v2 that its tokens may carry, "system/CarePlan.rs"
};

// "This person is ours in this role", known beforehand and not from a message.
struct RosterRow {
  std::string role;
  BusinessIdentifier patient;
  std::int64_t since_us = 0;  // 0: since ever
  std::int64_t until_us = 0;  // 0: open
};

struct Party {
  PartyKey key;
  std::string name;
  std::string display;  // how it is named to others as coordinator; `name` if not configured
  PartyKind kind = PartyKind::kOther;
  bool is_operator = false;  // runs this gateway: may see deliveries of all, replay, discard
  std::vector<std::string> roles;
  // Whether its word on who a person is, and on who looks after them, counts for others.
  bool is_authoritative = false;
  std::string time_zone = "UTC";  // IANA; where its calendar days begin and end
  std::string identifier_system;  // of its patients' identifiers that come without a system
  std::vector<BusinessIdentifier> identifiers;    // of the organisation: NPI, ...
  std::vector<BusinessIdentifier> practitioners;  // of people who belong to it
  std::vector<Endpoint> endpoints;  // in the order of the configuration; the first is the default
  std::vector<Service> services;
  Area area;
  std::vector<Client> clients;
  std::vector<RosterRow> roster;
  fhir::Tolerances tolerances;  // where what it sends breaks a rule of structure
  // Invariants, references, Bundle rules and profiles of what it sends; nullopt: not looked at.
  std::optional<fhir::Tolerance> rules;
  std::vector<std::string> profiles;  // that each resource of their type must meet

  bool MayHold(std::string_view role_name) const;
  // Whether a LinkKey() is of the numbers that it gives itself.
  bool Assigns(std::string_view link_key) const;
  const Endpoint* DefaultEndpoint() const;                            // null: is told nothing
  const Endpoint* FindEndpoint(std::string_view endpoint_key) const;  // null if there is none

  // The first instant of a calendar day, where the party is. The day may be out of the month's
  // range (day 32).
  Timestamp StartOfDay(int year, unsigned month, unsigned day) const;
};

}  // namespace handoff::directory
