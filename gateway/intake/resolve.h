// From what the sender calls things to what the store calls them: ids, versions, references.
//
// The sender's id is kept where it is free or already the sender's; where another party holds it,
// an id scoped to the sender stands in, the same one at every message, so that no party can write
// to, or learn of, another's resource.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

#include "fhir-mappings/runtime/issue.h"
#include "fhir-mappings/runtime/search_tokens.h"
#include "gateway/base/ids.h"
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
  fhir::SearchTokens tokens;

  std::uint64_t version() const {
    return skip ? (before ? before->name().version() : 0) : before_version() + 1;
  }
  std::uint64_t before_version() const { return before ? before->name().version() : 0; }
};

// The link under which a conditional reference or create finds what `sender` wrote.
std::string ConditionalKey(const PartyKey& sender, std::string_view type, std::string_view query);

struct Resolved {
  std::vector<Write> writes;                // parallel to Request::items
  std::optional<v1::MessageHeader> header;  // with references resolved
  fhir::Issues issues;
  int http_status = 0;  // of the refusal; 0: not refused
};

// Resolves all items of `request` against `snapshot`. In a batch a problem is marked on the write
// and the others go on. Not OK: the store failed.
absl::StatusOr<Resolved> Resolve(store::Snapshot& snapshot,
                                 const PartyKey& sender,
                                 Interaction interaction,
                                 const Request& request,
                                 std::int64_t now_us);

// True if `party` wrote the resource, shares a referral that it belongs to, or was ever told of its
// person: then it may learn that the resource is there, and write about the person.
absl::StatusOr<bool> MayKnow(store::Snapshot& snapshot,
                             const PartyKey& party,
                             const v1::StoredResource& resource);

}  // namespace handoff::intake
