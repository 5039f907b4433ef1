#include "gateway/directory/directory.h"

#include <algorithm>

#include <fmt/format.h>

#include "gateway/directory/identity.h"
#include "gateway/directory/party_reader.h"

namespace handoff::directory {
namespace {

// A party as it stands in a document, before it is read.
struct Draft {
  std::string key;
  ConfigNode node;
};

std::vector<Draft> Drafts(const std::vector<ConfigNode>& documents) {
  std::vector<Draft> drafts;
  for (const ConfigNode& document : documents) {
    for (const ConfigNode& item : document.Items()) {
      ConfigErrors read_again_later;
      drafts.push_back({item["key"].String(read_again_later), item});
    }
  }
  return drafts;
}

void Apply(const std::vector<Override>& overrides,
           std::vector<Draft>& drafts,
           ConfigErrors& errors) {
  for (const auto& [path, value] : overrides) {
    const std::string option = "parties." + path;
    const std::size_t dot = path.find('.');
    const std::string key = path.substr(0, dot);
    const auto draft =
        std::find_if(drafts.begin(), drafts.end(), [&](const Draft& d) { return d.key == key; });
    if (draft == drafts.end()) {
      errors.Add("--set " + option, fmt::format("there is no party `{}`", key));
    } else if (dot == std::string::npos) {
      errors.Add("--set " + option, "names a party, not one of its values");
    } else if (const absl::Status set =
                   draft->node.Set(std::string_view(path).substr(dot + 1), value, option);
               !set.ok()) {
      errors.Add(std::string(set.message()));
    }
  }
}

std::string Joined(std::string_view system, std::string_view value) {
  return fmt::format("{}|{}", system, value);
}

}  // namespace

std::shared_ptr<const Directory> Directory::Load(const std::string& folder,
                                                 const std::vector<Override>& overrides,
                                                 ConfigErrors& errors) {
  const std::size_t faults = errors.list().size();
  const std::vector<ConfigNode> documents = ConfigNode::LoadFolder(folder, errors);
  if (documents.empty() && errors.list().size() == faults)
    errors.Add(folder, "holds no party (*.yaml)");
  return Load(documents, overrides, errors);
}

std::shared_ptr<const Directory> Directory::Load(const std::vector<ConfigNode>& documents,
                                                 const std::vector<Override>& overrides,
                                                 ConfigErrors& errors) {
  std::vector<Draft> drafts = Drafts(documents);
  Apply(overrides, drafts, errors);
  std::sort(
      drafts.begin(), drafts.end(), [](const Draft& a, const Draft& b) { return a.key < b.key; });
  const std::shared_ptr<Directory> directory(new Directory);
  std::vector<std::string> places;
  for (const Draft& draft : drafts) {
    directory->parties_.push_back(ReadParty(draft.node, errors));
    places.push_back(draft.node.Where());
  }
  directory->Index(places, errors);
  return directory;
}

void Directory::Index(const std::vector<std::string>& places, ConfigErrors& errors) {
  for (std::size_t i = 0; i < parties_.size(); ++i) {
    const Party& party = parties_[i];
    if (!by_key_.try_emplace(party.key.value(), i).second) {
      errors.Add(places[i], fmt::format("there are two parties `{}`", party.key.value()));
    }
    for (const Client& client : party.clients) {
      if (const auto [first, fresh] = by_client_.try_emplace(client.id, i); !fresh) {
        errors.Add(places[i],
                   fmt::format("client `{}` belongs to `{}` already",
                               client.id,
                               parties_[first->second].key.value()));
      }
    }
    IndexIdentifiers(i, places[i], errors);
    for (const RosterRow& row : party.roster) {
      rosters_[Joined(row.patient.system, row.patient.value)].push_back({&party, &row});
    }
  }
}

void Directory::IndexIdentifiers(std::size_t party,
                                 const std::string& place,
                                 ConfigErrors& errors) {
  for (const auto* list : {&parties_[party].identifiers, &parties_[party].practitioners}) {
    for (const BusinessIdentifier& identifier : *list) {
      const auto [first, fresh] =
          by_identifier_.try_emplace(Joined(identifier.system, identifier.value), party);
      if (fresh) continue;
      // Told to both, a notice would reach one that has nothing to do with the patient.
      errors.Add(
          place,
          fmt::format(
              "identifier {} belongs to `{}` already; one who works for two parties is named by a "
              "PractitionerRole instead",
              first->first,
              parties_[first->second].key.value()));
    }
  }
}

const Party* Directory::Find(const PartyKey& key) const {
  const auto found = by_key_.find(key.value());
  return found == by_key_.end() ? nullptr : &parties_[found->second];
}

const Party* Directory::FindByClient(std::string_view client_id) const {
  const auto found = by_client_.find(std::string(client_id));
  return found == by_client_.end() ? nullptr : &parties_[found->second];
}

const Party* Directory::FindByIdentifier(std::string_view system, std::string_view value) const {
  const auto found = by_identifier_.find(Joined(NormalSystem(system), value));
  return found == by_identifier_.end() ? nullptr : &parties_[found->second];
}

std::vector<const Party*> Directory::FindByService(std::string_view category,
                                                   const Place& place) const {
  std::vector<std::pair<int, const Party*>> matches;
  for (const Party& party : parties_) {
    const bool offers =
        std::any_of(party.services.begin(), party.services.end(), [&](const Service& service) {
          return std::find(service.categories.begin(), service.categories.end(), category) !=
                 service.categories.end();
        });
    if (!offers) continue;
    if (const int closeness = Closeness(party.area, place); closeness > 0)
      matches.emplace_back(closeness, &party);
  }
  // parties_ is in the order of keys, so an address stands for one.
  std::sort(matches.begin(), matches.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  std::vector<const Party*> parties;
  for (const auto& match : matches) parties.push_back(match.second);
  return parties;
}

std::vector<Directory::RosterMatch> Directory::FindInRosters(const std::string& link_key) const {
  const auto found = rosters_.find(link_key);
  return found == rosters_.end() ? std::vector<RosterMatch>() : found->second;
}

}  // namespace handoff::directory
