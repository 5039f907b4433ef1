#include "gateway/care/routes.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "gateway/base/rule_row.h"
#include "gateway/care/transition.h"

namespace handoff::care {
namespace {

using std::chrono::milliseconds;

struct KindRow {
  v1::EventKind kind;
  std::string_view code;
};

constexpr std::array<KindRow, 9> kKinds{{
    {v1::EVENT_KIND_ADMIT, "admit"},
    {v1::EVENT_KIND_TRANSFER, "transfer"},
    {v1::EVENT_KIND_DISCHARGE, "discharge"},
    {v1::EVENT_KIND_ENCOUNTER_UPDATE, "encounter-update"},
    {v1::EVENT_KIND_PLAN_VERSION, "plan-version"},
    {v1::EVENT_KIND_GOAL_STATUS, "goal-status"},
    {v1::EVENT_KIND_REFERRAL_REQUESTED, "referral-requested"},
    {v1::EVENT_KIND_REFERRAL_STATUS, "referral-status"},
    {v1::EVENT_KIND_RETRACTION, "retraction"},
}};

constexpr std::array<std::string_view, 5> kRoles{
    "medical-home", "payer", "care-team", "treating", "performer"};

constexpr std::array<std::string_view, 7> kPartyKinds{
    "hospital", "practice", "payer", "community", "aging", "behavioral", "other"};

template <class Range, class Value>
bool Contains(const Range& range, const Value& value) {
  return std::find(range.begin(), range.end(), value) != range.end();
}

// "max_event_age: off" is any age.
milliseconds Age(const ConfigNode& node, milliseconds fallback, ConfigErrors& errors) {
  if (!node.present()) return fallback;
  if (node.IsScalar()) {
    ConfigErrors ignored;
    if (node.String(ignored) == "off") return milliseconds(0);
  }
  return node.Duration(errors, fallback);
}

std::string AgeText(milliseconds age) {
  const auto hours = std::chrono::floor<std::chrono::hours>(age);
  if (hours < std::chrono::hours(48)) return std::to_string(hours.count()) + " hours";
  return std::to_string(std::chrono::floor<std::chrono::days>(age).count()) + " days";
}

bool IsOpen(const v1::Attribution& attribution, Timestamp now) {
  const std::int64_t at = ToMicros(now);
  return attribution.since_us() <= at &&
         (attribution.until_us() == 0 || attribution.until_us() > at);
}

// "Patient.generalPractitioner": an attribution's source may carry more behind an @, which is not
// for reasons.
std::string Element(const v1::Attribution& attribution) {
  return attribution.source().substr(0, attribution.source().find('@'));
}

}  // namespace

std::string_view KindCode(v1::EventKind kind) {
  for (const KindRow& row : kKinds) {
    if (row.kind == kind) return row.code;
  }
  return {};
}

v1::EventKind KindOf(std::string_view code) {
  for (const KindRow& row : kKinds) {
    if (row.code == code) return row.kind;
  }
  return v1::EVENT_KIND_UNSPECIFIED;
}

Routes Routes::Load(const ConfigNode& node, ConfigErrors& errors) {
  Routes routes;
  node.UnknownKeys({"max_event_age", "routes"}, errors);
  routes.max_age_ = Age(node["max_event_age"], std::chrono::hours(24 * 30), errors);
  std::set<std::string> names;
  if (node.present() && !node["routes"].present()) {
    errors.Add(node.Where(), "`routes` is missing: nobody would be told of anything");
  }
  for (const ConfigNode& item : node["routes"].Items()) {
    Route route = LoadRoute(item, errors);
    if (!names.insert(route.name).second) {
      errors.Add(item["name"].Where(), "a second route `" + route.name + "`");
    }
    routes.routes_.push_back(std::move(route));
  }
  return routes;
}

Routes::Route Routes::LoadRoute(const ConfigNode& node, ConfigErrors& errors) {
  node.UnknownKeys(
      {"name", "on", "to", "view", "status", "party_kinds", "max_age", "effective", "source"},
      errors);
  CheckProvenance(node, errors);
  Route route;
  route.where = node["view"].Where();
  route.name = node["name"].RequiredString(errors);
  route.view = node["view"].RequiredString(errors);
  route.statuses = node["status"].Strings(errors);
  route.party_kinds = node["party_kinds"].Strings(errors);
  for (const ConfigNode& item : node["party_kinds"].Items()) {
    const std::string kind = item.String(errors);
    if (!Contains(kPartyKinds, kind))
      errors.Add(item.Where(), "`" + kind + "` is no kind of party");
  }
  if (node["max_age"].present()) route.max_age = Age(node["max_age"], milliseconds(0), errors);
  if (!node["on"].present()) errors.Add(node.Where(), "`on` is missing: which events?");
  for (const ConfigNode& item : node["on"].Items()) {
    const std::string code = item.String(errors);
    const v1::EventKind kind = KindOf(code);
    if (kind == v1::EVENT_KIND_UNSPECIFIED) {
      errors.Add(item.Where(), "`" + code + "` is no kind of event");
    } else {
      route.kinds.push_back(kind);
    }
  }
  const std::string to = node["to"].RequiredString(errors);
  const bool told = to.starts_with("told:");
  if (told || to.starts_with("role:")) {
    if (told) route.target = Target::kTold;
    route.role = to.substr(5);
    if (!Contains(kRoles, route.role))
      errors.Add(node["to"].Where(), "`" + route.role + "` is no role");
  } else if (to == "referral.requester") {
    route.target = Target::kReferralRequester;
    route.role = "requester";
  } else if (to == "referral.performer") {
    route.target = Target::kReferralPerformer;
    route.role = "performer";
  } else if (to == "referral.former-performer") {
    route.target = Target::kFormerPerformer;
    route.role = "performer";
  } else if (to == "service-in-area") {
    route.target = Target::kServiceInArea;
    route.role = "performer";
  } else if (!to.empty()) {
    errors.Add(node["to"].Where(),
               "`" + to +
                   "` is none of role:<role>, told:<role>, referral.requester, referral.performer, "
                   "referral.former-performer, service-in-area");
  }
  return route;
}

std::vector<Routes::Candidate> Routes::Recipients(const Route& route,
                                                  const RouteInput& input,
                                                  const PartyFacts& parties) const {
  std::vector<Candidate> found;
  const v1::Referral* referral = input.referral;
  switch (route.target) {
    case Target::kRole:
      return Holders(route, input);
    case Target::kTold:
      return Told(route, input);
    case Target::kReferralRequester:
      if (referral != nullptr && !referral->requester().empty()) {
        found.push_back({PartyKey(referral->requester()), "requester of the referral"});
      }
      break;
    case Target::kReferralPerformer:
      if (referral != nullptr && !referral->performer().empty()) {
        found.push_back({PartyKey(referral->performer()), "performer that the referral names"});
      }
      break;
    case Target::kFormerPerformer:
      if (!input.event.former_performer().empty()) {
        found.push_back({PartyKey(input.event.former_performer()),
                         "performer until the referral was given to another"});
      }
      break;
    case Target::kServiceInArea:
      if (referral == nullptr || !referral->performer().empty()) break;
      // One agency at a time: a person's need is nobody's business but of those who are asked to
      // meet it.
      for (const PartyKey& agency : parties.AgenciesFor(*referral)) {
        if (!IsFor(route, agency, parties) || !WhyWithheld(route, agency, input, parties).empty())
          continue;
        found.push_back(
            {agency, "its service answers the need and its area holds the person's address"});
        break;
      }
      if (found.empty()) found.push_back({PartyKey(), {}});
      break;
  }
  return found;
}

std::vector<Routes::Candidate> Routes::Holders(const Route& route, const RouteInput& input) {
  std::vector<Candidate> found;
  for (const v1::Attribution& attribution : input.attributions) {
    if (attribution.role() != route.role || !IsOpen(attribution, input.now)) continue;
    found.push_back({PartyKey(attribution.party()),
                     route.role + " of the person, says " + Element(attribution)});
  }
  return found;
}

// Who holds a wrong fact must hear that it is wrong, and nobody else.
std::vector<Routes::Candidate> Routes::Told(const Route& route, const RouteInput& input) {
  if (input.told == nullptr) return Holders(route, input);
  std::vector<Candidate> found;
  for (const v1::Transition::Told& told : *input.told) {
    if (told.role() != route.role || !Corrects(input.event.status(), told.kind())) continue;
    const bool again = std::any_of(found.begin(), found.end(), [&](const Candidate& candidate) {
      return candidate.party.value() == told.party();
    });
    if (again) continue;
    found.push_back({PartyKey(told.party()),
                     "told of the " + std::string(KindCode(told.kind())) + " as " + route.role});
  }
  return found;
}

bool Routes::IsFor(const Route& route, const PartyKey& party, const PartyFacts& parties) {
  if (route.party_kinds.empty() || party.empty()) return true;
  const std::string kind = parties.KindOf(party);
  return kind.empty() || Contains(route.party_kinds, kind);
}

std::string Routes::WhyWithheld(const Route& route,
                                const PartyKey& party,
                                const RouteInput& input,
                                const PartyFacts& parties) const {
  if (party.empty()) return "no agency has the service in the person's area";
  if (party.value() == input.event.source()) return "it sent the message itself";
  if (parties.KindOf(party).empty()) return "it is of no known kind";
  const milliseconds limit = route.max_age.value_or(max_age_);
  if (limit > milliseconds(0) && input.now - FromMicros(input.event.occurred_us()) > limit) {
    return "the event is older than " + AgeText(limit);
  }
  if (!parties.CanReceive(party)) return "it has no channel on which to be told";
  return {};
}

std::vector<RouteDecision> Routes::Plan(const RouteInput& input, const PartyFacts& parties) const {
  std::vector<RouteDecision> decisions;
  for (const Route& route : routes_) {
    if (!Contains(route.kinds, input.event.kind())) continue;
    if (!route.statuses.empty() && !Contains(route.statuses, input.event.status())) continue;
    for (Candidate& candidate : Recipients(route, input, parties)) {
      if (!IsFor(route, candidate.party, parties)) continue;
      RouteDecision decision;
      decision.withheld = WhyWithheld(route, candidate.party, input, parties);
      decision.party = std::move(candidate.party);
      decision.role = route.role;
      decision.view = route.view;
      decision.route = route.name;
      decision.because = std::move(candidate.because);
      decision.assigns_performer = route.target == Target::kServiceInArea && decision.told();
      const auto earlier =
          std::find_if(decisions.begin(), decisions.end(), [&](const RouteDecision& d) {
            return d.party == decision.party;
          });
      if (earlier == decisions.end()) {
        decisions.push_back(std::move(decision));
      } else if (earlier->told() || !decision.told()) {
        if (earlier->route != route.name) earlier->also.push_back(route.name);
      } else {
        decision.also = std::move(earlier->also);
        decision.also.push_back(earlier->route);
        *earlier = std::move(decision);
      }
    }
  }
  return decisions;
}

std::vector<std::pair<std::string, std::string>> Routes::ViewsNamed() const {
  std::vector<std::pair<std::string, std::string>> named;
  for (const Route& route : routes_) named.emplace_back(route.view, route.where);
  return named;
}

}  // namespace handoff::care
