// Which resources belong to the story of an event: what a recipient needs to understand it, before
// any view is applied.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "gateway/care/events.h"

namespace handoff::care {

// Who gives care, and where: about nobody who gets it. Their references lead to more of the same,
// never to anything clinical.
bool IsDirectoryType(std::string_view type);

ResourceKey KeyOf(const v1::ResourceName& name);
// What an encoded resource refers to by type and id.
std::vector<ResourceKey> ReferencesOf(std::string_view encoded);

// The resources of one message and what they refer to, as far as a story asks.
//
// Thread safety: one thread at a time.
class Stories {
 public:
  using Names = google::protobuf::RepeatedPtrField<v1::ResourceName>;

  // `message` and `facts` must outlive it.
  Stories(const Message& message, Facts& facts);

  // Adds to `*story` the focus, then what it leads to. References are followed from the focus, from
  // a Task to its ServiceRequest, and through places and practitioners; a Condition or a plan is
  // told of, what it refers to in turn is not. Nothing about another person gets in, whoever refers
  // to it; nor does what the party that refers to it has no right to, for to name a record would be
  // to show it.
  void Tell(const v1::ResourceName& focus, std::uint64_t person_id, Names* story);

  // The same, and every resource of the message that refers to the focus (what was found and done
  // in a stay), with the medications that these name.
  void TellWithReferrers(const v1::ResourceName& focus, std::uint64_t person_id, Names* story);

  // The same as Tell(), and all that the message tells of the person.
  void TellMessage(const v1::ResourceName& focus, std::uint64_t person_id, Names* story);

  // Null if the message does not write it.
  const Written* FindWritten(std::string_view type, std::string_view id) const;

 private:
  using Key = std::pair<std::string_view, std::string_view>;  // type, id

  struct Chapter;

  struct Named {
    Chapter* chapter;
    bool is_subject;  // whom the resource is about
  };

  // One resource, of the message or named by one.
  struct Chapter {
    ResourceKey own_key;  // what `key` views if the message does not write it
    Key key;
    const Written* written = nullptr;  // null: asked for in the store
    std::optional<StoredNow> stored;
    bool looked_up = false;  // in the store
    std::optional<std::vector<Named>> references;
    std::uint64_t told = 0;  // the last story that came by it
  };

  Chapter& At(Key key);
  bool IsThere(Chapter& chapter);  // in the message or stored
  const std::vector<Named>& ReferencesOf(Chapter& chapter);
  // Whether `from` may show what it names. REQUIRES: both are there.
  bool MayShow(const Chapter& from, const Named& named, std::uint64_t person_id);
  // Takes it into the story that is being told, unless it came by before or is about another.
  bool Take(Chapter& chapter, std::uint64_t person_id, Names* story);

  const Message& message_;
  Facts& facts_;
  std::deque<Chapter> chapters_;  // those of the message first, in its order
  absl::flat_hash_map<Key, Chapter*> by_key_;
  std::uint64_t story_ = 0;  // the one that is being told
};

}  // namespace handoff::care
