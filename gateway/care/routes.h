// Who must know of an event: config/routes.yaml applied to what is known of the person and the
// parties.
//
// A route names event kinds, a recipient and a view. Every party is told at most once of an event:
// of several routes that reach it the first of the file counts, so the file lists the most
// privileged role first. A party of unknown kind is told nothing, and nobody is told what it sent
// itself.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/base/clock.h"
#include "gateway/base/config_node.h"
#include "gateway/base/ids.h"
#include "handoff/v1/model.pb.h"

namespace handoff::care {

// "admit", "referral-status", ...: the words of routes.yaml.
std::string_view KindCode(v1::EventKind kind);
v1::EventKind KindOf(std::string_view code);

// What routes ask of the directory.
class PartyFacts {
 public:
  virtual ~PartyFacts() = default;
  // "hospital", "practice", "payer", "agency", ...; empty if the party is not known or no longer
  // active.
  virtual std::string KindOf(const PartyKey& party) const = 0;
  // True if there is a channel on which the party can be told.
  virtual bool CanReceive(const PartyKey& party) const = 0;
  // Agencies whose service answers the need and whose area holds the person's address, best first.
  virtual std::vector<PartyKey> AgenciesFor(const v1::Referral& referral) const = 0;
};

struct RouteDecision {
  PartyKey party;    // empty where the route found no one
  std::string role;  // medical-home, payer, performer, requester
  std::string view;
  std::string route;
  std::string because;            // plain words without patient data
  std::string withheld;           // why this party is not told; empty: it is told
  std::vector<std::string> also;  // further routes that reach the same party
  bool assigns_performer =
      false;  // the party was chosen by service and area: AssignPerformer() with the commit

  bool told() const { return withheld.empty(); }
};

struct RouteInput {
  const v1::Event& event;
  // Of the event's person; those that are not open at `now` do not count. Which of several claims
  // to a role holds is for the caller to decide.
  const std::vector<v1::Attribution>& attributions;
  const v1::Referral* referral = nullptr;  // REFERRAL_*, RETRACTION: as it is after the event
  Timestamp now;
  // Who was told of the stay so far. Null: nobody is known to have been, and corrections go to who
  // holds the role now.
  const google::protobuf::RepeatedPtrField<v1::Transition::Told>* told = nullptr;
};

// Thread safety: constant after Load.
class Routes {
 public:
  // What is wrong is added to `errors` with file:line:column.
  static Routes Load(const ConfigNode& node, ConfigErrors& errors);

  // Told and withheld, in file order. Empty if no route reads this kind of event.
  std::vector<RouteDecision> Plan(const RouteInput& input, const PartyFacts& parties) const;

  // The views that routes name, with where they do: the caller checks that they exist.
  std::vector<std::pair<std::string, std::string>> ViewsNamed() const;

 private:
  enum class Target {
    kRole,
    kTold,
    kReferralRequester,
    kReferralPerformer,
    kFormerPerformer,
    kServiceInArea
  };
  struct Route {
    std::string name;
    std::string where;
    std::vector<v1::EventKind> kinds;
    Target target = Target::kRole;
    std::string role;
    std::string view;
    std::vector<std::string> statuses;     // Event.status must be among them; empty: any
    std::vector<std::string> party_kinds;  // empty: any known kind
    std::optional<std::chrono::milliseconds> max_age;  // zero: any age; absent: that of the file
  };
  struct Candidate {
    PartyKey party;
    std::string because;
  };

  // False for a party of a kind that the route leaves to other routes.
  static bool IsFor(const Route& route, const PartyKey& party, const PartyFacts& parties);
  static std::vector<Candidate> Holders(const Route& route, const RouteInput& input);
  static std::vector<Candidate> Told(const Route& route, const RouteInput& input);
  static Route LoadRoute(const ConfigNode& node, ConfigErrors& errors);
  std::vector<Candidate> Recipients(const Route& route,
                                    const RouteInput& input,
                                    const PartyFacts& parties) const;
  std::string WhyWithheld(const Route& route,
                          const PartyKey& party,
                          const RouteInput& input,
                          const PartyFacts& parties) const;

  std::chrono::milliseconds max_age_{};  // zero: any age
  std::vector<Route> routes_;
};

}  // namespace handoff::care
