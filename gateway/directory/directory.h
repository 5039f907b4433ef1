// Who exchanges with us: the parties of config/parties, found by key, client, identifier or
// service.
//
// Immutable once loaded and shared by shared_ptr<const Directory>; a reload makes a new one and
// swaps it. What a lookup returns lives as long as the Directory.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "gateway/base/config_node.h"
#include "gateway/base/ids.h"
#include "gateway/directory/party.h"

namespace handoff::directory {

// A `--set parties.KEY.PATH=VALUE`: the path from KEY on, and the value.
using Override = std::pair<std::string, std::string>;

// Thread safety: all methods may be called concurrently.
class Directory {
 public:
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  // Reads every *.yaml of `folder`: one party a file, or a list of them. Every fault goes to
  // `errors` with its place; the result holds what could be read and is to be used only if there
  // was no fault. Relative paths of keys and secrets are kept as written: relative to the working
  // directory. An override must name a party that is there.
  static std::shared_ptr<const Directory> Load(const std::string& folder,
                                               const std::vector<Override>& overrides,
                                               ConfigErrors& errors);

  // The same from documents already parsed, e.g. in a test.
  static std::shared_ptr<const Directory> Load(const std::vector<ConfigNode>& documents,
                                               const std::vector<Override>& overrides,
                                               ConfigErrors& errors);

  // In the order of their keys.
  const std::vector<Party>& parties() const { return parties_; }

  // Null if there is none.
  const Party* Find(const PartyKey& key) const;
  const Party* FindByClient(std::string_view client_id) const;
  // `system` and `value` of an organisation or of a practitioner who belongs to it.
  const Party* FindByIdentifier(std::string_view system, std::string_view value) const;

  // Parties with a service of `category` that reaches `place`: the closest area first, then by key.
  std::vector<const Party*> FindByService(std::string_view category, const Place& place) const;

  // Rows of all rosters for the patient whom this LinkKey() names.
  struct RosterMatch {
    const Party* party;
    const RosterRow* row;
  };
  std::vector<RosterMatch> FindInRosters(const std::string& link_key) const;

 private:
  Directory() = default;
  void Index(const std::vector<std::string>& places, ConfigErrors& errors);
  void IndexIdentifiers(std::size_t party, const std::string& place, ConfigErrors& errors);

  std::vector<Party> parties_;
  absl::flat_hash_map<std::string, std::size_t> by_key_;
  absl::flat_hash_map<std::string, std::size_t> by_client_;
  absl::flat_hash_map<std::string, std::size_t> by_identifier_;
  absl::flat_hash_map<std::string, std::vector<RosterMatch>> rosters_;
};

}  // namespace handoff::directory
