// From what the sender calls things to what the store calls them: ids, versions, references.
//
// The sender's id is kept where it is free or already the sender's; where another party holds it,
// an id scoped to the sender stands in, the same one at every message, so that no party can write
// to, or learn of, another's resource. Nor can it take the place that another's will have: an id of
// that form is kept only where it names what is the sender's already.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include <google/protobuf/arena.h>

#include "fhir-mappings/runtime/issue.h"
#include "fhir-mappings/runtime/search_tokens.h"
#include "gateway/base/ids.h"
#include "gateway/directory/directory.h"
#include "gateway/intake/request.h"
#include "gateway/store/store.h"
#include "handoff/v1/exchange.pb.h"
#include "handoff/v1/model.pb.h"

namespace handoff::intake {

// One write with everything that the store knows of it.
struct Write {
  const Item* item = nullptr;
  ResourceKey key;
  store::SharedResource before;
  std::string encoded;   // under our id, references resolved
  bool refused = false;  // an entry of a batch that failed; its status says how
  bool skip = false;     // nothing to write: refused, found by If-None-Exist, or the same as stored
  int status = 201;      // HTTP status of the entry
  PersonId person = PersonId::kNone;
  bool of_unknown = false;  // names a patient whom we do not know from this sender
  fhir::SearchTokens tokens;
  const v1::Resource* object = nullptr;  // see Resolved::Object

  // As the message leaves it, encoded.
  std::string_view now() const {
    return encoded.empty() && before ? std::string_view(before->resource()) : encoded;
  }
  std::uint64_t version() const {
    return skip ? (before ? before->name().version() : 0) : before_version() + 1;
  }
  std::uint64_t before_version() const { return before ? before->name().version() : 0; }
};

// The link under which a conditional reference or create finds what `sender` wrote.
std::string ConditionalKey(const PartyKey& sender, std::string_view type, std::string_view query);

// Writes by the name under which the store keeps them. They must stay where they are.
class WriteIndex {
 public:
  // The first of two of a name counts, unless it is refused.
  void Add(Write& write);
  // Null if there is none, or it is refused.
  Write* Find(std::string_view type, std::string_view id) const;
  // Refused ones too.
  Write* FindAny(std::string_view type, std::string_view id) const;

 private:
  absl::flat_hash_map<std::pair<std::string_view, std::string_view>, Write*> writes_;
};

// Thread safety: one thread at a time.
struct Resolved {
  std::vector<Write> writes;  // parallel to Request::items; stays as long as it is
  WriteIndex index;
  const v1::MessageHeader* header = nullptr;  // with references resolved; null: none
  fhir::Issues issues;
  int http_status = 0;                             // of the refusal; 0: not refused
  std::unique_ptr<google::protobuf::Arena> arena;  // of the header and all objects

  // An encoded resource as an object; null if it is damaged. Lives as long as this.
  const v1::Resource* Parse(std::string_view encoded) const;
  // Write::now() as an object, parsed once.
  const v1::Resource* Object(Write& write) const;
};

// Resolves all items of `request` against `snapshot`. Another's resource is written over in one
// case: the Task of a referral that the sender has part in, or that names it as its owner. In a
// batch a problem is marked on the write and the others go on. Not OK: the store failed.
absl::StatusOr<Resolved> Resolve(store::Snapshot& snapshot,
                                 const directory::Directory& directory,
                                 const PartyKey& sender,
                                 Interaction interaction,
                                 const Request& request,
                                 std::int64_t now_us,
                                 std::string_view base_url);

// True if `party` was ever told of the person, or wrote about them.
bool IsKnownTo(const v1::Person& person, const PartyKey& party);

// True if `party` wrote the resource, shares a referral that it belongs to, or was ever told of its
// person: then it may learn that the resource is there, and write about the person.
absl::StatusOr<bool> MayKnow(store::Snapshot& snapshot,
                             const PartyKey& party,
                             const store::ResourceVersion& resource);

}  // namespace handoff::intake
