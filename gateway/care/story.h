// Which resources belong to the story of an event: what a recipient needs to understand it, before
// any view is applied.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"

#include "gateway/care/events.h"

namespace handoff::care {

ResourceKey KeyOf(const v1::ResourceName& name);
// What an encoded resource refers to by type and id.
std::vector<ResourceKey> ReferencesOf(std::string_view encoded);

// The references among the resources of one message, read when the first story asks for them.
class Stories {
 public:
  Stories(const Message& message, Facts& facts) : message_(message), facts_(facts) {}

  // The focus first, then what it leads to. References are followed from the focus, from a Task to
  // its ServiceRequest, and through places and practitioners; a Condition or a plan is told of,
  // what it refers to in turn is not. Nothing about another person gets in, whoever refers to it.
  std::vector<v1::ResourceName> Tell(const v1::ResourceName& focus, std::uint64_t person_id);

  // The same, and every resource of the message that refers to the focus (what was found and done
  // in a stay), with the medications that these name.
  std::vector<v1::ResourceName> TellWithReferrers(const v1::ResourceName& focus,
                                                  std::uint64_t person_id);

  // The same, and all that the message tells of the person.
  std::vector<v1::ResourceName> TellMessage(const v1::ResourceName& focus, std::uint64_t person_id);

 private:
  struct Chapter {
    v1::ResourceName name;
    std::uint64_t person_id = 0;
    std::vector<ResourceKey> references;
  };

  void AddMedications(std::vector<ResourceKey> references,
                      std::uint64_t person_id,
                      absl::flat_hash_set<ResourceKey>& seen,
                      std::vector<v1::ResourceName>& story);
  void ReadMessage();
  const Chapter* Find(const ResourceKey& key);  // null if it is neither in the message nor stored

  const Message& message_;
  Facts& facts_;
  bool read_ = false;
  absl::flat_hash_map<ResourceKey, Chapter> chapters_;
  std::vector<ResourceKey> order_;  // of the message
};

}  // namespace handoff::care
