#include "gateway/directory/party_reader.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <span>
#include <stdexcept>

#include <date/tz.h>
#include <fmt/format.h>

#include "gateway/directory/identity.h"

namespace handoff::directory {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMaxKeyLength = 32;

template <class T>
struct Choice {
  std::string_view name;
  T value;
};

template <class T>
T ReadChoice(const ConfigNode& node,
             std::span<const Choice<T>> choices,
             T fallback,
             ConfigErrors& errors) {
  if (!node.present()) return fallback;
  const std::string text = node.String(errors);
  std::vector<std::string_view> names;
  for (const Choice<T>& choice : choices) {
    if (choice.name == text) return choice.value;
    names.push_back(choice.name);
  }
  if (node.IsScalar())
    errors.Add(node.Where(), fmt::format("expected one of: {}", fmt::join(names, ", ")));
  return fallback;
}

constexpr std::array<Choice<PartyKind>, 7> kKinds{{{"hospital", PartyKind::kHospital},
                                                   {"practice", PartyKind::kPractice},
                                                   {"payer", PartyKind::kPayer},
                                                   {"community", PartyKind::kCommunity},
                                                   {"aging", PartyKind::kAging},
                                                   {"behavioral", PartyKind::kBehavioral},
                                                   {"other", PartyKind::kOther}}};
constexpr std::array<Choice<EndpointKind>, 3> kEndpointKinds{
    {{"fhir_rest", EndpointKind::kFhirRest},
     {"webhook", EndpointKind::kWebhook},
     {"stream", EndpointKind::kStream}}};
constexpr std::array<Choice<Format>, 3> kFormats{{{"message", Format::kMessage},
                                                  {"transaction", Format::kTransaction},
                                                  {"notice", Format::kNotice}}};
constexpr std::array<std::string_view, 5> kRoles{
    role::kMedicalHome, role::kPayer, role::kCareTeam, role::kTreating, role::kPerformer};

// What a party of a kind may be to a person unless its `roles` say otherwise.
std::vector<std::string> UsualRoles(PartyKind kind) {
  switch (kind) {
    case PartyKind::kHospital:
    case PartyKind::kBehavioral:
      return {role::kTreating, role::kCareTeam};
    case PartyKind::kPractice:
      return {role::kMedicalHome, role::kTreating, role::kCareTeam};
    case PartyKind::kPayer:
      return {role::kPayer};
    case PartyKind::kCommunity:
      return {role::kPerformer};
    case PartyKind::kAging:
      return {role::kPerformer, role::kCareTeam};
    case PartyKind::kOther:
      return {};
  }
  return {};
}

bool IsKey(std::string_view text) {
  return !text.empty() && text.size() <= kMaxKeyLength && text.front() != '-' &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return std::islower(c) != 0 || std::isdigit(c) != 0 || c == '-';
         });
}

void CheckKey(const std::string& key, const std::string& where, ConfigErrors& errors) {
  if (IsKey(key)) return;
  errors.Add(where,
             fmt::format("a key is 1 to {} lower-case letters, digits and hyphens", kMaxKeyLength));
}

std::vector<std::string> ReadRoles(const ConfigNode& node, PartyKind kind, ConfigErrors& errors) {
  if (!node.present()) return UsualRoles(kind);
  std::vector<std::string> roles = node.Strings(errors);
  for (const std::string& name : roles) {
    if (std::find(kRoles.begin(), kRoles.end(), name) == kRoles.end()) {
      errors.Add(node.Where(),
                 fmt::format("no role `{}`; there are: {}", name, fmt::join(kRoles, ", ")));
    }
  }
  return roles;
}

// A role that opens all records of a person is trust enough.
bool IsUsuallyAuthoritative(const std::vector<std::string>& roles) {
  return std::any_of(
      roles.begin(), roles.end(), [](const std::string& name) { return name != role::kPerformer; });
}

// A list of {system: URI, value: TEXT}.
BusinessIdentifier ReadIdentifier(const ConfigNode& node, ConfigErrors& errors) {
  node.UnknownKeys({"system", "value"}, errors);
  BusinessIdentifier identifier{NormalSystem(node["system"].RequiredString(errors)),
                                node["value"].RequiredString(errors)};
  if (IsSocialSecurity(identifier.system))
    errors.Add(node.Where(), "a social security number identifies no one here");
  return identifier;
}

std::vector<BusinessIdentifier> ReadIdentifiers(const ConfigNode& node, ConfigErrors& errors) {
  std::vector<BusinessIdentifier> identifiers;
  for (const ConfigNode& item : node.Items()) identifiers.push_back(ReadIdentifier(item, errors));
  return identifiers;
}

Secret ReadSecret(const ConfigNode& node, ConfigErrors& errors) {
  if (!node.present()) return {};
  node.UnknownKeys({"file", "env"}, errors);
  Secret secret{node["file"].String(errors), node["env"].String(errors)};
  if (node.IsMap() && secret.file.empty() == secret.env.empty()) {
    errors.Add(node.Where(),
               "name the secret's `file` or its `env`, one of them; never write it here");
  }
  return secret;
}

bool LeavesInTheClear(std::string_view url) {
  constexpr std::string_view kPlain = "http://";
  if (!url.starts_with(kPlain)) return false;
  const std::string_view host = url.substr(kPlain.size());
  return !host.starts_with("127.") && !host.starts_with("[::1]") &&
         host.substr(0, host.find_first_of(":/")) != "localhost";
}

bool IsHttpUrl(std::string_view url) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (url.starts_with(scheme))
      return url.size() > scheme.size() && url.find_first_of(" \t\n") == url.npos;
  }
  return false;
}

std::vector<std::pair<std::string, std::string>> ReadHeaders(const ConfigNode& node,
                                                             ConfigErrors& errors) {
  std::vector<std::pair<std::string, std::string>> headers;
  for (const auto& [name, value] : node.Members()) {
    const bool token = !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
      return std::isalnum(c) != 0 || c == '-' || c == '_';
    });
    std::string text = value.String(errors);
    const bool one_line = std::none_of(
        text.begin(), text.end(), [](unsigned char c) { return std::iscntrl(c) != 0; });
    if (!token || !one_line) {
      errors.Add(value.Where(),
                 "a header has a name of letters, digits, - and _, and a value on one line");
    } else {
      headers.emplace_back(name, std::move(text));
    }
  }
  if (node.present() && !node.IsMap())
    errors.Add(node.Where(), "expected a map of header names and values");
  return headers;
}

std::chrono::milliseconds ReadTimeout(const ConfigNode& node, ConfigErrors& errors) {
  const auto timeout = node.Duration(errors, Endpoint().timeout);
  if (timeout < 100ms || timeout > 5min)
    errors.Add(node.Where(), "expected a duration from 100ms to 5min");
  return timeout;
}

Endpoint ReadEndpoint(const std::string& key, const ConfigNode& node, ConfigErrors& errors) {
  node.UnknownKeys({"kind",
                    "url",
                    "format",
                    "pretty",
                    "bearer_token",
                    "hmac_secret",
                    "headers",
                    "ca_file",
                    "client_cert_file",
                    "client_key_file",
                    "timeout",
                    "max_in_flight"},
                   errors);
  Endpoint endpoint;
  endpoint.key = key;
  CheckKey(key, node.Where(), errors);
  const std::size_t faults = errors.list().size();
  if (!node["kind"].present()) errors.Add(node.Where(), "`kind` is missing");
  endpoint.kind =
      ReadChoice<EndpointKind>(node["kind"], kEndpointKinds, EndpointKind::kStream, errors);
  if (errors.list().size() != faults) return endpoint;  // what else it needs depends on its kind
  const bool webhook = endpoint.kind == EndpointKind::kWebhook;
  endpoint.format = ReadChoice<Format>(
      node["format"], kFormats, webhook ? Format::kNotice : Format::kMessage, errors);
  endpoint.pretty = node["pretty"].Bool(errors, false);
  if (endpoint.kind == EndpointKind::kStream) {
    for (const char* unused : {"url", "format"}) {
      if (node[unused].present())
        errors.Add(node[unused].Where(), fmt::format("a stream has no `{}`", unused));
    }
    return endpoint;
  }
  endpoint.url = node["url"].RequiredString(errors);
  if (!endpoint.url.empty() && !IsHttpUrl(endpoint.url))
    errors.Add(node["url"].Where(), "expected an http or https URL");
  if (!webhook && LeavesInTheClear(endpoint.url)) {
    errors.Add(node["url"].Where(), "patient data leaves this machine only with TLS: https://");
  }
  if (webhook != (endpoint.format == Format::kNotice)) {
    errors.Add(node["format"].Where(), "a webhook is sent a notice, and only a webhook");
  }
  endpoint.bearer_token = ReadSecret(node["bearer_token"], errors);
  endpoint.hmac_secret = ReadSecret(node["hmac_secret"], errors);
  if (webhook && endpoint.hmac_secret.empty())
    errors.Add(node.Where(), "a webhook needs an `hmac_secret`");
  endpoint.headers = ReadHeaders(node["headers"], errors);
  endpoint.ca_file = node["ca_file"].String(errors);
  endpoint.client_cert_file = node["client_cert_file"].String(errors);
  endpoint.client_key_file = node["client_key_file"].String(errors);
  if (endpoint.client_cert_file.empty() != endpoint.client_key_file.empty()) {
    errors.Add(node.Where(), "`client_cert_file` and `client_key_file` go together");
  }
  endpoint.timeout = ReadTimeout(node["timeout"], errors);
  endpoint.max_in_flight = static_cast<std::size_t>(node["max_in_flight"].Integer(
      errors, static_cast<std::int64_t>(endpoint.max_in_flight), 1, 1000));
  return endpoint;
}

std::vector<Endpoint> ReadEndpoints(const ConfigNode& node, ConfigErrors& errors) {
  if (node.present() && !node.IsMap())
    errors.Add(node.Where(), "expected a map from endpoint key to endpoint");
  std::vector<Endpoint> endpoints;
  for (const auto& [key, value] : node.Members())
    endpoints.push_back(ReadEndpoint(key, value, errors));
  return endpoints;
}

std::vector<Service> ReadServices(const ConfigNode& node, ConfigErrors& errors) {
  std::vector<Service> services;
  for (const ConfigNode& item : node.Items()) {
    item.UnknownKeys({"name", "categories", "types"}, errors);
    services.push_back({item["name"].RequiredString(errors),
                        item["categories"].Strings(errors),
                        item["types"].Strings(errors)});
    if (services.back().categories.empty())
      errors.Add(item.Where(), "a service needs `categories`");
  }
  return services;
}

Area ReadArea(const ConfigNode& node, ConfigErrors& errors) {
  node.UnknownKeys({"postal_codes", "counties", "states", "everywhere"}, errors);
  Area area{node["postal_codes"].Strings(errors),
            node["counties"].Strings(errors),
            node["states"].Strings(errors),
            node["everywhere"].Bool(errors, false)};
  for (const std::string& code : area.postal_codes) {
    const std::size_t star = code.find('*');
    if (code.empty() || star == 0 || (star != code.npos && star + 1 != code.size())) {
      errors.Add(node["postal_codes"].Where(),
                 "a postal code is written whole, or its beginning with a * at the end");
    }
  }
  for (const std::string& county : area.counties) {
    if (const std::size_t slash = county.find('/');
        slash == 0 || slash == county.npos || slash + 1 == county.size()) {
      errors.Add(node["counties"].Where(), "a county is written with its state: NC/Buncombe");
    }
  }
  return area;
}

// SMART App Launch 2: system/<type or *>.<some of cruds, in this order>.
bool IsSystemScope(std::string_view scope) {
  constexpr std::string_view kPrefix = "system/";
  const std::size_t dot = scope.rfind('.');
  if (!scope.starts_with(kPrefix) || dot == scope.npos || dot <= kPrefix.size()) return false;
  std::string_view letters = scope.substr(dot + 1);
  if (letters.empty()) return false;
  for (const char letter : std::string_view("cruds")) {
    if (letters.starts_with(letter)) letters.remove_prefix(1);
  }
  return letters.empty();
}

std::vector<Client> ReadClients(const ConfigNode& node, ConfigErrors& errors) {
  std::vector<Client> clients;
  for (const ConfigNode& item : node.Items()) {
    item.UnknownKeys({"id", "scopes"}, errors);
    clients.push_back({item["id"].RequiredString(errors),
                       item["scopes"].present() ? item["scopes"].Strings(errors)
                                                : std::vector<std::string>{"system/*.cruds"}});
    if (!std::ranges::all_of(clients.back().scopes, IsSystemScope)) {
      errors.Add(item["scopes"].Where(),
                 "a scope is system/TYPE.LETTERS, letters of cruds in that order: system/Task.ru");
    }
  }
  return clients;
}

std::optional<unsigned> Digits(std::string_view text) {
  unsigned value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  return value;
}

// 2026-07-02, or nullopt with a complaint.
std::optional<date::year_month_day> ReadDay(const ConfigNode& node, ConfigErrors& errors) {
  const std::string text = node.String(errors);
  if (text.size() == 10 && text[4] == '-' && text[7] == '-') {
    const auto year = Digits(std::string_view(text).substr(0, 4));
    const auto month = Digits(std::string_view(text).substr(5, 2));
    const auto day = Digits(std::string_view(text).substr(8, 2));
    if (year && month && day) {
      const date::year_month_day date{
          date::year(static_cast<int>(*year)), date::month(*month), date::day(*day)};
      if (date.ok()) return date;
    }
  }
  errors.Add(node.Where(), "expected a day, as in 2026-07-02");
  return std::nullopt;
}

// The start of the day `days_later` after the one that `node` names; 0 if it names none.
std::int64_t ReadInstant(const Party& party,
                         const ConfigNode& node,
                         unsigned days_later,
                         ConfigErrors& errors) {
  const auto day = node.present() ? ReadDay(node, errors) : std::nullopt;
  if (!day) return 0;
  return ToMicros(party.StartOfDay(static_cast<int>(day->year()),
                                   static_cast<unsigned>(day->month()),
                                   static_cast<unsigned>(day->day()) + days_later));
}

std::vector<RosterRow> ReadRoster(const Party& party,
                                  const ConfigNode& node,
                                  ConfigErrors& errors) {
  std::vector<RosterRow> roster;
  for (const ConfigNode& item : node.Items()) {
    item.UnknownKeys({"role", "patient", "since", "until"}, errors);
    RosterRow row{item["role"].RequiredString(errors),
                  ReadIdentifier(item["patient"], errors),
                  ReadInstant(party, item["since"], 0, errors),
                  ReadInstant(party, item["until"], 1, errors)};  // `until` is the last day
    if (!row.role.empty() && !party.MayHold(row.role)) {
      errors.Add(item["role"].Where(),
                 fmt::format("`{}` may not be {}; its roles: {}",
                             party.key.value(),
                             row.role,
                             fmt::join(party.roles, ", ")));
    }
    if (row.until_us != 0 && row.until_us <= row.since_us)
      errors.Add(item["until"].Where(), "ends before it begins");
    roster.push_back(std::move(row));
  }
  return roster;
}

constexpr Choice<fhir::Tolerance> kTolerances[] = {{"reject", fhir::Tolerance::kReject},
                                                   {"warn", fhir::Tolerance::kWarn},
                                                   {"keep", fhir::Tolerance::kKeep}};
constexpr Choice<std::optional<fhir::Tolerance>> kRules[] = {{"off", std::nullopt},
                                                             {"reject", fhir::Tolerance::kReject},
                                                             {"warn", fhir::Tolerance::kWarn},
                                                             {"keep", fhir::Tolerance::kKeep}};

void ReadAccepts(const ConfigNode& node, Party& party, ConfigErrors& errors) {
  node.UnknownKeys({"unknown", "codes", "forms", "missing", "rules", "profiles"}, errors);
  const auto read = [&](const char* key, fhir::Tolerance& tolerance) {
    tolerance = ReadChoice<fhir::Tolerance>(node[key], kTolerances, tolerance, errors);
  };
  read("unknown", party.tolerances.unknown);
  read("codes", party.tolerances.codes);
  read("forms", party.tolerances.forms);
  read("missing", party.tolerances.missing);
  party.rules =
      ReadChoice<std::optional<fhir::Tolerance>>(node["rules"], kRules, std::nullopt, errors);
  party.profiles = node["profiles"].Strings(errors);
  if (!party.profiles.empty() && !party.rules) {
    errors.Add(node["profiles"].Where(),
               "profiles are looked at only with `rules`: reject, warn or keep");
  }
}

std::string ReadTimeZone(const ConfigNode& node, ConfigErrors& errors) {
  std::string name = node.String(errors, "UTC");
  try {
    date::locate_zone(name);
  } catch (const std::runtime_error&) {
    errors.Add(node.Where(), "no such time zone; expected an IANA name, as in America/New_York");
    return "UTC";
  }
  return name;
}

}  // namespace

Party ReadParty(const ConfigNode& node, ConfigErrors& errors) {
  node.UnknownKeys({"key",
                    "name",
                    "display",
                    "kind",
                    "operator",
                    "roles",
                    "authoritative",
                    "time_zone",
                    "identifier_system",
                    "identifiers",
                    "practitioners",
                    "endpoints",
                    "services",
                    "area",
                    "clients",
                    "roster",
                    "accepts"},
                   errors);
  Party party;
  party.key = PartyKey(node["key"].RequiredString(errors));
  if (!party.key.empty()) CheckKey(party.key.value(), node["key"].Where(), errors);
  party.name = node["name"].RequiredString(errors);
  party.display = node["display"].String(errors, party.name);
  if (!node["kind"].present()) errors.Add(node.Where(), "`kind` is missing");
  party.kind = ReadChoice<PartyKind>(node["kind"], kKinds, PartyKind::kOther, errors);
  party.is_operator = node["operator"].Bool(errors, false);
  party.roles = ReadRoles(node["roles"], party.kind, errors);
  party.is_authoritative = node["authoritative"].Bool(errors, IsUsuallyAuthoritative(party.roles));
  party.time_zone = ReadTimeZone(node["time_zone"], errors);
  party.identifier_system = NormalSystem(
      node["identifier_system"].String(errors, "urn:handoff:party:" + party.key.value()));
  party.identifiers = ReadIdentifiers(node["identifiers"], errors);
  party.practitioners = ReadIdentifiers(node["practitioners"], errors);
  party.endpoints = ReadEndpoints(node["endpoints"], errors);
  party.services = ReadServices(node["services"], errors);
  party.area = ReadArea(node["area"], errors);
  if (!party.services.empty() && !node["area"].present()) {
    errors.Add(node["services"].Where(),
               "services need an `area`: postal_codes, counties, states or everywhere: true");
  }
  party.clients = ReadClients(node["clients"], errors);
  party.roster = ReadRoster(party, node["roster"], errors);
  ReadAccepts(node["accepts"], party, errors);
  return party;
}

}  // namespace handoff::directory
